"""Systemd units: what they say, and that systemd takes them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pilvi.commands.units import build_units, run_units
from pilvi.errors import InvalidRequest
from pilvi.settings import Settings


def test_a_guest_outlives_its_agents_unit(tmp_path: Path) -> None:
    units = build_units(Settings(state_dir=str(tmp_path)), "/usr/bin/pilvi")
    assert "KillMode=process" in units["pilvi-agent.service"]
    assert "KillMode" not in units["pilvi-api.service"]
    assert "Environment=MALLOC_ARENA_MAX=2" in units["pilvi-api.service"].splitlines()
    for name in ("api", "agent"):
        wanted = f"ExecStart=/usr/bin/pilvi {name} --state-dir {tmp_path}"
        assert wanted in units[f"pilvi-{name}.service"].splitlines()


def test_the_api_follows_its_database() -> None:
    own = build_units(Settings(), "/x")["pilvi-api.service"]
    other = build_units(Settings(database_url="postgresql+asyncpg://x"), "/x")["pilvi-api.service"]
    assert "postgresql.service" in other and "postgresql.service" not in own


def test_they_are_written_where_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_units(Settings(state_dir="/var/lib/pilvi"), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "pilvi-agent.service",
        "pilvi-api.service",
    ]
    assert "systemctl enable --now" in capsys.readouterr().out
    run_units(Settings(state_dir="/var/lib/pilvi"), None)
    assert "[Service]" in capsys.readouterr().out
    fake = Settings(state_dir=str(tmp_path), fake=True)
    fake.fake_hosts_dir.mkdir()
    with pytest.raises(InvalidRequest, match="this is a fake cloud"):
        run_units(fake, None)
    with pytest.raises(InvalidRequest, match="cannot write"):
        run_units(Settings(), tmp_path / "none")


def test_a_path_that_systemd_would_read_otherwise_is_refused() -> None:
    for state in ("/a b", "/a%b", '/a"b'):
        with pytest.raises(InvalidRequest, match="special signs"):
            build_units(Settings(state_dir=state), "/x")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_takes_them(tmp_path: Path) -> None:
    (tmp_path / "pilvi").write_text("#!/bin/sh\n")
    (tmp_path / "pilvi").chmod(0o755)
    units = build_units(Settings(state_dir=str(tmp_path)), str(tmp_path / "pilvi"))
    for name, text in units.items():
        (tmp_path / name).write_text(text)
    files = [str(tmp_path / name) for name in units]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "pilvi-" not in done.stderr, done.stderr
