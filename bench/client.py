"""`pilvi server list` beside `openstack server list`, on a fake cloud with many servers."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from bench.figure import Figure, median_figure
from conformance.clouds import free_port
from e2e.real_cloud import RealCloud

SERVERS = 1000
ROUNDS = 7
THEIR_ROUNDS = 3
BATCH = 100
SCRIPTS = Path(sys.executable).parent


def measure(cloud: RealCloud | None = None) -> list[Figure]:
    """Whole commands, from a process's start to its end, with a kept token."""
    with tempfile.TemporaryDirectory() as folder:
        state, port = str(Path(folder) / "state"), str(free_port())
        quiet: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL}
        pilvi = str(SCRIPTS / "pilvi")
        up = [pilvi, "up", "--fake", "--hosts", "4", "--port", port, "--state-dir", state]
        for name in ("vcpu_ratio", "memory_ratio", "disk_ratio"):
            up += ["--setting", f"{name}=10000"]
        subprocess.run(up, **quiet)
        try:
            environment = {
                **os.environ,
                "OS_CLIENT_CONFIG_FILE": f"{state}/clouds.yaml",
                "OS_CLOUD": "pilvi",
                "XDG_CACHE_HOME": folder,
            }
            _fill(environment, Path(folder))
            one = _time([pilvi, "flavor", "list"], environment, ROUNDS)
            ours = _time([pilvi, "server", "list"], environment, ROUNDS)
            theirs = _time(
                [str(SCRIPTS / "openstack"), "server", "list"], environment, THEIR_ROUNDS
            )
        finally:
            subprocess.run([pilvi, "down", "--purge", "--state-dir", state], **quiet)
    many = f"{SERVERS:,} servers"
    figures = [
        _figure("`pilvi flavor list`, the whole command", one, 150),
        _figure(f"`pilvi server list`, {many}", ours, 500),
    ]
    slow, quick = (statistics.median(took.wall_ms for took in some) for some in (theirs, ours))
    slow_cpu, cpu = (statistics.median(took.cpu_ms for took in some) for some in (theirs, ours))
    detail = f"({slow:,.0f} ms the openstack client; {slow_cpu / cpu:.0f} x less processor time)"
    name = "  times as fast as the openstack client"
    return [*figures, Figure(name, slow / quick, "x", 5, False, detail)]


class Took(NamedTuple):
    """One round of a command."""

    wall_ms: float
    cpu_ms: float
    """Processor time of the command itself, which other work on the machine hardly changes."""


def _figure(name: str, rounds: list[Took], goal_ms: float) -> Figure:
    figure = median_figure(name, [took.wall_ms for took in rounds], "ms", goal_ms)
    cpu = statistics.median(took.cpu_ms for took in rounds)
    return replace(figure, detail=f"{figure.detail}, {cpu:.0f} ms of processor time")


def _time(command: list[str], environment: dict[str, str], rounds: int) -> list[Took]:
    """Each round; the first, which gets the token, is left out."""
    found = []
    for _ in range(rounds + 1):
        before, began = _children_s(), time.monotonic()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        wall = (time.monotonic() - began) * 1000
        found.append(Took(wall, (_children_s() - before) * 1000))
    if "server" in command:
        assert done.stdout.count("ACTIVE") == SERVERS, done.stdout[-300:]
    return found[1:]


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _fill(environment: dict[str, str], folder: Path) -> None:
    """Launch the servers, with quotas that let them in."""
    from pilvi.client.config import read_cloud
    from pilvi.client.finding import NETWORK, SERVER
    from pilvi.client.session import Session

    session = Session(read_cloud({}, environment))
    project = session.token.project_id
    everything = {"instances": -1, "cores": -1, "ram": -1}
    session.call("PUT", "compute", f"/os-quota-sets/{project}", {"quota_set": everything})
    body = {"quota": {"port": -1}}
    session.call("PUT", "network", f"/quotas/{project}", body)
    network = session.call("POST", "network", "/networks", {"network": {"name": "wide"}})["network"]
    subnet = {"network_id": network["id"], "ip_version": 4, "cidr": "10.64.0.0/16"}
    session.call("POST", "network", "/subnets", {"subnet": subnet})
    assert NETWORK.get(session, network["id"])["subnets"]
    flavor = {"name": "dot", "id": "dot", "ram": 1, "vcpus": 1, "disk": 1}
    session.call("POST", "compute", "/flavors", {"flavor": flavor})
    image = session.get("image", "/images")["images"][0]["id"]
    for number in range(SERVERS // BATCH):
        server = {
            "name": f"many-{number}",
            "flavorRef": "dot",
            "imageRef": image,
            "networks": [{"uuid": network["id"]}],
            "min_count": BATCH,
            "max_count": BATCH,
        }
        session.call("POST", "compute", "/servers", {"server": server})
    deadline = time.monotonic() + 600
    while len(SERVER.list(session, {"status": "ACTIVE"})) < SERVERS:
        assert time.monotonic() < deadline, "the servers do not start"
        time.sleep(1)
