"""A cloud with a fake host that dials, and viewers of its guests' consoles."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import httpx

from cloud import BASE, Cloud, running_cloud
from compute.conftest import seed_with_image
from compute.servers import ComputeCloud
from fake_host import FakeAgent
from pilvi.testing.hosts import FakeHost, enrol_fake_host, running_host
from pilvi.testing.sockets import MemorySocket, make_scope

# A line that ends is to be noticed within a second; a busy machine gets some more.
SOON_S = 30.0
KINDS = {"serial": ("serial", "serial"), "vnc": ("vnc", "novnc")}


def token_in(url: str) -> str:
    """The token of a console's link."""
    query = parse_qs(urlsplit(url).query)
    inner = query.get("path", ["?" + urlsplit(url).query])[0].partition("?")[2]
    return parse_qs(inner)["token"][0]


@dataclass
class ConsoleCloud(ComputeCloud):
    """A cloud whose one host has the real agent over fake drivers."""

    host: FakeHost

    async def ask(self, server_id: str, line: str = "serial", **options: Any) -> httpx.Response:
        """Ask for a link."""
        protocol, type = KINDS[line]
        body = {"remote_console": {"protocol": protocol, "type": type}}
        path = f"/servers/{server_id}/remote-consoles"
        return await self.call("POST", path, body, **options)

    async def link(self, server_id: str, line: str = "serial") -> str:
        """A link that opens a console."""
        reply = await self.ask(server_id, line)
        assert reply.status_code == 200, reply.text
        url: str = reply.json()["remote_console"]["url"]
        return url

    async def knock(self, url: str, **headers: str) -> tuple[int, MemorySocket]:
        """Open the WebSocket of a link as a viewer: status and socket."""
        path = url.removeprefix(BASE)
        host = {"host": urlsplit(BASE).netloc}
        socket = MemorySocket(self.cloud.app, make_scope(path, {**host, **headers}, ["binary"]))
        return await socket.open(), socket

    async def view(self, server_id: str, line: str = "serial") -> MemorySocket:
        """A viewer of a console, whose host has joined: of a serial line, at its prompt."""
        status, socket = await self.knock(await self.link(server_id, line))
        assert status == 101
        if line == "serial":
            assert await type_line(socket, "") == b"\r\nfake# "
        return socket

    async def sessions(self) -> list[str]:
        """What the host was told of consoles and has not given up."""
        keys = self.host.agent.desired.list_keys()
        return [id for kind, id in keys if kind == "console"]


async def type_line(socket: MemorySocket, words: str) -> bytes:
    """Type a line; what is shown until the next prompt."""
    await socket.send(words.encode() + b"\r")
    return await read_until(socket, lambda seen: seen.endswith(b"fake# "))


async def read_until(socket: MemorySocket, is_enough: Callable[[bytes], bool]) -> bytes:
    """What comes until it is enough. Fails when the console is closed before."""
    seen = b""
    async with asyncio.timeout(SOON_S):
        while not is_enough(seen):
            data = await socket.receive()
            assert data is not None, f"closed: {socket.close_code} {socket.close_reason} {seen!r}"
            seen += data
    return seen


async def read_bytes(socket: MemorySocket, count: int) -> bytes:
    """At least so many bytes."""
    return await read_until(socket, lambda seen: len(seen) >= count)


async def until_closed(socket: MemorySocket) -> int:
    """Read to the end; the code with which it was closed."""
    async with asyncio.timeout(SOON_S):
        while await socket.receive() is not None:
            pass
    assert socket.close_code is not None
    return socket.close_code


async def greet_screen(socket: MemorySocket) -> tuple[int, int, bytes]:
    """The handshake of RFB 3.8: width, height and name of the screen."""
    assert await read_bytes(socket, 12) == b"RFB 003.008\n"
    await socket.send(b"RFB 003.008\n")
    assert await read_bytes(socket, 2) == b"\x01\x01"
    await socket.send(b"\x01")
    assert await read_bytes(socket, 4) == bytes(4)
    await socket.send(b"\x01")
    init = await read_bytes(socket, 24)
    width, height, length = struct.unpack(">HH16xL", init[:24])
    return width, height, init[24 : 24 + length]


async def until_ready(cloud: Cloud) -> None:
    """Wait until the host's inventory is known."""
    async with asyncio.timeout(SOON_S):
        while True:
            path = "/compute/v2.1/os-hypervisors/detail"
            found = (await cloud.call("GET", path, user="admin")).json()["hypervisors"]
            if any(one["vcpus"] for one in found):
                return await cloud.settle()
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running_consoles(directory: Path, **settings: Any) -> AsyncIterator[ConsoleCloud]:
    """A cloud with an image and one fake host."""
    async with running_cloud(directory, seed_with_image, **settings) as cloud:
        own = await enrol_fake_host(cloud.settings, cloud.db, "fake1")
        async with running_host(own, cloud.app, "fake1") as host:
            await until_ready(cloud)
            images = (await cloud.call("GET", "/image/v2/images?name=small")).json()["images"]
            yield ConsoleCloud(cloud, cast(FakeAgent, None), images[0]["id"], host)
