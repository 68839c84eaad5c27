"""Serving an application over HTTP/1.1: the socket and the server's settings."""

import socket
from pathlib import Path

import uvicorn

from pilvi.errors import Unavailable

# Connections that wait to be accepted. Lower: a burst is refused; higher: it waits longer.
BACKLOG = 2048
# Seconds that open requests get at a stop. Lower: cut uploads; higher: a slower `pilvi down`.
GRACE_S = 5


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
        ws="none",
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


async def _unset(scope: object, receive: object, send: object) -> None:
    raise AssertionError("the application is set before the first request")
