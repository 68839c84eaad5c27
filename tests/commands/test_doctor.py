"""`pilvi doctor`: what it prints, and its exit status."""

import json
from io import StringIO
from pathlib import Path

from rich.console import Console

from pilvi.commands.doctor import exit_status, render_finding, run_doctor
from pilvi.commands.finding import Finding

WELL = Finding("root", True)
MISSING = Finding("nft", False, "pilvi setup")
NOTE = Finding("KVM", False, "go on without it", is_need=False)


def test_each_finding_is_a_line_with_its_mend() -> None:
    assert render_finding(WELL) == "ok      root"
    assert render_finding(MISSING) == "MISSING nft  →  pilvi setup"
    assert render_finding(NOTE) == "note    KVM  →  go on without it"


def test_only_what_is_needed_and_missing_fails() -> None:
    assert exit_status([WELL, NOTE]) == 0
    assert exit_status([WELL, MISSING]) == 1


def test_settings_that_cannot_be_read_are_a_finding(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("listen_port = ")
    text = StringIO()
    assert run_doctor(tmp_path, Console(file=text, width=200)) == 1
    (line,) = text.getvalue().splitlines()
    assert line.startswith("MISSING the settings of the cloud can be read (cannot read ")
    assert f"→  edit {tmp_path / 'settings.toml'}" in line


def test_without_a_cloud_the_host_is_looked_at(tmp_path: Path) -> None:
    text = StringIO()
    code = run_doctor(tmp_path, Console(file=text, width=200), as_json=True)
    told = json.loads(text.getvalue())
    assert told["exit_status"] == code == 1
    assert {
        "what": "the api process runs",
        "is_well": False,
        "mend": "pilvi up",
        "is_need": True,
    } in (told["findings"])
    assert not any("the API at" in one["what"] for one in told["findings"])
    plain = StringIO()
    assert run_doctor(tmp_path, Console(file=plain, width=200)) == 1
    assert "MISSING the api process runs  →  pilvi up" in plain.getvalue()
