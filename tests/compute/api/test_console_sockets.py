"""Viewers of consoles: who may open which, what goes through, and how it ends."""

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from cloud import BASE
from console_world import (
    ConsoleCloud,
    greet_screen,
    read_bytes,
    read_until,
    running_consoles,
    token_in,
    type_line,
    until_closed,
)
from pilvi.compute.model.console import OPEN_MAX_SERVER
from pilvi.core.db import now
from pilvi.host_api.consoles import SECRET_HEADER, CloseCode
from pilvi.testing.hosts import enrol_fake_host, running_host

SLOW = 8.0


@pytest.fixture
async def consoles(tmp_path: Path) -> AsyncIterator[ConsoleCloud]:
    async with running_consoles(tmp_path) as running:
        yield running


async def gone_from_host(consoles: ConsoleCloud) -> None:
    """Wait until the host holds no session."""
    async with asyncio.timeout(SLOW):
        while await consoles.sessions():  # noqa: ASYNC110  # it has no event
            await asyncio.sleep(0.02)


async def test_what_is_typed_is_answered_and_is_in_the_output(consoles: ConsoleCloud) -> None:
    id = await consoles.active()
    viewer = await consoles.view(id)
    assert viewer.subprotocol == "binary"
    assert b"heard: hello there" in await type_line(viewer, "hello there")
    async with asyncio.timeout(SLOW):
        while True:
            reply = await consoles.act(id, "os-getConsoleOutput", {})
            if "heard: hello there" in reply.json()["output"]:
                break
            await asyncio.sleep(0.05)
    await viewer.close()
    await gone_from_host(consoles)


async def test_a_screen_speaks_rfb_and_follows_keys(consoles: ConsoleCloud) -> None:
    id = await consoles.active()
    viewer = await consoles.view(id, "vnc")
    width, height, name = await greet_screen(viewer)
    assert id.encode() in name
    await viewer.send(struct.pack(">BBHHHH", 3, 0, 0, 0, width, height))
    head = 16
    first = await read_bytes(viewer, head + width * height * 4)
    assert struct.unpack(">BxHHHHHl", first[:head]) == (0, 1, 0, 0, width, height, 0)
    assert first[head : head + 4] == b"\xff\xff\xff\x00"
    await viewer.send(struct.pack(">BBHHHH", 3, 1, 0, 0, width, height))
    await viewer.send(struct.pack(">BBxxL", 4, 1, 0x20))
    second = await read_bytes(viewer, len(first))
    assert second[head:] != first[head:]
    await viewer.close()


async def test_a_token_opens_once(consoles: ConsoleCloud) -> None:
    id = await consoles.active()
    url = await consoles.link(id)
    status, first = await consoles.knock(url)
    assert status == 101
    assert (await consoles.knock(url))[0] == 403
    await first.close()
    assert (await consoles.knock(url))[0] == 403


async def test_two_at_once_do_not_both_use_a_token(consoles: ConsoleCloud) -> None:
    url = await consoles.link(await consoles.active())
    opened = await asyncio.gather(*(consoles.knock(url) for _ in range(5)))
    assert sorted(status for status, _ in opened) == [101, 403, 403, 403, 403]
    await asyncio.gather(*(socket.close() for status, socket in opened if status == 101))


async def test_a_token_opens_its_own_line_alone(consoles: ConsoleCloud) -> None:
    id = await consoles.active()
    token = token_in(await consoles.link(id, "vnc"))
    for path in ("serial", "vnc/", "mks", ""):
        status, _ = await consoles.knock(f"{BASE}/console/{path}?token={token}")
        assert status in (403, 404)
    status, viewer = await consoles.knock(f"{BASE}/console/vnc?token={token}")
    assert status == 101
    await viewer.close()
    for query in ("", "?token=", "?token=x", "?path=", "?path=%3Ftoken%3D", "?path=x%3Fy"):
        assert (await consoles.knock(f"{BASE}/console/vnc{query}"))[0] == 403


