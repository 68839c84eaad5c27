"""A PostgreSQL server of the tests' own: a folder, a socket, no port."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_S = 30


def find_binaries() -> Path:
    """The folder with initdb and postgres. Raises when PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert found, "PostgreSQL is not installed: run bin/test, which installs it"
    return found[-1].parent


def _as_user() -> list[str]:
    """PostgreSQL refuses to run as root; Debian's package brings the user postgres."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--"]


@contextmanager
def running_postgres() -> Iterator[str]:
    """A fresh server while in the block; gives the pattern of its URLs."""
    with postgres_server() as server:
        yield server.url


class Server:
    """One server of the tests' own, which can be ended and started again."""

    def __init__(self, binaries: Path, directory: Path) -> None:
        self.url = f"postgresql://postgres@/{{name}}?host={directory}"
        self._binaries, self._directory = binaries, directory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return once it answers."""
        directory = self._directory
        serve = [self._binaries / "postgres", "-D", directory / "data", "-k", directory]
        with (directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_as_user(), *serve, "-h", "", "-F"], stdout=log, stderr=log, cwd=directory
            )
        _wait_for(self._binaries, directory)

    def stop(self) -> None:
        """End it and every session. Repeatable."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=START_S)
            self._process = None


@contextmanager
def postgres_server() -> Iterator[Server]:
    """A fresh server while in the block."""
    binaries, directory = find_binaries(), Path(tempfile.mkdtemp(prefix="pilvi-pg-"))
    directory.chmod(0o711)
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(directory, owner.pw_uid, owner.pw_gid)
    data = directory / "data"
    make = [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"]
    server = Server(binaries, directory)
    try:
        subprocess.run([*_as_user(), *make], check=True, capture_output=True, cwd=directory)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _wait_for(binaries: Path, directory: Path) -> None:
    """Return once the server answers: its socket is there before that."""
    deadline = time.monotonic() + START_S
    ask = [binaries / "pg_isready", "-q", "-h", directory]
    while subprocess.run(ask, check=False).returncode != 0:
        assert time.monotonic() < deadline, (directory / "log").read_text(errors="replace")
        time.sleep(0.02)
