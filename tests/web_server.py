"""A small web server that answers each path with the bytes that a test chose."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class WebServer:
    """Raw replies by path; what was asked; `release` lets replies marked as slow go on."""

    port: int
    replies: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    slow: set[str] = field(default_factory=set)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a path."""
        return f"http://{host}:{self.port}{path}"

    def serve(self, path: str, body: bytes, status: str = "200 OK", **headers: str) -> str:
        """Answer a path with this; its address."""
        lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.replies[path] = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        return self.url(path)

    def redirect(self, path: str, target: str, status: str = "302 Found") -> str:
        """Answer a path with where to look instead; its address."""
        return self.serve(path, b"", status, location=target)

    async def until_asked(self, count: int = 1) -> None:
        """Wait until so many requests have come."""
        async with asyncio.timeout(20):
            while len(self.asked) < count:  # noqa: ASYNC110  # an event for each count is more
                await asyncio.sleep(0.01)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ")[1].decode()
            self.asked.append(path)
            reply = self.replies.get(path, b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            if path in self.slow:
                half = len(reply) // 2
                writer.write(reply[:half])
                await writer.drain()
                await self.release.wait()
                reply = reply[half:]
            writer.write(reply)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def running_web_server() -> AsyncIterator[WebServer]:
    """A server on a free port of the loopback address."""
    web = WebServer(0)
    server = await asyncio.start_server(web._answer, "127.0.0.1", 0)
    web.port = server.sockets[0].getsockname()[1]
    try:
        yield web
    finally:
        web.release.set()
        server.close()
