"""The small test guest: built from Debian packages by the script in the package."""

import contextlib
import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pilvi
from pilvi.errors import Unavailable

# Seconds for a build with downloads. Lower: a slow mirror fails; higher: a hang is noticed late.
BUILD_S = 600


def remove_guest_cache() -> None:
    """Remove the built image and the packages it was built from, once no build uses them."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "/var/cache") / "pilvi"
    # A folder without a lock has no build in it and nothing to remove.
    with contextlib.suppress(FileNotFoundError), (cache / "guest" / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(cache, ignore_errors=True)


def build_guest() -> Path:
    """The path of the test guest's qcow2, built when it is not cached."""
    script = Path(pilvi.__file__).parent / "guest" / "build-guest"
    try:
        done = subprocess.run(
            ["bash", script], capture_output=True, text=True, timeout=BUILD_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"cannot build the test guest: {error}") from error
    if done.returncode:
        raise Unavailable(f"cannot build the test guest:\n{done.stderr.strip()}")
    return Path(done.stdout.strip().splitlines()[-1])
