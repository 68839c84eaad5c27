import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from host_server import CREDENTIAL, HostServer, OwnServer, make_test_settings
from pilvi.agent.client import PIECE_BYTES, ControlPlane
from pilvi.errors import Conflict, Internal, NotFound, PilviError, Unauthenticated, Unavailable
from pilvi.host_api.contract import HostFacts, Kind, Report
from pilvi.host_api.volumes import VolumeSpec
from pilvi.settings import Settings

FACTS = HostFacts(
    hostname="h", vcpus=1, memory_mib=1, disk_gib=1, disk_free_gib=1, accelerator="tcg"
)


@pytest.fixture
def server() -> HostServer:
    return HostServer()


@pytest.fixture
async def client(server: HostServer, tmp_path: Path) -> AsyncIterator[ControlPlane]:
    client = server.connect(make_test_settings(tmp_path))
    yield client
    await client.close()


async def test_the_desired_state_comes_at_once_or_when_it_changes(
    server: HostServer, client: ControlPlane
) -> None:
    spec = VolumeSpec(volume_id="v", project_id="p", size_bytes=1, exports=[])
    server.assign(Kind.VOLUME, "v", spec)
    news = await client.fetch_desired(0, 5)
    assert (news.revision, [a.id for a in news.assignments]) == (1, ["v"])
    waiting = asyncio.create_task(client.fetch_desired(1, 5))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    server.assign(Kind.VOLUME, "w", spec)
    assert [a.id for a in (await waiting).assignments] == ["w"]
    nothing = await client.fetch_desired(2, 0.01)
    assert (nothing.revision, nothing.assignments) == (2, [])


async def test_a_report_arrives(server: HostServer, client: ControlPlane) -> None:
    await client.send_report(Report(facts=FACTS, full=True))
    assert server.reports == [Report(facts=FACTS, full=True)]


async def test_images_cross_in_both_directions(
    server: HostServer, client: ControlPlane, tmp_path: Path
) -> None:
    data = os.urandom(3 * PIECE_BYTES + 7)
    server.images["i1"] = data
    assert b"".join([piece async for piece in client.fetch("i1")]) == data
    file = tmp_path / "capture"
    file.write_bytes(data)
    for _ in range(2):
        await client.send("i2", file)
        assert server.uploads["i2"] == data
    with pytest.raises(NotFound):
        async for _ in client.fetch("nothing"):
            pass


async def test_a_control_plane_that_is_away_is_unavailable(
    server: HostServer, client: ControlPlane
) -> None:
    server.is_away = True
    with pytest.raises(Unavailable, match="control plane"):
        await client.send_report(Report(facts=FACTS))


async def test_nothing_but_the_contract_is_said(tmp_path: Path) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        headers = {"set-cookie": "a=b", "location": "http://elsewhere.test/"}
        return httpx.Response(200 if len(asked) < 3 else 302, headers=headers, content=b"")

    settings = make_test_settings(tmp_path)
    HostServer().connect(settings)
    client = ControlPlane(settings, transport=httpx.MockTransport(answer))
    for _ in range(2):
        await client.send_report(Report(facts=FACTS))
    with pytest.raises(Internal, match="302"):
        await client.send_report(Report(facts=FACTS))
    assert len(asked) == 3
    known = {"host", "content-type", "content-length", "authorization"}
    assert {frozenset(request.headers) for request in asked} == {frozenset(known)}
    await client.close()


async def test_a_refused_credential_is_read_again(
    server: HostServer, client: ControlPlane, tmp_path: Path
) -> None:
    path = tmp_path / "agent" / "credential"
    path.write_text("wrong")
    with pytest.raises(Unauthenticated):
        await client.fetch_desired(0, 0)
    path.write_text(f"{CREDENTIAL}\n")
    assert (await client.fetch_desired(0, 0)).revision == 0


async def test_a_missing_credential_is_named(client: ControlPlane, tmp_path: Path) -> None:
    (tmp_path / "agent" / "credential").unlink()
    with pytest.raises(Unavailable, match="credential"):
        await client.fetch_desired(0, 0)


async def image(request: Request) -> Response:
    if request.path_params["id"] == "cut":

        async def half() -> AsyncIterator[bytes]:
            yield b"x" * 1000
            raise ConnectionError

        return StreamingResponse(half(), headers={"content-length": "2000"})
    if request.method == "PUT":
        return Response(b'{"message":"cannot take it twice"}', 409)
    statuses = {"odd": (418, b"tea"), "down": (502, b"<html>"), "old": (200, b'{"a":1}')}
    status, body = statuses[request.path_params["id"]]
    return Response(body, status)


async def test_errors_over_real_connections_are_of_the_closed_list(tmp_path: Path) -> None:
    routes = [Route("/host/v1/images/{id}/data", image, methods=["GET", "PUT"])]
    async with OwnServer(Starlette(routes=routes)) as port:
        settings: Settings = make_test_settings(tmp_path, listen_port=port)
        HostServer().connect(settings)
        client = ControlPlane(settings)
        expected: dict[str, type[PilviError]] = {
            "cut": Unavailable,
            "odd": Internal,
            "down": Unavailable,
        }
        for id, kind in expected.items():
            with pytest.raises(kind):
                async for _ in client.fetch(id):
                    pass
        file = tmp_path / "file"
        file.write_bytes(b"x" * 100)
        with pytest.raises(Conflict, match="cannot take it twice"):
            await client.send("any", file)
        await client.close()
    client = ControlPlane(settings)
    with pytest.raises(Unavailable):
        await client.fetch_desired(0, 0)
    await client.close()


async def test_an_address_that_is_away_hands_over_to_the_next(
    server: HostServer, tmp_path: Path
) -> None:
    urls = ("http://one.test:1", "http://two.test:2/")
    settings = msgspec.structs.replace(make_test_settings(tmp_path), api_urls=urls)
    client, asked = server.connect(settings), []
    answer = server.handle_async_request

    async def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if request.url.host == away:
            raise httpx.ConnectError("away", request=request)
        return await answer(request)

    server.handle_async_request = handle  # type: ignore[method-assign]
    for away, other in (("one.test", "two.test"), ("two.test", "one.test")):
        with pytest.raises(Unavailable, match=away):
            await client.send_report(Report(facts=FACTS))
        for _ in range(2):
            await client.send_report(Report(facts=FACTS))
        assert asked == [away, other, other]
        asked.clear()
    await client.close()


async def test_a_console_s_viewer_is_looked_for_at_every_address(tmp_path: Path) -> None:
    urls = ("http://one.test:1", "http://two.test:2")
    settings = msgspec.structs.replace(make_test_settings(tmp_path), api_urls=urls)
    client = HostServer().connect(settings)
    asked: list[str] = []

    def answering(name: str, error: PilviError | None) -> Any:
        async def dial(path: str, headers: object) -> str:
            asked.append(name)
            if error is not None:
                raise error
            return f"socket of {name}"

        return dial

    spec: Any = SimpleNamespace(session_id="s", secret="x")  # noqa: S106
    for error in (NotFound("cannot find"), Unavailable("cannot reach")):
        client._dials = [answering("one", error), answering("two", None)]
        assert str(await client.dial_console(spec)) == "socket of two"
    assert asked == ["one", "two", "one", "two"]
    client._dials = [answering("one", NotFound("cannot find"))]
    with pytest.raises(NotFound):
        await client.dial_console(spec)
    await client.close()
