"""What a guest's process has used, as the kernel and QEMU count it."""

import os
from pathlib import Path
from typing import Any

from pilvi.agent.vms.driver import ProcessCounts
from pilvi.agent.vms.guests import Guest, Guests
from pilvi.errors import Unavailable

# Seconds that QEMU may take to answer. Lower: a busy one is left out; higher: silent ones delay
# the figures of all others.
ANSWER_S = 0.5
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


async def count_process(guests: Guests, server_id: str) -> ProcessCounts | None:
    """What a guest's process has used; None when there is no process."""
    guest = guests.find(server_id)
    cpu_s = None if guest is None else read_cpu_s(guest.process.pid)
    if guest is None or cpu_s is None:
        return None
    try:
        devices = await _ask(guest)
    except Unavailable:
        return ProcessCounts(cpu_s, None, None)
    read, written = (
        sum(int(one["stats"][name]) for one in devices) for name in ("rd_bytes", "wr_bytes")
    )
    return ProcessCounts(cpu_s, read, written)


async def _ask(guest: Guest) -> list[dict[str, Any]]:
    """QEMU's counters of every device with a disk. A conversation is not begun for it."""
    if guest.session is None or guest.session.is_closed:
        raise Unavailable("cannot reach the guest's process", detail="nobody talks to it yet")
    devices: list[dict[str, Any]]
    devices = await guest.session.execute("query-blockstats", timeout_s=ANSWER_S)
    return devices


def read_cpu_s(pid: int, proc: Path = Path("/proc")) -> float | None:
    """Processor time of a process with all its threads; None when it is gone."""
    try:
        text = (proc / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # proc(5): the name, in parentheses, may hold anything; utime and stime are fields 14 and 15.
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
