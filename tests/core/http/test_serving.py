"""A server that stops waits for nobody who could answer for good."""

import asyncio
import time

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from pilvi.core.http.serving import GRACE_S, Server, listen, make_config


async def test_open_streams_end_before_their_grace_does() -> None:
    stopping = asyncio.Event()

    async def endless(request: Request) -> StreamingResponse:
        async def pieces() -> object:
            yield "begun"
            await stopping.wait()
            yield " and ended"

        return StreamingResponse(pieces())  # type: ignore[arg-type]

    config = make_config(None)
    config.loaded_app = Starlette(routes=[Route("/", endless)])
    listener = listen("127.0.0.1", 0)
    server = Server(config, stopping.set)
    serving = asyncio.create_task(server.serve([listener]))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with httpx.AsyncClient() as client, client.stream("GET", url) as reply:
        pieces = reply.aiter_text()
        said = await anext(pieces)
        began = time.monotonic()
        server.should_exit = True
        async for piece in pieces:
            said += piece
    await serving
    assert said == "begun and ended"
    assert time.monotonic() - began < GRACE_S
