"""What measuring adds to every request, and what a look at /metrics costs."""

import asyncio
import time
from collections.abc import Callable

import httpx

from bench.figure import Figure, median_figure
from core.http.test_measured import cost_s
from e2e.real_cloud import RealCloud
from pilvi.testing.server import CloudServer, running_server

LOOKS = 20
GUESTS, AT_ONCE, HOSTS = 1000, 50, 25
# Seconds for so many fake guests to be launched and counted.
FILL_S = 300.0


def measure(cloud: RealCloud) -> list[Figure]:
    """The cost of one request's measurement, and pages of a running cloud and of a large one."""
    added = asyncio.run(cost_s()) * 1e6
    with running_server(HOSTS) as large:
        fill(large)
        times = look_again(large.url)
    return [
        Figure("what being measured adds to a request", added, "µs", 20),
        median_figure("GET /metrics", look_again(cloud.settings.base_url), "ms", 50),
        # Its text is made in a thread: others are served meanwhile.
        median_figure(f"GET /metrics of {GUESTS:,} guests", times, "ms", 200),
    ]


def look_again(url: str) -> list[float]:
    """Milliseconds of each look."""
    times = []
    for _ in range(LOOKS):
        began = time.monotonic()
        assert httpx.get(f"{url}/metrics").status_code == 200
        times.append((time.monotonic() - began) * 1000)
    return times


def fill(server: CloudServer) -> None:
    """Launch fake guests and wait until their hosts tell what each of them uses."""
    with server.connect("admin", "admin") as admin, server.connect("demo") as demo:
        project = demo.current_project_id
        admin.compute.update_quota_set(project, instances=-1, cores=-1, ram=-1)
        image = demo.image.find_image("pilvi-guest").id
        for number in range(GUESTS // AT_ONCE):
            demo.compute.create_server(
                name=f"many-{number}",
                image_id=image,
                flavor_id="p1.nano",
                networks="none",
                min_count=AT_ONCE,
                max_count=AT_ONCE,
            )
        wait(lambda: count_told(server.url) == GUESTS)


def count_told(url: str) -> int:
    """Guests of which the page says how many bytes they have read."""
    lines = httpx.get(f"{url}/metrics", timeout=30).text.splitlines()
    return sum(line.startswith("pilvi_guest_disk_read_bytes_total{") for line in lines)


def wait(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + FILL_S
    while not is_so():
        assert time.monotonic() < deadline, f"not within {FILL_S:.0f} s"
        time.sleep(1)
