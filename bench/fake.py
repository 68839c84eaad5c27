"""What authors of tools wait for: a fake cloud from the command line and from the fixtures."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from bench.figure import Figure, median_figure
from conformance.clouds import free_port
from e2e.real_cloud import RealCloud

ROUNDS = 5
RESETS = 20
FIXTURE = """
import sys, time
began = time.monotonic()
from pilvi.testing.server import running_server
with running_server() as server:
    assert list(server.connect().compute.flavors())
    print(time.monotonic() - began)
    for _ in range({resets}):
        began = time.monotonic()
        server.reset()
        print(time.monotonic() - began)
"""


def measure(cloud: RealCloud) -> list[Figure]:
    """Starts of `pilvi up --fake`, of the fixtures' first cloud, and their resets."""
    with tempfile.TemporaryDirectory() as folder:
        # The first start makes the template that all others copy.
        starts = [_start(Path(folder) / str(number)) for number in range(ROUNDS + 1)][1:]
    firsts, resets = zip(*(_use_fixture() for _ in range(ROUNDS)), strict=True)
    every = [reset * 1000 for some in resets for reset in some]
    return [
        median_figure("`pilvi up --fake` to the first answer", starts, "s", 1),
        median_figure("fixture: a cloud, a connection and its first reply", firsts, "s", 1),
        median_figure("fixture: reset between tests", every, "ms", 50),
    ]


def _start(state: Path) -> float:
    """Seconds from the command to the first answered request."""
    port = free_port()
    where = ["--state-dir", str(state)]
    began = time.monotonic()
    _pilvi("up", "--fake", "--port", str(port), *where)
    assert httpx.get(f"http://127.0.0.1:{port}/identity/v3").status_code == 200
    seconds = time.monotonic() - began
    _pilvi("down", "--purge", *where)
    return seconds


def _use_fixture() -> tuple[float, Sequence[float]]:
    """Seconds until the first cloud of a process has answered, and of each reset."""
    code = FIXTURE.format(resets=RESETS)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, *resets = map(float, done.stdout.split())
    return first, resets


def _pilvi(*words: str) -> None:
    command = [sys.executable, "-m", "pilvi.cli", *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