async def test_a_token_grows_old(tmp_path: Path) -> None:
    async with running_consoles(tmp_path, console_token_s=0) as consoles:
        url = await consoles.link(await consoles.active())
        assert (await consoles.knock(url))[0] == 403


async def test_a_foreign_page_cannot_use_a_token(consoles: ConsoleCloud) -> None:
    """CVE-2015-0259; and OSSN-0101: a Host header makes no origin a friend."""
    url = await consoles.link(await consoles.active())
    for origin in (
        "http://evil.test",
        "https://cloud.test",
        "http://cloud.test:81",
        "http://cloud.test.evil.test",
        "null",
        "",
    ):
        assert (await consoles.knock(url, origin=origin))[0] == 403, origin
        assert (await consoles.knock(url, origin=origin, host="evil.test"))[0] == 403, origin
    for _ in range(50):
        await consoles.knock(url, origin="http://evil.test", host="evil.test")
    status, viewer = await consoles.knock(url, origin=BASE)
    assert status == 101
    await viewer.close()


async def test_a_token_opens_no_later_guest(consoles: ConsoleCloud) -> None:
    """CVE-2013-0335, and the same after each way to another process."""
    first, other = await consoles.active(), await consoles.active()
    for action, value, back in (
        ("reboot", {"type": "HARD"}, "ACTIVE"),
        ("reboot", {"type": "SOFT"}, "ACTIVE"),
        ("rescue", {}, "RESCUE"),
        ("unrescue", None, "ACTIVE"),
        ("rebuild", {"imageRef": consoles.image_id}, "ACTIVE"),
    ):
        url = await consoles.link(first)
        assert (await consoles.act(first, action, value)).is_success
        await consoles.cloud.settle()
        await consoles.wait(first, back)
        assert (await consoles.knock(url))[0] == 403, action
    url = await consoles.link(first)
    await consoles.delete(first)
    assert (await consoles.knock(url))[0] == 403
    viewer = await consoles.view(other)
    await viewer.close()


async def test_a_token_does_not_follow_a_server_to_another_host(consoles: ConsoleCloud) -> None:
    id, cloud = await consoles.active(), consoles.cloud
    own = await enrol_fake_host(cloud.settings, cloud.db, "fake2")
    async with running_host(own, cloud.app, "fake2"):
        viewer, url = await consoles.view(id, "vnc"), await consoles.link(id)
        async with asyncio.timeout(SLOW):
            while not (await consoles.act(id, "migrate", user="admin")).is_success:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert await until_closed(viewer) in (CloseCode.GUEST_GONE, CloseCode.NOT_ALLOWED)
        await consoles.wait(id, "VERIFY_RESIZE")
        assert (await consoles.knock(url))[0] == 403
        after = await consoles.view(id)
        assert b"heard: here" in await type_line(after, "here")
        await after.close()


async def test_many_at_once_see_each_its_own_guest(consoles: ConsoleCloud) -> None:
    """CVE-2014-8750."""
    ids = await asyncio.gather(*(consoles.active() for _ in range(8)))
    viewers = await asyncio.gather(*(consoles.view(id, "vnc") for id in ids))
    names = [name for _, _, name in await asyncio.gather(*map(greet_screen, viewers))]
    assert [id.encode() in name for id, name in zip(ids, names, strict=True)] == [True] * 8
    await asyncio.gather(*(viewer.close() for viewer in viewers))


async def test_stopping_and_deleting_a_server_end_its_consoles(consoles: ConsoleCloud) -> None:
    for end in ("os-stop", "delete"):
        id = await consoles.active()
        serial, screen = await consoles.view(id), await consoles.view(id, "vnc")
        if end == "delete":
            assert (await consoles.call("DELETE", f"/servers/{id}")).status_code == 204
        else:
            assert (await consoles.act(id, end)).status_code == 202
        for viewer in (serial, screen):
            assert await until_closed(viewer) in (CloseCode.GUEST_GONE, CloseCode.NOT_ALLOWED)
            assert viewer.close_reason
    await gone_from_host(consoles)


