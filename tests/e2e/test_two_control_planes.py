"""Two API processes on one PostgreSQL database: the end of one is noticed by nobody."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest

from e2e.process_pair import ProcessPair, process_pair
from e2e.real_cloud import until
from e2e.steady_load import SteadyLoad
from pilvi.commands.client import CloudClient

pytestmark = [pytest.mark.root, pytest.mark.timeout(300)]

PER_S = 20
SECONDS = 15
KILLED_AFTER_S = 6


@pytest.fixture(scope="module")
def pair() -> Iterator[ProcessPair]:
    """A cloud of two processes."""
    with process_pair(vcpu_ratio=100.0, disk_ratio=100.0) as running:
        yield running


def list_all(client: CloudClient) -> dict[str, Any]:
    """Every server of the project by id."""
    found = client.call("GET", "compute", "/servers/detail")["servers"]
    return {server["id"]: server for server in found}


def test_each_takes_the_other_s_tokens_and_none_after_revocation(pair: ProcessPair) -> None:
    one, other = (pair.client(port, "demo") for port in pair.ports)
    other.http.headers["x-auth-token"] = token = one.http.headers["x-auth-token"]
    assert other.call("GET", "compute", "/servers") == {"servers": []}
    revoked = one.http.delete("/identity/v3/auth/tokens", headers={"x-subject-token": token})
    assert revoked.status_code == 204
    assert other.http.get("/compute/v2.1/servers").status_code == 401


def test_kill_one_under_load(pair: ProcessPair) -> None:
    first, second = pair.ports
    client = pair.client(second, "demo")
    network = client.find("network", "networks", "private")
    assert network is not None
    token = client.http.headers["x-auth-token"]
    load = SteadyLoad(pair.urls, token, pair.image_id, network["id"])

    async def run() -> float:
        task = asyncio.create_task(load.run(PER_S, SECONDS))
        await asyncio.sleep(KILLED_AFTER_S)
        killed_at = time.monotonic()
        await asyncio.to_thread(pair.kill, str(first))
        await task
        return killed_at

    killed_at = asyncio.run(run())
    assert load.failed == []
    ended = time.monotonic()
    while unsettled := list_unsettled(client, load):
        assert time.monotonic() < ended + 30, unsettled
        time.sleep(0.1)
    print_figures(load, killed_at, time.monotonic() - ended)
    there = list_all(client)
    assert set(there) == set(load.servers)
    assert len({server["name"] for server in there.values()}) == len(there)
    networks = client.call("GET", "network", "/networks")["networks"]
    mine = [network for network in networks if network["name"].startswith("n")]
    assert {network["id"] for network in mine} == load.networks
    assert len({network["name"] for network in mine}) == len(mine)
    after = [one for one in load.done if one.began >= killed_at]
    assert min(one.ended for one in after) - killed_at < 2
    pair.start_api(first)
    until(lambda: pair.answers(first), 30)
    again = pair.client(first, "demo")
    assert set(list_all(again)) == set(there)


def list_unsettled(client: CloudClient, load: SteadyLoad) -> list[str]:
    """What should be there and is not ACTIVE, and what is there and should not be."""
    there = list_all(client)
    problems = [f"{id} is lost" for id in load.servers if id not in there]
    for id, server in there.items():
        if id not in load.servers:
            problems.append(f"{id} should be gone: {server['status']} {server.get('fault')}")
        elif server["status"] != "ACTIVE":
            problems.append(f"{id} is {server['status']}: {server.get('fault')}")
    return problems


def print_figures(load: SteadyLoad, killed_at: float, settled_s: float) -> None:
    """What was measured."""
    after = [one for one in load.done if one.began >= killed_at]
    hit = [one for one in load.done if one.began < killed_at <= one.ended]
    retried = sum(one.tries > 1 for one in load.done)
    slowest = max(one.ended - one.began for one in [*after, *hit])
    first = min(one.ended for one in after) - killed_at
    print(
        f"\n{len(load.done)} operations at {PER_S}/s, one of two API processes killed: first good "
        f"answer {first * 1000:.0f} ms after, slowest answer {slowest:.2f} s, {retried} asked "
        f"again, 0 lost of {len(load.servers) + len(load.deleted)} servers and "
        f"{len(load.networks)} networks, all as desired {settled_s:.1f} s after the last answer"
    )


def test_a_database_that_restarts_is_waited_for(pair: ProcessPair) -> None:
    client = pair.client(pair.ports[0], "demo")
    before = set(list_all(client))
    pair.postgres.stop()
    time.sleep(1)
    pair.postgres.start()
    until(lambda: all(pair.answers(port) for port in pair.ports) or None, 30)
    began = time.monotonic()

    def create() -> str | None:
        try:
            network = client.find("network", "networks", "private")
            assert network is not None
            wish = {"name": "after", "imageRef": pair.image_id, "flavorRef": "p1.nano"}
            body = {"server": {**wish, "networks": [{"uuid": network["id"]}]}}
            return str(client.call("POST", "compute", "/servers", body)["server"]["id"])
        except Exception:
            return None

    made = until(create, 20)
    until(lambda: list_all(client)[made]["status"] == "ACTIVE" or None, 30)
    print(f"\na server is ACTIVE {time.monotonic() - began:.1f} s after PostgreSQL came back")
    assert before < set(list_all(client))
