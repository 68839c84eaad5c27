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
    """A fresh server while in the block; gives the start of its URLs."""
    binaries, directory = find_binaries(), Path(tempfile.mkdtemp(prefix="pilvi-pg-"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(directory, owner.pw_uid, owner.pw_gid)
    data = directory / "data"
    make = [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"]
    process = None
    try:
        subprocess.run([*_as_user(), *make], check=True, capture_output=True, cwd=directory)
        serve = [binaries / "postgres", "-D", data, "-k", directory, "-h", "", "-F"]
        with (directory / "log").open("wb") as log:
            process = subprocess.Popen([*_as_user(), *serve], stdout=log, stderr=log, cwd=directory)
        _wait_for(binaries, directory)
        yield f"postgresql://postgres@/{{name}}?host={directory}"
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=START_S)
        shutil.rmtree(directory, ignore_errors=True)


def _wait_for(binaries: Path, directory: Path) -> None:
    """Return once the server answers: its socket is there before that."""
    deadline = time.monotonic() + START_S
    ask = [binaries / "pg_isready", "-q", "-h", directory]
    while subprocess.run(ask, check=False).returncode != 0:
        assert time.monotonic() < deadline, (directory / "log").read_text(errors="replace")
        time.sleep(0.02)
