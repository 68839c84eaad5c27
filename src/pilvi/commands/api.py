"""`pilvi api`: the control plane, unprivileged."""

import gc
import os
import socket
from pathlib import Path

import uvicorn
import uvloop

from pilvi.bootstrap import ControlPlane
from pilvi.commands.clouds import ca_path
from pilvi.commands.logs import configure_logs
from pilvi.commands.prepare import prepare_cloud
from pilvi.commands.privileges import drop_privileges, import_everything
from pilvi.core.db import open_database
from pilvi.core.http.serving import listen, make_config
from pilvi.core.tls import ensure_certificates
from pilvi.settings import Settings

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
    listener = listen(settings.listen_host, settings.listen_port)
    config = make_config(_certificate(settings))
    plane = ControlPlane(settings, open_database(settings.database))
    config.loaded_app = plane.build_app()
    if os.geteuid() == 0:
        import_everything(*PACKAGES)
        drop_privileges(settings.uid_api)
    # What is made by now stays: the collector need not look at it again and again.
    gc.freeze()
    uvloop.run(_serve(plane, uvicorn.Server(config), listener))


def _certificate(settings: Settings) -> tuple[Path, Path] | None:
    if not settings.tls:
        return None
    return ensure_certificates(settings.api_dir / "tls", ca_path(settings), settings.listen_host)


async def _serve(plane: ControlPlane, server: uvicorn.Server, listener: socket.socket) -> None:
    try:
        async with plane.running():
            await server.serve([listener])
    finally:
        await plane.db.close()
