"""`pilvi api`: the control plane, unprivileged."""

import gc
import os
import socket
from pathlib import Path

import msgspec
import uvloop

from pilvi.bootstrap import ControlPlane
from pilvi.commands.clouds import ca_path
from pilvi.commands.database_lock import hold_sqlite
from pilvi.commands.logs import configure_logs
from pilvi.commands.prepare import prepare_cloud
from pilvi.commands.privileges import drop_privileges, import_everything
from pilvi.commands.processes import require_real
from pilvi.commands.telemetry import open_tracing
from pilvi.core.db import open_database
from pilvi.core.http.serving import Server, listen, make_config
from pilvi.core.memory import giving_back
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
    "metrics",
    "picture",
    "dashboard",
)


def run_api(settings: Settings, host: str | None = None, port: int | None = None) -> None:
    """Serve until told to stop, at another address than the cloud's where one is given.

    As root it makes the state directory ready and binds the port before it drops its rights.
    Raises `Conflict` beside another process on the same SQLite database, `InvalidRequest` for a
    fake cloud.
    """
    require_real(settings, "serve it by 'pilvi api'")
    configure_logs(settings.log_format)
    tracing = open_tracing("pilvi-api")
    lock = hold_sqlite(settings)
    if os.geteuid() == 0:
        prepare_cloud(settings)
    settings = msgspec.structs.replace(
        settings,
        listen_host=host or settings.listen_host,
        listen_port=port or settings.listen_port,
    )
    listener = listen(settings.listen_host, settings.listen_port)
    config = make_config(_certificate(settings))
    plane = ControlPlane(settings, open_database(settings.database))
    app = plane.build_app()
    config.loaded_app = app if tracing is None else tracing.traced(app)
    if os.geteuid() == 0:
        import_everything(*PACKAGES)
        drop_privileges(settings.uid_api)
    # What is made by now stays: the collector need not look at it again and again.
    gc.freeze()
    uvloop.run(_serve(plane, Server(config, plane.dashboard.streams.stop), listener))
    if tracing is not None:
        tracing.close()
    if lock is not None:
        os.close(lock)


def _certificate(settings: Settings) -> tuple[Path, Path] | None:
    if not settings.tls:
        return None
    return ensure_certificates(settings.api_dir / "tls", ca_path(settings), settings.listen_host)


async def _serve(plane: ControlPlane, server: Server, listener: socket.socket) -> None:
    try:
        async with giving_back(), plane.running():
            await server.serve([listener])
    finally:
        await plane.db.close()
