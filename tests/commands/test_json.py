"""`--json`: one value on the output, and what people read beside it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.clouds import free_port


def answer(*words: str | Path) -> Any:
    """What a command prints for programs."""
    command = [sys.executable, "-m", "pilvi.cli", *map(str, words), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "state"
    yield folder
    answer("down", "--purge", "--state-dir", folder)


def test_a_cloud_is_made_backed_up_ended_and_put_back(state: Path, tmp_path: Path) -> None:
    port = str(free_port())
    up = answer("up", "--fake", "--port", port, "--state-dir", state)
    assert up["url"] == f"http://127.0.0.1:{port}" and up["clouds"]["demo"] == "pilvi-demo"
    assert Path(up["clouds_file"]).exists()
    archive = tmp_path / "cloud.tar"
    written = answer("backup", archive, "--state-dir", state)
    assert written["bytes"] == archive.stat().st_size and written["files"] > 3
    down = answer("down", "--state-dir", state)
    assert down == {"stopped": ["fake"], "removed": False}
    restored = answer("restore", archive, "--state-dir", state)
    assert Path(restored["aside"]).is_dir() and restored["made_at"] > 1e9


def test_units_are_a_dictionary(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(f'state_dir = "{tmp_path}"\n')
    units = answer("units", "--state-dir", tmp_path)
    assert "ExecStart=" in units["pilvi-api.service"]
    written = answer("units", "--write", tmp_path, "--state-dir", tmp_path)
    assert written == {"folder": str(tmp_path), "units": list(units)}
    assert (tmp_path / "pilvi-agent.service").read_text() == units["pilvi-agent.service"]