async def test_a_guest_that_dies_ends_its_console(consoles: ConsoleCloud) -> None:
    id = await consoles.active()
    viewer = await consoles.view(id)
    began = asyncio.get_running_loop().time()
    consoles.host.drivers.vms.crash(id)
    assert await until_closed(viewer) == CloseCode.GUEST_GONE
    assert asyncio.get_running_loop().time() - began < SLOW
    await gone_from_host(consoles)


@pytest.mark.parametrize("thing", ["projects", "users"])
async def test_a_disabled_project_or_user_loses_open_consoles_and_links(
    consoles: ConsoleCloud, thing: str
) -> None:
    id = await consoles.active()
    viewer, url = await consoles.view(id), await consoles.link(id)
    call = consoles.cloud.call
    listed = (await call("GET", f"/identity/v3/{thing}?name=demo", user="admin")).json()[thing]
    path = f"/identity/v3/{thing}/{listed[0]['id']}"
    body = {thing[:-1]: {"enabled": False}}
    assert (await call("PATCH", path, body, user="admin")).status_code == 200
    assert await until_closed(viewer) == CloseCode.NOT_ALLOWED
    assert (await consoles.knock(url))[0] == 403


async def test_the_newest_viewer_has_the_serial_line(consoles: ConsoleCloud) -> None:
    id = await consoles.active()
    first = await consoles.view(id)
    second = await consoles.view(id)
    assert await until_closed(first) == CloseCode.TAKEN_OVER
    assert b"heard: mine" in await type_line(second, "mine")
    await second.close()


async def test_several_look_at_a_screen(consoles: ConsoleCloud) -> None:
    id = await consoles.active()
    viewers = [await consoles.view(id, "vnc") for _ in range(3)]
    for viewer in viewers:
        await greet_screen(viewer)
    for viewer in viewers:
        await viewer.close()


async def test_open_consoles_of_a_server_are_bounded(consoles: ConsoleCloud) -> None:
    id = await consoles.active()
    viewers = [await consoles.view(id, "vnc") for _ in range(OPEN_MAX_SERVER)]
    assert (await consoles.knock(await consoles.link(id)))[0] == 403
    await viewers.pop().close()
    viewers.append(await consoles.view(id, "vnc"))
    for viewer in viewers:
        await viewer.close()
    await gone_from_host(consoles)


async def test_a_silent_console_is_closed(tmp_path: Path) -> None:
    async with running_consoles(tmp_path, console_idle_s=0.3) as consoles:
        viewer = await consoles.view(await consoles.active())
        assert await until_closed(viewer) == CloseCode.IDLE


