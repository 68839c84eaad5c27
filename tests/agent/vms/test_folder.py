import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pilvi.agent.vms.folder import CONSOLE_LOG, PROCESS_LOG, QMP_SOCKET, GuestFolder
from pilvi.agent.vms.local_vm import LocalDisk


@pytest.fixture
def folder(tmp_path: Path) -> GuestFolder:
    # Longer than the path of a socket may be.
    path = tmp_path / ("long" * 30) / "guest"
    path.parent.mkdir()
    folder = GuestFolder(path, os.getuid())
    folder.make()
    return folder


@pytest.fixture
def listener(folder: GuestFolder) -> Iterator[socket.socket]:
    descriptor = os.open(folder.path, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{descriptor}/{QMP_SOCKET}")
        listener.listen()
        yield listener
    os.close(descriptor)


def test_making_is_repeatable_and_keeps_what_is_there(folder: GuestFolder) -> None:
    (folder.path / "file").write_bytes(b"")
    folder.make()
    assert (folder.path / "file").exists()
    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_whole_disks_are_listed_and_nothing_else(folder: GuestFolder) -> None:
    for name in ("vda.1.qcow2", "vda.1.base", ".vda.2.qcow2.new", "vdb.1.raw", "qmp.sock", "x"):
        (folder.path / name).write_bytes(b"")
    (folder.path / "vdc.1.raw").symlink_to("/etc/passwd")
    assert folder.list_disks() == (LocalDisk("vda", 1), LocalDisk("vdb", 1))
    folder.remove_disk("vda", 1)
    folder.remove_disk("vda", 1)
    assert not list(folder.path.glob("vda.1.*"))


def test_one_config_drive_is_kept(folder: GuestFolder) -> None:
    assert folder.config_digest() == ""
    for digest in ("aa", "bb"):
        (folder.path / f"config.{digest}.iso").write_bytes(b"")
    folder.remove_config_drives(keep="bb")
    assert folder.config_digest() == "bb"


def test_a_link_or_a_strangers_file_is_not_read(folder: GuestFolder, tmp_path: Path) -> None:
    (folder.path / CONSOLE_LOG).symlink_to("/etc/passwd")
    with pytest.raises(FileNotFoundError), folder.open_file(CONSOLE_LOG, os.O_RDONLY):
        pass
    (folder.path / CONSOLE_LOG).unlink()
    os.mkfifo(folder.path / CONSOLE_LOG)
    with pytest.raises(FileNotFoundError), folder.open_file(CONSOLE_LOG, os.O_RDONLY):
        pass
    stranger = GuestFolder(folder.path, os.getuid() + 1)
    (folder.path / "log").write_bytes(b"")
    with pytest.raises(FileNotFoundError), stranger.open_file("log", os.O_RDONLY):
        pass


def test_the_log_is_begun_anew_without_following_a_link(
    folder: GuestFolder, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (folder.path / PROCESS_LOG).symlink_to(victim)
    descriptor = folder.open_log()
    os.write(descriptor, b"words")
    os.close(descriptor)
    assert victim.read_bytes() == b"precious"
    assert (folder.path / PROCESS_LOG).read_bytes() == b"words"


def test_a_socket_is_reached_however_long_its_path(
    folder: GuestFolder, listener: socket.socket
) -> None:
    with folder.connect(QMP_SOCKET) as ours:
        theirs, _ = listener.accept()
        with theirs:
            ours.send(b"hello")
            assert theirs.recv(10) == b"hello"


def test_a_listener_of_another_owner_is_refused(
    folder: GuestFolder, listener: socket.socket
) -> None:
    stranger = GuestFolder(folder.path, os.getuid() + 1)
    with pytest.raises(Exception, match="cannot reach"):
        stranger.connect(QMP_SOCKET)


def test_a_stale_socket_is_cleared(folder: GuestFolder, listener: socket.socket) -> None:
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        folder.connect(QMP_SOCKET)
    folder.clear_sockets()
    with pytest.raises(FileNotFoundError):
        folder.connect(QMP_SOCKET)


def test_removing_is_repeatable(folder: GuestFolder) -> None:
    (folder.path / "file").write_bytes(b"")
    folder.remove()
    folder.remove()
    assert not folder.path.exists()
