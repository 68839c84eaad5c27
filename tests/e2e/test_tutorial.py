"""The tutorial, run as it is written: every command on real parts, and what it prints."""

import fcntl
import os
import shutil
import sys
from pathlib import Path

import pytest
from rich.console import Console

from e2e.real_cloud import choose_settings, find_leftovers
from pilvi.commands.down import run_down
from pilvi.commands.guest import build_guest
from pilvi.settings import DEFAULT_STATE_DIR, save_settings
from transcript import Shell, agrees, read_steps

pytestmark = [pytest.mark.root, pytest.mark.guest, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial" / "first-cloud.md"


def test_every_command_prints_what_the_page_shows(tmp_path: Path) -> None:
    """Only where the cloud is kept, and its ports and ranges, are others than a reader's."""
    built = build_guest().parent
    with (built / "lock").open() as lock:
        # The page ends with a purge, which takes the built guest along: it gets a copy.
        fcntl.flock(lock, fcntl.LOCK_SH)
        shutil.copytree(built, tmp_path / "cache" / "pilvi" / "guest")
    settings = choose_settings()
    save_settings(settings)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PILVI_STATE_DIR": settings.state_dir,
    }
    try:
        with Shell(ROOT, environment) as shell:
            for step in read_steps(PAGE.read_text()):
                status, printed = shell.run(step.command)
                printed = printed.replace(settings.state_dir, str(DEFAULT_STATE_DIR))
                told = f"$ {step.command}\n{printed}\nstatus {status}; the page has:\n"
                assert status == 0 and agrees(step.expected, printed), told + step.expected
        assert find_leftovers(settings) == []
        assert not (tmp_path / "first.key").exists()
    finally:
        run_down(settings.state, purge=True, console=Console(file=sys.stderr))
