"""The metadata server of one network: `python -m pilvi.agent.ports.metadata`.

It answers on a listening socket that it inherits, and knows a guest by the address that the
connection comes from and by nothing else: whatever a request says about its origin is ignored.
The agent writes one document per address; each request reads it anew, so nothing is ever stale.

It begins as root, because its code may lie where only root can read. Everything is imported, the
documents' folder and the socket are held, and then root is given up for good, before the first
connection is accepted.
"""

import argparse
import os
import socket

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pilvi.agent.ports.metadata_tree import document_name, find_answer

CONCURRENT_MAX = 512
"""Connections served at once. Lower: guests that boot together are sent away; higher: more memory
and descriptors for guests that only hold connections."""

IDLE_S = 5
"""How long a silent connection is kept. Lower: more reconnects; higher: idle guests hold places."""

PATH_CHARACTERS_MAX = 512
"""Longer than any path that exists."""


class Metadata:
    """The ASGI application over a folder of documents."""

    def __init__(self, documents: int) -> None:
        self._documents = documents

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            await self._answer(Request(scope))(scope, receive, send)

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
    parser.add_argument("--uid", type=int, required=True)
    arguments = parser.parse_args()
    documents = os.open(arguments.documents, os.O_RDONLY | os.O_DIRECTORY)
    config = uvicorn.Config(
        Metadata(documents),
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
