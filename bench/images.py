"""Upload and download of 1 GiB in constant memory."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from bench.figure import Figure
from e2e.real_cloud import RealCloud
from pilvi.commands.processes import find_process

SIZE = 1 << 30
PIECE = 1 << 20


def measure(cloud: RealCloud) -> list[Figure]:
    """Send and fetch 1 GiB of random bytes while watching the API's memory."""
    pid = find_process(cloud.settings, "api")
    assert pid is not None
    headers = {"x-auth-token": cloud.demo.session.get_token()}
    base = cloud.settings.base_url + "/image/v2/images"
    with httpx.Client(headers=headers, timeout=300) as client:
        fields = {"name": "bench", "disk_format": "raw", "container_format": "bare"}
        image_id = client.post(base, json=fields).json()["id"]
        before = read_rss(pid)
        with Watch(pid) as watch:
            began = time.monotonic()
            reply = client.put(
                f"{base}/{image_id}/file",
                content=_pieces(),
                headers={"content-type": "application/octet-stream"},
            )
            assert reply.status_code == 204, reply.text
            up_s = time.monotonic() - began
            began = time.monotonic()
            with client.stream("GET", f"{base}/{image_id}/file") as body:
                size = sum(len(piece) for piece in body.iter_bytes(PIECE))
            down_s = time.monotonic() - began
        assert size == SIZE
        client.delete(f"{base}/{image_id}")
    grown = (watch.peak - before) / (1 << 20)
    rates = f"(up {SIZE / up_s / 1e6:.0f} MB/s, down {SIZE / down_s / 1e6:.0f} MB/s)"
    return [Figure("RSS growth over 1 GiB up and down", grown, "MiB", 64, detail=rates)]


def _pieces() -> Iterator[bytes]:
    piece = os.urandom(PIECE)
    for number in range(SIZE // PIECE):
        # Another first byte each time: no two pieces are equal.
        yield number.to_bytes(4, "big") + piece[4:]


def read_rss(pid: int) -> int:
    """Resident bytes of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class Watch:
    """Keeps the largest RSS of a process seen while in the block."""

    def __init__(self, pid: int) -> None:
        self._pid, self.peak = pid, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.02):
            self.peak = max(self.peak, read_rss(self._pid))
