"""`pilvi api`: the control plane, unprivileged."""

import gc
import os
import socket

import uvicorn
import uvloop

from pilvi.bootstrap import ControlPlane
from pilvi.commands.clouds import ca_path
from pilvi.commands.logs import configure_logs
from pilvi.commands.prepare import prepare_cloud
from pilvi.commands.privileges import drop_privileges, import_everything
from pilvi.core.db import open_database
from pilvi.core.tls import ensure_certificates
from pilvi.errors import Unavailable
from pilvi.settings import Settings

# Connections that wait to be accepted. Lower: a burst is refused; higher: it waits longer.
BACKLOG = 2048
# Seconds that open requests get at a stop. Lower: cut uploads; higher: a slower `pilvi down`.
GRACE_S = 5
# Parts of the package that the API may import while it runs.
PACKAGES = (
    "core",
    "identity",
    "hosts",
    "placement",
    "scheduler",
    "image",
    "network",
    "block_storage",
    "compute",
)


def run_api(settings: Settings) -> None:
    """Serve until told to stop.

    As root it makes the state directory ready and binds the port before it drops its rights.
    """
    configure_logs()
    if os.geteuid() == 0:
        prepare_cloud(settings)
    listener = _listen(settings)
    config = _configure(settings)
    plane = ControlPlane(settings, open_database(settings.database))
    config.loaded_app = plane.build_app()
    if os.geteuid() == 0:
        import_everything(*PACKAGES)
        drop_privileges(settings.uid_api)
    # What is made by now stays: the collector need not look at it again and again.
    gc.freeze()
    uvloop.run(_serve(plane, uvicorn.Server(config), listener))


def _configure(settings: Settings) -> uvicorn.Config:
    files = None
    if settings.tls:
        files = ensure_certificates(
            settings.api_dir / "tls", ca_path(settings), settings.listen_host
        )
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
        ssl_certfile=None if files is None else str(files[0]),
        ssl_keyfile=None if files is None else str(files[1]),
    )
    config.load()
    return config


async def _unset(scope: object, receive: object, send: object) -> None:
    raise AssertionError("the application is set before the first request")


async def _serve(plane: ControlPlane, server: uvicorn.Server, listener: socket.socket) -> None:
    try:
        async with plane.running():
            await server.serve([listener])
    finally:
        await plane.db.close()


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.listen_host else socket.AF_INET
    # With its protocol named, event loops turn Nagle's wait off: 40 ms for every answer else.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.listen_host, settings.listen_port))
    except OSError as error:
        listener.close()
        where = f"{settings.listen_host}:{settings.listen_port}"
        raise Unavailable(
            f"cannot listen on {where}: {error.strerror}; choose another with 'pilvi up --port'"
        ) from error
    return listener
