"""Measure every figure on a fresh real cloud and print the table; `soak` does that one instead."""

import os
import platform
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent / "tests")]

from bench import client, dashboard, fake, idle, images, launch, metrics, reading, soak  # noqa: E402
from e2e.real_cloud import real_cloud  # noqa: E402  # found through the line above

MEASURES = (
    client.measure,
    dashboard.measure,
    fake.measure,
    idle.measure,
    launch.measure,
    reading.measure,
    metrics.measure,
    images.measure,
)


def main() -> int:
    """Print one line per figure; the exit status says whether every goal is met."""
    if sys.argv[1:2] == ["soak"]:
        return soak.main(sys.argv[2:])
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    print(f"{os.cpu_count()} CPUs, {memory} GiB, Linux {platform.release()}, guests under TCG\n")
    missed = 0
    with real_cloud() as cloud:
        for measure in MEASURES:
            for figure in measure(cloud):
                print(figure.render(), flush=True)
                missed += not figure.is_met
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
