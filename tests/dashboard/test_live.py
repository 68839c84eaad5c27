"""Pages that renew themselves: what is sent, when, to whom, and what ends it."""

import asyncio
import datetime
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from dashboard.listener import Listener, listening, stream_of
from dashboard.person import Person, World
from pilvi.core.db import now
from pilvi.dashboard import live
from pilvi.dashboard.client import Client, Refused
from pilvi.dashboard.live import digest, print_event
from pilvi.dashboard.session import Session
from pilvi.dashboard.streams import STREAMS_MAX, Streams
from pilvi.host_api.contract import GuestCounts, Report
from pilvi.hosts.operations.hosts import list_hosts, record_report

LIVE = ("instances", "volumes", "images", "ports", "picture", "picture?as=text")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "BUSY_S", 0.02)
    monkeypatch.setattr(live, "CALM_S", 0.02)


async def quiet(listener: Listener, looks: int = 5) -> None:
    """Nothing is said in several looks."""
    for _ in range(looks):
        assert await listener.event() == ("", "")


async def test_what_changed_is_sent_and_nothing_else(world: World, demo: Person) -> None:
    path = stream_of(await demo.open("instances"))
    async with listening(world, demo, path) as browser:
        assert (browser.status, browser.headers["content-type"]) == (
            200,
            "text/event-stream; charset=utf-8",
        )
        assert browser.headers["cache-control"] == "no-store"
        await quiet(browser)
        await world.launch(demo, "fresh")
        while ">active<" not in (part := (await browser.next())[1]):
            assert "fresh" in part
        await world.cloud.settle()
        await quiet(browser)


@pytest.mark.parametrize("name", LIVE)
async def test_each_part_is_the_pages_own(world: World, demo: Person, name: str) -> None:
    """What is sent is what the page shows when it is loaded: the digest of both is one."""
    path = stream_of(await demo.open(name))
    async with listening(world, demo, path) as browser:
        await quiet(browser, 3)
        image = {"name": "new", "disk_format": "raw", "container_format": "bare"}
        await demo.ask("POST", "/image/v2/images", image)
        await demo.ask("POST", "/volume/v3/volumes", {"volume": {"name": "new", "size": 1}})
        network = (await demo.ask("GET", "/network/v2.0/networks?name=private"))["networks"][0]
        port = {"port": {"network_id": network["id"], "name": "new"}}
        await demo.ask("POST", "/network/v2.0/ports", port)
        await world.launch(demo, "new")
        event, part = await browser.next()
        assert event == "part" and "new" in part


async def test_what_an_instance_uses_becomes_a_line(world: World, demo: Person) -> None:
    id, part, cpu_s = await world.launch(demo, "busy"), "", 1.0
    path = stream_of(await demo.until(f"instances/{id}", "What it uses"))
    async with listening(world, demo, path) as browser:
        while 'aria-label="Processor: ' not in part:
            await tell_usage(world, id, cpu_s)
            cpu_s += 1
            part = (await browser.next())[1]
    assert "<polyline points=" in part and "% now" in part