async def test_a_host_that_does_not_come_is_said_to_be_lost(
    consoles: ConsoleCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pilvi.compute.api.console_sockets.HOST_S", 0.3)
    url = await consoles.link(await consoles.active())
    consoles.host.link.is_cut = True
    status, viewer = await consoles.knock(url)
    assert status == 101
    assert await until_closed(viewer) == CloseCode.HOST_LOST


async def test_a_viewer_that_does_not_wait_for_the_host_leaves_at_once(
    consoles: ConsoleCloud,
) -> None:
    urls = [await consoles.link(await consoles.active()) for _ in range(2)]
    consoles.host.link.is_cut = True
    began = asyncio.get_running_loop().time()
    _, viewer = await consoles.knock(urls[0])
    await viewer.close()
    assert consoles.cloud.plane.consoles._meetings.list_ids() == []
    assert asyncio.get_running_loop().time() - began < SLOW
    consoles.host.link.is_cut = False
    _, viewer = await consoles.knock(urls[1])
    await viewer.send(b"early\r")
    assert b"heard: early" in await read_until(viewer, lambda seen: seen.endswith(b"fake# "))
    await viewer.close()


async def test_a_host_that_is_killed_ends_its_consoles(consoles: ConsoleCloud) -> None:
    viewer = await consoles.view(await consoles.active())
    task = next(one for one in asyncio.all_tasks() if one.get_name() == "agent of fake1")
    task.cancel()
    assert await until_closed(viewer) == CloseCode.HOST_LOST


async def test_only_the_right_host_with_the_secret_joins(consoles: ConsoleCloud) -> None:
    url = await consoles.link(await consoles.active())
    consoles.host.link.is_cut = True
    status, viewer = await consoles.knock(url)
    assert status == 101
    desk = consoles.cloud.plane.consoles
    session = desk._meetings.list_ids()[0]
    meeting = desk._meetings._meetings[session]
    credential = (consoles.host.agent.settings.agent_dir / "credential").read_text()
    from pilvi.hosts.operations.hosts import enrol_host

    async with consoles.cloud.db.write() as tx:
        await enrol_host(tx, "other", "another host")
    path = f"/host/v1/consoles/{session}"
    token = await consoles.cloud.token("admin")
    for authorization, secret, expected in (
        ("", meeting.secret, 401),
        (f"Bearer {token}", meeting.secret, 401),
        ("Bearer another host", meeting.secret, 403),
        (f"Bearer {credential}", "guessed", 403),
        (f"Bearer {credential}", "", 403),
    ):
        headers = {"authorization": authorization, SECRET_HEADER: secret}
        assert (await consoles.knock(path, **headers))[0] == expected
    headers = {"authorization": f"Bearer {credential}", SECRET_HEADER: meeting.secret}
    assert (await consoles.knock(f"{path}x", **headers))[0] == 404
    status, host = await consoles.knock(path, **headers)
    assert status == 101
    await host.send(b"from the host")
    assert await read_bytes(viewer, 13) == b"from the host"
    await viewer.close()
    assert await until_closed(host) == CloseCode.DONE


async def test_a_slow_viewer_makes_a_screen_wait_and_memory_stays(consoles: ConsoleCloud) -> None:
    viewer = await consoles.view(await consoles.active(), "vnc")
    width, height, _ = await greet_screen(viewer)
    for _ in range(40):
        await viewer.send(struct.pack(">BBHHHH", 3, 0, 0, 0, width, height))
    await asyncio.sleep(0.3)
    waiting = viewer._from_app.qsize()
    assert waiting <= 4
    assert len(await read_bytes(viewer, 40 * width * height * 4)) >= 40 * width * height * 4
    await viewer.close()


@pytest.fixture
def every_log() -> Iterator[None]:
    """Log at every level, which tests leave out else."""
    kept = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(0))
    yield
    structlog.configure(**kept)


async def test_no_token_is_in_the_log(consoles: ConsoleCloud, every_log: None) -> None:
    """CVE-2015-9543."""
    id = await consoles.active()
    urls = [await consoles.link(id) for _ in range(2)]
    with capture_logs() as logs:
        _, viewer = await consoles.knock(urls[0])
        await viewer.close()
        await consoles.knock(urls[0])
        await consoles.knock(urls[1], origin="http://evil.test")
        await consoles.cloud.http.get(urls[1].removeprefix(BASE))
        await consoles.cloud.settle()
    assert logs
    assert not [url for url in urls if token_in(url) in repr(logs)]


async def test_what_a_killed_api_left_is_ended(consoles: ConsoleCloud) -> None:
    from pilvi.compute.operations.consoles import open_console
    from pilvi.compute.store import consoles as store
    from pilvi.host_api.consoles import ConsoleLine

    id = await consoles.active()
    token = token_in(await consoles.link(id))
    async with consoles.cloud.db.write() as tx:
        console, _ = await open_console(tx, token, ConsoleLine.SERIAL, None)
        long_ago = now().replace(year=2020)
        await store.update_consoles(tx, [console.id], renewed_at=long_ago)
    await consoles.cloud.plane.loop.wake_unsettled()
    await gone_from_host(consoles)
    async with consoles.cloud.db.read() as tx:
        assert await store.find_console(tx, console.id) is None
