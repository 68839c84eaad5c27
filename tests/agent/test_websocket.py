"""WebSockets from the agent to a server as the API runs one, with and without TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from pilvi.agent.dial import make_dial
from pilvi.core.http.serving import MESSAGE_BYTES_MAX, listen, make_config
from pilvi.core.tls import ensure_certificates
from pilvi.errors import Conflict, Forbidden, NotFound, PilviError, Unauthenticated, Unavailable
from pilvi.host_api import consoles


async def _echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(socket.headers.get("x-word", ""))
    while (data := await socket.receive_bytes()) != b"end":
        await socket.send_bytes(data)
    await socket.close(4001, "as you say")


async def _refuse(socket: WebSocket) -> None:
    await socket.send_denial_response(Response(status_code=int(socket.path_params["status"])))


@asynccontextmanager
async def serving(certificate: tuple[Path, Path] | None = None) -> AsyncIterator[str]:
    """Where a server is that echoes and refuses."""
    routes = [WebSocketRoute("/echo", _echo), WebSocketRoute("/refuse/{status}", _refuse)]
    config = make_config(certificate)
    config.loaded_app = Starlette(routes=routes)
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([listener]))
    try:
        while not server.started:  # noqa: ASYNC110  # the server has no event for it
            await asyncio.sleep(0.01)
        scheme = "http" if certificate is None else "https"
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def test_bytes_go_both_ways_and_its_end_is_told() -> None:
    async with serving() as url:
        socket = await make_dial(url, None)("/echo", {"x-word": "hello"})
        assert await socket.receive() == b"hello"
        for data in (b"a", bytes(MESSAGE_BYTES_MAX)):
            assert await socket.send(data)
            assert await socket.receive() == data
        assert await socket.send(b"end")
        assert await socket.receive() is None
        assert await socket.receive() is None
        assert not await socket.send(b"late")
        for _ in range(2):
            await socket.close(1000, "done")


async def test_a_message_that_is_too_long_ends_it() -> None:
    assert consoles.MESSAGE_BYTES_MAX == MESSAGE_BYTES_MAX
    async with serving() as url:
        socket = await make_dial(url, None)("/echo", {})
        await socket.receive()
        await socket.send(bytes(MESSAGE_BYTES_MAX + 1))
        assert await socket.receive() is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, Unauthenticated),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (503, Unavailable),
    ],
)
async def test_a_refusal_is_one_of_our_errors(status: int, kind: type[PilviError]) -> None:
    async with serving() as url:
        with pytest.raises(kind):
            await make_dial(url, None)(f"/refuse/{status}", {})


async def test_nobody_there_is_unavailable() -> None:
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
    with pytest.raises(Unavailable):
        await make_dial(url, None)("/echo", {})


async def test_with_tls_the_clouds_own_authority_is_asked_for(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    async with serving(ensure_certificates(tmp_path / "tls", ca, "127.0.0.1")) as url:
        trusting = ssl.create_default_context(cafile=str(ca))
        socket = await make_dial(url, trusting)("/echo", {"x-word": "sealed"})
        assert await socket.receive() == b"sealed"
        await socket.close(1000, "done")
        with pytest.raises(Unavailable):
            await make_dial(url, ssl.create_default_context())("/echo", {})