async def test_a_page_opens_with_what_an_instance_used_before(
    world: World, demo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await world.launch(demo, "busy")
    await demo.until(f"instances/{id}", "What it uses")
    began = now()
    for minute in (9, 8, 7, 6, 5):
        moment = began - datetime.timedelta(minutes=minute)
        monkeypatch.setattr("pilvi.hosts.operations.hosts.now", lambda moment=moment: moment)
        await tell_usage(world, id, 1000.0 - 30 * minute)
    page = await demo.open(f"instances/{id}")
    # The host itself tells of it too: that it has used next to nothing.
    assert re.search(r'aria-label="Processor: .* now, 50 % at most"', page)
    assert re.search(r"What it uses, over \d+ min", page)


async def tell_usage(world: World, id: str, cpu_s: float) -> None:
    """Let the host of an instance say what that has used."""
    async with world.cloud.db.write() as tx:
        (host,) = await list_hosts(tx)
        counts = [GuestCounts(server_id=id, cpu_s=cpu_s)]
        await record_report(tx, host, Report(facts=host.facts, counts=counts), 3600)


async def test_a_stream_that_broke_goes_on_where_it_was(world: World, demo: Person) -> None:
    old = stream_of(await demo.open("instances"))
    await world.launch(demo, "one")
    await world.cloud.settle()
    now = stream_of(await demo.open("instances")).rpartition("=")[2]
    async with listening(world, demo, old, **{"last-event-id": now}) as browser:
        await quiet(browser, 3)
    async with listening(world, demo, old) as browser:
        assert (await browser.next())[0] == "part"


async def test_it_ends_with_the_session(
    world: World, demo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stream_of(await demo.open("instances"))
    async with listening(world, demo, path) as browser:
        monkeypatch.setattr(Session, "is_over", True)
        assert await browser.next() == ("over", "")
        assert await browser.event() == ("end", "")
    # Without one there is nothing to hear but that.
    async with listening(world, demo, path) as browser:
        assert await browser.next() == ("over", "")


async def test_it_ends_when_the_token_is_revoked(world: World, demo: Person) -> None:
    path = stream_of(await demo.open("picture"))
    async with listening(world, demo, path) as browser:
        await demo.do("sign-out")
        assert await browser.next() == ("over", "")


async def test_it_ends_when_the_thing_is_gone(world: World, demo: Person) -> None:
    at = await demo.do("volumes/new", {"name": "short", "size": "1"})
    path = stream_of(await demo.until(at, ">available<"))
    async with listening(world, demo, path) as browser:
        await demo.do(f"{at}/delete")
        while (said := await browser.next())[0] == "part":
            assert "short" in said[1]
        assert said == ("over", "")


async def test_nobody_hears_of_what_others_have(world: World, demo: Person, admin: Person) -> None:
    user = {"user": {"name": "stranger", "password": "a-good-secret"}}
    made = await admin.ask("POST", "/identity/v3/users", user)
    project = await admin.ask("POST", "/identity/v3/projects", {"project": {"name": "others"}})
    roles = await admin.ask("GET", "/identity/v3/roles?name=member")
    path = f"/identity/v3/projects/{project['project']['id']}/users/{made['user']['id']}"
    await admin.ask("PUT", f"{path}/roles/{roles['roles'][0]['id']}")
    stranger = world.browser()
    assert (await stranger.sign_in("stranger", password="a-good-secret")).status_code == 303
    theirs = stream_of(await stranger.open("instances"))
    id = await world.launch(demo, "private")
    async with listening(world, stranger, f"/dashboard/instances/{id}?seen=x") as browser:
        assert await browser.next() == ("over", "")
    async with listening(world, stranger, theirs) as browser:
        await quiet(browser)


async def test_a_session_has_only_so_many(world: World, demo: Person, admin: Person) -> None:
    streams = world.cloud.plane.dashboard.streams
    path = "/dashboard/instances?seen=x"
    opened = [listening(world, demo, path) for _ in range(STREAMS_MAX)]
    browsers = [await one.__aenter__() for one in opened]
    assert [browser.status for browser in browsers] == [200] * STREAMS_MAX
    assert streams.count == STREAMS_MAX
    async with listening(world, demo, path) as one_more:
        assert one_more.status == 429
    async with listening(world, admin, path) as others:
        assert others.status == 200
    await opened.pop().__aexit__(None, None, None)
    async with listening(world, demo, path) as again:
        assert again.status == 200
    for one in opened:
        await one.__aexit__(None, None, None)
    assert streams.count == 0


async def test_who_waits_holds_no_connection_of_the_database(
    world: World, demo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is taken while nothing looks is what nobody gave back."""
    held: list[int] = []
    pause = Streams.pause

    async def note(self: Streams, seconds: float) -> bool:
        held.append(len(taken))
        return await pause(self, seconds)

    db, taken = world.cloud.db, set[object]()
    read = db.read

    @asynccontextmanager
    async def count() -> AsyncIterator[Any]:
        async with read() as tx:
            taken.add(tx)
            yield tx
            taken.discard(tx)

    monkeypatch.setattr(type(db), "read", lambda self: count())
    monkeypatch.setattr(Streams, "pause", note)
    path = stream_of(await demo.open("instances"))
    await world.cloud.settle()
    async with listening(world, demo, path) as browser:
        await quiet(browser, 6)
    assert len(held) > 5 and set(held) == {0}


async def test_all_end_when_the_server_stops(world: World, demo: Person) -> None:
    path = stream_of(await demo.open("instances"))
    async with listening(world, demo, path) as browser:
        await quiet(browser, 2)
        world.cloud.plane.dashboard.streams.stop()
        async with asyncio.timeout(20):
            while await browser.event() != ("end", ""):
                pass


async def test_trouble_of_the_api_is_waited_for(
    world: World, demo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stream_of(await demo.open("instances"))
    get = Client.get

    async def fail(self: Client, path: str, *words: Any, **more: Any) -> Any:
        raise Refused(503, "cannot answer now")

    async with listening(world, demo, path) as browser:
        monkeypatch.setattr(Client, "get", fail)
        await quiet(browser)
        monkeypatch.setattr(Client, "get", get)
        await world.launch(demo, "late")
        assert (await browser.next())[0] == "part"


async def test_an_error_of_ours_ends_it_without_a_word(
    world: World, demo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: Client, *words: Any, **more: Any) -> Any:
        raise RuntimeError("the secret detail")

    path = stream_of(await demo.open("instances"))
    async with listening(world, demo, path) as browser:
        monkeypatch.setattr(Client, "get", fail)
        while (said := await browser.event()) == ("", ""):
            pass
        assert said == ("end", "")


async def test_looks_are_often_only_while_something_is_in_work(
    world: World, demo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CALM_S", 0.03)
    pauses: list[float] = []
    pause = Streams.pause

    async def note(self: Streams, seconds: float) -> bool:
        pauses.append(seconds)
        return await pause(self, seconds)

    monkeypatch.setattr(Streams, "pause", note)
    id = await world.launch(demo)
    path = stream_of(await demo.open("instances"))
    async with listening(world, demo, path) as browser:
        await quiet(browser, 3)
        assert pauses[:1] == [0.02] and set(pauses[1:]) == {0.03}
        pauses.clear()
        for host in world.cloud.hosts.values():
            host.drivers.vms.delay("press", 0.3)
        await demo.do(f"instances/{id}/stop")
        await demo.until("instances", ">shutoff<")
        while ">shutoff<" not in (await browser.next())[1]:
            pass
    assert 0.02 in pauses


async def test_head_and_pages_that_stay_have_no_stream(demo: Person) -> None:
    reply = await demo.http.head("/dashboard/instances?seen=x")
    assert (reply.status_code, reply.content) == (200, b"")
    assert "data-events" not in await demo.open("flavors")
    assert "<h1>" in await demo.open("flavors?seen=x")


def test_an_event_has_a_line_of_data_for_each_line() -> None:
    assert print_event("7", "a\n\nb\r\nc\u2028d\re") == (
        "id: 7\nevent: part\ndata: a\ndata: \ndata: b\ndata: c\u2028d\ndata: e\n\n"
    )
    assert digest("a") != digest("b")
