"""What one API process begins another goes on with: consoles, reasons, writers, on PostgreSQL."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from websockets.sync.client import ClientConnection, connect

from e2e.process_pair import ProcessPair, process_pair
from e2e.real_cloud import until
from pilvi.commands.client import CloudClient
from pilvi.core.db.postgres import WRITER_LOCK

pytestmark = [pytest.mark.root, pytest.mark.timeout(300)]

HELD_S = 3.0


@pytest.fixture(scope="module")
def pair() -> Iterator[ProcessPair]:
    """A cloud of two processes."""
    with process_pair(vcpu_ratio=100.0, disk_ratio=100.0) as running:
        yield running


def launch(pair: ProcessPair, client: CloudClient, name: str) -> str:
    network = client.find("network", "networks", "private")
    assert network is not None
    wish = {"name": name, "imageRef": pair.image_id, "flavorRef": "p1.nano"}
    body = {"server": {**wish, "networks": [{"uuid": network["id"]}]}}
    return str(client.call("POST", "compute", "/servers", body)["server"]["id"])


def status(client: CloudClient, id: str) -> str:
    return str(client.call("GET", "compute", f"/servers/{id}")["server"]["status"])


def view(pair: ProcessPair, asked: int, opened: int, server_id: str) -> ClientConnection:
    """A serial console whose link one process gave out, opened at another."""
    client = pair.client(pair.ports[asked], "demo")
    headers = {"openstack-api-version": "compute 2.6"}
    body = {"remote_console": {"protocol": "serial", "type": "serial"}}
    path = f"/compute/v2.1/servers/{server_id}/remote-consoles"
    reply = client.http.post(path, json=body, headers=headers)
    assert reply.status_code == 200, reply.text
    url = reply.json()["remote_console"]["url"]
    _, _, rest = url.partition("//")
    there = f"ws://127.0.0.1:{pair.ports[opened]}/{rest.partition('/')[2]}"
    options: dict[str, Any] = {"proxy": None, "compression": None, "close_timeout": 2}
    return connect(there, subprotocols=["binary"], legacy=True, **options)


def answers_keys(viewer: ClientConnection) -> bool:
    """Whether the guest's line answers what is typed."""
    viewer.send(b"hello there\r")
    seen, deadline = b"", time.monotonic() + 20
    while b"hello there" not in seen:
        data = viewer.recv(max(0.01, deadline - time.monotonic()))
        assert isinstance(data, bytes)
        seen += data
    return True


@pytest.mark.parametrize(("asked", "opened"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_console_is_reached_through_every_process(
    pair: ProcessPair, asked: int, opened: int
) -> None:
    """The agent speaks to one of them, and dials the one at which the viewer is."""
    client = pair.client(pair.ports[0], "demo")
    id = launch(pair, client, f"viewed-{asked}{opened}")
    until(lambda: status(client, id) == "ACTIVE" or None, 30)
    with view(pair, asked, opened, id) as viewer:
        assert answers_keys(viewer)
    client.call("DELETE", "compute", f"/servers/{id}")


def test_a_killed_process_takes_only_its_own_consoles_with_it(pair: ProcessPair) -> None:
    first, second = pair.ports
    client = pair.client(second, "demo")
    id = launch(pair, client, "viewed-twice")
    other = launch(pair, client, "viewed-there")
    for one in (id, other):
        until(lambda one=one: status(client, one) == "ACTIVE" or None, 30)
    with view(pair, 0, 0, id) as lost, view(pair, 0, 1, other) as kept:
        assert answers_keys(lost) and answers_keys(kept)
        pair.kill(str(first))
        assert answers_keys(kept)
        with pytest.raises(Exception, match=r"close|reset|no close frame"):
            while True:
                lost.recv(10)
    # The agent came to the dead one and finds the other; the first console is free again.
    with view_at(pair, second, id) as again:
        assert answers_keys(again)
    pair.start_api(first)
    until(lambda: pair.answers(first), 30)
    for one in (id, other):
        client.call("DELETE", "compute", f"/servers/{one}")


def view_at(pair: ProcessPair, port: int, server_id: str) -> ClientConnection:
    """A console at the only process that is left."""
    place = pair.ports.index(port)
    return view(pair, place, place, server_id)


def waiting(client: CloudClient) -> list[str]:
    """What an audit through one process says that objects wait for."""
    number = client.call("POST", "audit", "/audits")["audit"]["id"]
    return list(client.call("GET", "audit", f"/audits/{number}")["audit"]["waiting"])


def test_why_a_server_waits_is_told_by_every_process_and_forgotten_by_those_that_live(
    pair: ProcessPair,
) -> None:
    first, second = pair.ports
    one, other = pair.client(first), pair.client(second)
    user = pair.client(first, "demo")
    pair.kill("agent")
    id = launch(pair, user, "waits")

    def told(client: CloudClient) -> list[str]:
        return [line for line in waiting(client) if line.startswith(f"server {id}:")]

    mine = until(lambda: told(one), 40)
    assert told(other) == mine and "waiting for" in mine[0], mine
    pair.kill(str(first))
    pair.start("agent", "agent")
    began = time.monotonic()
    user = pair.client(second, "demo")
    until(lambda: status(user, id) == "ACTIVE" or None, 60)
    active_s = time.monotonic() - began
    until(lambda: not told(other) or None, 60)
    print(f"\none API process killed, agent back: ACTIVE {active_s:.1f} s later, reason forgotten "
          f"after {time.monotonic() - began:.1f} s")  # fmt: skip
    pair.start_api(first)
    until(lambda: pair.answers(first), 30)
    user.call("DELETE", "compute", f"/servers/{id}")


def test_writers_wait_for_one_that_holds_the_database(pair: ProcessPair) -> None:
    """What a person's tool locks: requests are held up, and those that read go on."""
    client = pair.client(pair.ports[0], "demo")
    reader = pair.client(pair.ports[1], "demo")

    async def hold() -> tuple[float, float, float]:
        url = pair.settings.database_url.replace("postgresql:", "postgresql+asyncpg:")
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})"))
            body = {"security_group": {"name": "held"}}
            write = asyncio.create_task(
                asyncio.to_thread(client.call, "POST", "network", "/security-groups", body)
            )
            began = time.monotonic()
            while time.monotonic() < began + HELD_S:
                await asyncio.to_thread(reader.call, "GET", "compute", "/servers")
                await asyncio.sleep(0.05)
            assert not write.done()
            freed = time.monotonic()
            await connection.rollback()
        await write
        done = time.monotonic()
        await engine.dispose()
        return began, freed, done

    _, freed, done = asyncio.run(hold())
    print(f"\nPostgreSQL's writers held for {HELD_S:.0f} s: answered {done - freed:.2f} s after")
    assert done - freed < 5
    found = client.call("GET", "network", "/security-groups")["security_groups"]
    (group,) = [one for one in found if one["name"] == "held"]
    client.call("DELETE", "network", f"/security-groups/{group['id']}")
