"""Time and chance of a simulated world, in place of the machine's, in this one Python process.

Everything that asks for the time or for random bytes gets what the seed says: `time`, `random`,
`secrets`, `uuid`. Wall clocks belong to simulated processes and can jump; the monotonic one cannot.
"""

import contextlib
import os
import random
import shutil
import time
from collections import namedtuple
from collections.abc import Iterator
from typing import Any

from pilvi.image.operations.web_client import WebClient
from pilvi.testing.simulation.loop import SimulatedLoop
from pilvi.testing.simulation.process import current_process
from pilvi.testing.simulation.strangers import answer

EPOCH_S = 1_800_000_000.0
"""Where wall clocks begin."""
DISK_BYTES = 1 << 40
"""The size of every disk."""
_Usage = namedtuple("_Usage", "total used free")


@contextlib.contextmanager
def simulated_chance(loop: SimulatedLoop, seed: int) -> Iterator[None]:
    """Let this process have the loop's time and the seed's chance meanwhile."""
    bytes_of = random.Random(f"bytes {seed}").randbytes

    def wall() -> float:
        process = current_process()
        return EPOCH_S + loop.time() + (0.0 if process is None else process.skew_s)

    places: list[tuple[Any, str, Any]] = [
        (time, "time", wall),
        (time, "monotonic", loop.time),
        (time, "perf_counter", loop.time),
        (os, "urandom", bytes_of),
        (random, "_urandom", bytes_of),
        (os, "fsync", lambda descriptor: None),
        (os, "fdatasync", lambda descriptor: None),
        (WebClient, "open", answer),
        (shutil, "disk_usage", lambda path: _Usage(DISK_BYTES, 0, DISK_BYTES)),
    ]
    before = [(place, name, getattr(place, name)) for place, name, _ in places]
    state = random.getstate()
    random.seed(seed)
    try:
        for place, name, value in places:
            setattr(place, name, value)
        yield
    finally:
        for place, name, value in before:
            setattr(place, name, value)
        random.setstate(state)
