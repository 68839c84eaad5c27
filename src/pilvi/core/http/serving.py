"""Serving an application over HTTP/1.1 and WebSocket: the socket and the server's settings."""

import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from pilvi.errors import Unavailable

# Connections that wait to be accepted. Lower: a burst is refused; higher: it waits longer.
BACKLOG = 2048
# Seconds that open requests get at a stop. Lower: cut uploads; higher: a slower `pilvi down`.
GRACE_S = 5
# Bytes of one WebSocket message. Lower: long pastes into a console are cut; higher: more memory
# for each connection.
MESSAGE_BYTES_MAX = 1 << 20
# Seconds between pings of a WebSocket, and until one without an answer is dead. Lower: slow peers
# are dropped; higher: dead ones are kept.
PING_S = 20.0


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to an address; port 0 takes a free one. Raises `Unavailable`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named, event loops turn Nagle's wait off: 40 ms for every answer else.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Unavailable(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another port"
        ) from error
    return listener


def make_config(certificate: tuple[Path, Path] | None) -> uvicorn.Config:
    """A server's settings, loaded; with certificate and key it speaks TLS.

    The application is set on it as `loaded_app` before the server starts.
    """
    config = uvicorn.Config(
        _unset,
        loop="none",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=MESSAGE_BYTES_MAX,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        # What a guest shows and what is typed must not be compressed together.
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=None if certificate is None else str(certificate[0]),
        ssl_keyfile=None if certificate is None else str(certificate[1]),
    )
    config.load()
    return config


class Server(uvicorn.Server):
    """A server that says so before it stops, to those who would go on answering for good."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is open, then close."""
        self._on_stop()
        await super().shutdown(sockets)


async def _unset(scope: object, receive: object, send: object) -> None:
    raise AssertionError("the application is set before the first request")
