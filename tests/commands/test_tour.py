"""What `pilvi tour` refuses at once."""

from pathlib import Path

import pytest
from rich.console import Console

from pilvi.commands.tour import run_tour
from pilvi.errors import InvalidRequest
from pilvi.settings import Settings


def test_guests_that_run_nothing_have_no_tour(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="bin/up"):
        run_tour(Settings(state_dir=str(tmp_path), fake=True), Console(quiet=True))
