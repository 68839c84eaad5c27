"""Processor time of a process; `drivers/test_vm_driver` counts real guests."""

import os
import time
from pathlib import Path

from pilvi.agent.vms.process_counts import read_cpu_s


def test_the_time_of_a_process_with_its_threads() -> None:
    before = read_cpu_s(os.getpid())
    assert before is not None
    ends = time.process_time() + 0.1
    while time.process_time() < ends:
        pass
    after = read_cpu_s(os.getpid())
    assert after is not None
    # The kernel counts in hundredths.
    assert after >= before + 0.08
    assert abs(after - time.process_time()) < 1


def test_a_name_that_looks_like_fields_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "7"
    folder.mkdir()
    middle = "S 1 2 3 4 5 6 7 8 9 10"
    (folder / "stat").write_text(f"7 (qemu) R 1 (x) {middle} 250 50 99 99 20 0 1 0\n")
    ticks = os.sysconf("SC_CLK_TCK")
    assert read_cpu_s(7, tmp_path) == 300 / ticks
    assert read_cpu_s(8, tmp_path) is None
