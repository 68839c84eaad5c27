"""`pilvi up --fake`: a whole cloud with fake hosts in one process; needs no root and no QEMU."""

import gc
import os
import socket
import sys
import traceback
from collections.abc import Callable

import uvicorn
import uvloop
from rich.console import Console

from pilvi.commands.clouds import ca_path, clouds_path, ensure_clouds_file
from pilvi.commands.database_lock import hold_sqlite
from pilvi.commands.logs import configure_logs
from pilvi.commands.processes import find_process, read_log_end, record_process
from pilvi.commands.state_check import check_state, mark_complete
from pilvi.core.http.serving import Server, listen, make_config
from pilvi.core.memory import giving_back
from pilvi.errors import InvalidRequest, PilviError, Unavailable
from pilvi.settings import Settings, save_settings
from pilvi.testing.cloud import running_cloud

NAME = "fake"
"""Of the process, its pid file and its log."""


def run_fake(settings: Settings, *, hosts: int | None, foreground: bool, console: Console) -> None:
    """Start a fake cloud unless it runs, and return once it answers; or serve until told to stop.

    Without `hosts` it has as many as it had. Raises `Unavailable` with the reason when it does not
    start, `InvalidRequest` for settings that it cannot have.
    """
    if settings.database_url:
        raise InvalidRequest("cannot keep a fake cloud in another database: leave database_url out")
    is_running = find_process(settings, NAME) is not None
    hosts = _count_hosts(settings, hosts, is_running=is_running)
    if not is_running:
        # Settings are fixed once they are saved: another port can be chosen until then.
        listener = listen(settings.listen_host, settings.listen_port)
        save_settings(settings)
        lock = hold_sqlite(settings)
        check_state(settings)
        passwords = ensure_clouds_file(settings)
        settings.run_dir.mkdir(exist_ok=True)
        certificate = None
        if settings.tls:
            from pilvi.core.tls import ensure_certificates

            folder = settings.api_dir / "tls"
            certificate = ensure_certificates(folder, ca_path(settings), settings.listen_host)
        config = make_config(certificate)

        # What was imported stays: nobody looks for garbage in it, this process at its end neither.
        gc.freeze()

        def serve(ready: Callable[[], None]) -> None:
            configure_logs(settings.log_format)
            gc.enable()
            uvloop.run(_serve(settings, passwords, hosts, listener, config, ready))

        if foreground:
            record_process(settings, NAME, os.getpid())
            serve(lambda: _say_up(settings, console))
            return
        _serve_behind(settings, serve)
        # The process that serves has both from this one.
        listener.close()
        if lock is not None:
            os.close(lock)
    _say_up(settings, console)


def _count_hosts(settings: Settings, wanted: int | None, *, is_running: bool) -> int:
    """How many hosts a cloud has: as many as were wished, and never fewer than it had."""
    folder = settings.fake_hosts_dir
    had = len(list(folder.iterdir())) if folder.exists() else 0
    if wanted is None:
        return max(had, 1)
    if wanted < had:
        raise InvalidRequest(
            f"cannot take hosts away from a fake cloud: it has {had}; leave --hosts out, or use "
            "another --state-dir"
        )
    if is_running and wanted > had:
        raise InvalidRequest(
            f"cannot add hosts to a fake cloud that runs: it has {had}; stop it with 'pilvi down' "
            f"first, then 'pilvi up --fake --hosts {wanted}'"
        )
    return wanted


async def _serve(
    settings: Settings,
    passwords: dict[str, str],
    hosts: int,
    listener: socket.socket,
    config: uvicorn.Config,
    ready: Callable[[], None],
) -> None:
    async with giving_back(), running_cloud(settings, passwords, hosts) as cloud:
        mark_complete(settings)
        config.loaded_app = cloud.app
        listener.listen(config.backlog)
        ready()
        server = Server(config, cloud.plane.dashboard.streams.stop)
        await server.serve([listener])


def _serve_behind(settings: Settings, serve: Callable[[Callable[[], None]], None]) -> None:
    """Serve in a process of its own session, made of this one: nothing is imported twice."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            _redirect(settings)
            serve(lambda: _tell(writing))
        except PilviError as error:
            print(error.message, file=sys.stderr, flush=True)
        except BaseException:
            traceback.print_exc()
        finally:
            # Nothing of the parent's is to be flushed or cleaned up twice.
            os._exit(0)
    os.close(writing)
    record_process(settings, NAME, pid)
    with os.fdopen(reading, "rb") as said:
        if not said.read(1):
            words = read_log_end(settings, NAME)
            raise Unavailable(f"cannot start the fake cloud; its log ends with:\n{words}")


def _tell(writing: int) -> None:
    os.write(writing, b"\n")
    os.close(writing)


def _redirect(settings: Settings) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(settings.run_dir / f"{NAME}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor, wanted in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, wanted)


def _say_up(settings: Settings, console: Console) -> None:
    lines = [
        f"A fake cloud is up at {settings.base_url}.",
        f"  Passwords:  {clouds_path(settings)}  (clouds 'pilvi' and 'pilvi-demo')",
        f"  Stop it:    pilvi down --state-dir {settings.state_dir}",
    ]
    console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
