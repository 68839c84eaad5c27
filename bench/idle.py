"""Memory of the whole idle cloud, and the second start."""

import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
from rich.console import Console

from bench.figure import Figure
from e2e.real_cloud import RealCloud
from pilvi.commands.down import run_down

SETTLE_S = 5


def measure(cloud: RealCloud) -> list[Figure]:
    """All processes of an idle cloud, without guests, by PSS; then down and up again."""
    time.sleep(SETTLE_S)
    sizes = find_pss(cloud)
    total = sum(sizes.values()) / (1 << 20)
    parts = ", ".join(f"{name} {size / (1 << 20):.0f}" for name, size in sorted(sizes.items()))
    run_down(cloud.settings.state, purge=False, console=Console(quiet=True))
    return [
        Figure("PSS of the whole idle cloud", total, "MiB", 200, detail=f"({parts})"),
        Figure("`pilvi up`, second start, to the first answer", _restart(cloud), "s", 3),
    ]


def _restart(cloud: RealCloud) -> float:
    """Seconds from the start of `up` to the first answered request."""
    command = [sys.executable, "-m", "pilvi.cli", "up", "--no-hello"]
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, "--state-dir", cloud.settings.state_dir], stdout=subprocess.DEVNULL
    )
    answered = None
    while answered is None:
        try:
            if httpx.get(cloud.settings.base_url + "/identity/v3").status_code == 200:
                answered = time.monotonic() - began
        except httpx.TransportError:
            time.sleep(0.01)
    assert process.wait() == 0
    return answered


def find_pss(cloud: RealCloud) -> dict[str, int]:
    """PSS in bytes of every process of a cloud, summed by name."""
    settings, sizes = cloud.settings, dict[str, int]()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            uid = entry.stat().st_uid
            ours = settings.uid_base <= uid <= settings.uid_guest_last
            if not (ours or settings.state_dir in words):
                continue
            rollup = (entry / "smaps_rollup").read_text()
        except OSError:
            continue
        found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
        if found:
            name = _name(words)
            sizes[name] = sizes.get(name, 0) + int(found.group(1)) * 1024
    return sizes


def _name(words: str) -> str:
    for name in ("metadata", "dnsmasq", "tgtd", "qemu", "pilvi.cli api", "pilvi.cli agent"):
        if name in words:
            return name.removeprefix("pilvi.cli ")
    return words.split(" ")[0].rpartition("/")[2]
