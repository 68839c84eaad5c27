"""The metadata server of one network: `python -m pilvi.agent.ports.metadata`.

It answers on a listening socket that it inherits, and knows a guest by the address that the
connection comes from and by nothing else: whatever a request says about its origin is ignored.
The agent writes one document per address; each request reads it anew, so nothing is ever stale.

It begins as root, because its code may lie where only root can read. Everything is imported, the
documents' folder and the socket are held, and then root is given up for good, before the first
connection is accepted.
"""

import argparse
import asyncio
import contextlib
import os
import socket

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pilvi.agent.ports.metadata_tree import (
    document_name,
    find_answer,
    is_password,
    is_printable,
    posted_name,
)

CONCURRENT_MAX = 512
"""Connections served at once. Lower: guests that boot together are sent away; higher: more memory
and descriptors for guests that only hold connections."""

IDLE_S = 5
"""How long a silent connection is kept. Lower: more reconnects; higher: idle guests hold places."""

PATH_CHARACTERS_MAX = 512
"""Longer than any path that exists."""

PASSWORD_BYTES_MAX = 256
"""As Nova's: what RSA makes of a password. Higher: guests fill the folder."""

POSTED_S = 10.0
"""How long a guest waits until its password has arrived. Lower: a control plane that starts is
missed; higher: the guest's own patience ends first."""

LOOK_S = 0.02
"""Seconds between looks at whether it has. Lower: more looks; higher: slower answers."""


class Metadata:
    """The ASGI application over a folder of documents, and one for what guests post."""

    def __init__(self, documents: int, posted: int | None = None) -> None:
        self._documents = documents
        self._posted = posted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        if request.method == "POST" and is_password(request.url.path) and self._posted is not None:
            answer = await self._take_password(request, self._posted)
        else:
            answer = self._answer(request)
        await answer(scope, receive, send)

    async def _take_password(self, request: Request, posted: int) -> Response:
        """Keep a guest's password until the agent has told it; 503 when that takes too long."""
        address = request.client.host if request.client is not None else ""
        if self._read(address) is None:
            return Response("404 Not Found\n", 404, media_type="text/plain")
        text = b""
        async for piece in request.stream():
            text += piece
            if len(text) > PASSWORD_BYTES_MAX:
                return Response("400 Bad Request: the request is too large\n", 400)
        if not is_printable(text):
            return Response("400 Bad Request: the password is not printable ASCII\n", 400)
        name = posted_name(address)
        new = f".{name}.new"
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640, dir_fd=posted)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
        os.rename(new, name, src_dir_fd=posted, dst_dir_fd=posted)
        for _ in range(int(POSTED_S / LOOK_S)):
            await asyncio.sleep(LOOK_S)
            try:
                os.stat(name, dir_fd=posted)
            except FileNotFoundError:
                return Response(b"", 200)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=posted)
        return Response("503 Service Unavailable: try again\n", 503)

    def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response("405 Method Not Allowed\n", 405, {"allow": "GET, HEAD"})
        document = self._read(request.client.host) if request.client is not None else None
        path = request.url.path
        found = None
        if document is not None and len(path) <= PATH_CHARACTERS_MAX:
            found = find_answer(path, document)
        if found is None:
            return Response("404 Not Found\n", 404, media_type="text/plain")
        # Not through media_type, which would add a charset that some clients compare.
        return Response(found[1], headers={"content-type": found[0]})

    def _read(self, address: str) -> bytes | None:
        try:
            descriptor = os.open(document_name(address), os.O_RDONLY, dir_fd=self._documents)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            return file.read()


def give_up_root(uid: int) -> None:
    """Become an unprivileged user, in this process and for good."""
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    os.umask(0o077)


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--documents", required=True)
    parser.add_argument("--posted", required=True)
    parser.add_argument("--uid", type=int, required=True)
    arguments = parser.parse_args()
    documents = os.open(arguments.documents, os.O_RDONLY | os.O_DIRECTORY)
    posted = os.open(arguments.posted, os.O_RDONLY | os.O_DIRECTORY)
    config = uvicorn.Config(
        Metadata(documents, posted),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONCURRENT_MAX,
        timeout_keep_alive=IDLE_S,
    )
    config.load()
    server = uvicorn.Server(config)
    listener = socket.socket(fileno=arguments.socket)
    give_up_root(arguments.uid)
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
