"""The file of a suspended guest's state: there only when it is whole."""

import os
from pathlib import Path

import pytest

from pilvi.agent.faults import HostTerminal
from pilvi.agent.vms import guest_state
from pilvi.agent.vms.folder import GuestFolder


@pytest.fixture
def folder(tmp_path: Path) -> GuestFolder:
    return GuestFolder(tmp_path, os.getuid())


def test_a_state_counts_only_once_it_is_whole(folder: GuestFolder) -> None:
    part = folder.path / "state.part"
    part.write_bytes(b"half")
    assert not guest_state.has_state(folder)
    for _ in range(2):
        guest_state.keep_state(folder)
        assert guest_state.has_state(folder)
    assert not part.exists()
    for _ in range(2):
        guest_state.remove_state(folder)
        assert not guest_state.has_state(folder)


def test_a_stranger_s_link_is_no_state(folder: GuestFolder, tmp_path: Path) -> None:
    (folder.path / "state.part").symlink_to("/etc/hostname")
    guest_state.keep_state(folder)
    assert not guest_state.has_state(folder)


def test_a_state_is_tried_a_few_times(folder: GuestFolder) -> None:
    assert not guest_state.may_restore(folder, 0)
    (folder.path / "state.bin").write_bytes(b"whole")
    assert guest_state.may_restore(folder, 0)
    with pytest.raises(HostTerminal):
        guest_state.may_restore(folder, guest_state.RESTORE_TRIES_MAX)
