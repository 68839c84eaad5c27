"""What `pilvi up` refuses before it makes anything."""

import os
import socket
from pathlib import Path

import pytest
from rich.console import Console

from pilvi.commands.up import choose_settings, run_up
from pilvi.errors import Unavailable


def test_after_a_taken_port_another_can_be_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    state = tmp_path / "state"
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        settings = choose_settings(state, {"listen_port": taken})
        with pytest.raises(Unavailable, match="choose another port"):
            run_up(settings, first_server=False, console=Console(quiet=True))
    assert not state.exists()
    assert choose_settings(state, {"listen_port": taken + 1}).listen_port == taken + 1
