import os
from pathlib import Path

import pytest

from pilvi.agent.vms.console import KEPT_BYTES, ConsolePiece, bound_logs, read_log, read_tail
from pilvi.agent.vms.folder import CONSOLE_LOG, PROCESS_LOG, GuestFolder


@pytest.fixture
def folder(tmp_path: Path) -> GuestFolder:
    return GuestFolder(tmp_path, os.getuid())


def test_a_console_is_read_from_where_one_left_off(folder: GuestFolder) -> None:
    assert read_log(folder, 0, 100) == ConsolePiece(0, b"", 0)
    (folder.path / CONSOLE_LOG).write_bytes(b"hello world")
    assert read_log(folder, 0, 5) == ConsolePiece(0, b"hello", 11)
    assert read_log(folder, 5, 100) == ConsolePiece(5, b" world", 11)
    assert read_log(folder, 11, 100) == ConsolePiece(11, b"", 11)
    assert read_log(folder, 99, 100) == ConsolePiece(11, b"", 11)


def test_a_long_console_takes_bounded_space_and_keeps_its_offsets(folder: GuestFolder) -> None:
    path = folder.path / CONSOLE_LOG
    line = b"0123456789abcde\n"
    size = 0
    for _ in range(4):
        with path.open("ab") as file:
            file.write(line * (KEPT_BYTES // len(line)))
        size += KEPT_BYTES
        bound_logs(folder)
        assert path.stat().st_blocks * 512 <= 3 * KEPT_BYTES
    piece = read_log(folder, 0, len(line))
    assert piece == ConsolePiece(size - KEPT_BYTES, line, size)
    assert read_log(folder, size - 16, 100).data == line


def test_the_processes_last_words_are_kept(folder: GuestFolder) -> None:
    assert read_tail(folder) == ""
    (folder.path / PROCESS_LOG).write_bytes(b"x" * 5000 + b"why")
    assert read_tail(folder, 10).endswith("xxxwhy")
