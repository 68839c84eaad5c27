"""`pilvi setup`: install the system packages that a host needs."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from rich.console import Console

from pilvi.commands.requirements import HOST
from pilvi.errors import Forbidden, Unavailable, Unsupported

# Seconds that another package manager may hold the lock.
LOCK_S = 300


def run_setup(console: Console) -> dict[str, Any]:
    """Install what is missing; says what it does. Repeatable.

    Returns {"installed": names of packages}.
    """
    missing = sorted({need.package for need in HOST if not Path(need.file).exists()})
    if not missing:
        console.print("system packages: all there", highlight=False)
        return {"installed": []}
    if shutil.which("apt-get") is None:
        raise Unsupported(f"cannot install {' '.join(missing)}: only Debian's apt-get is known")
    if os.geteuid() != 0:
        raise Forbidden(f"cannot install {' '.join(missing)} without root")
    console.print(f"installing system packages: {' '.join(missing)}", highlight=False)
    with console.status("apt-get …"):
        _apt("update")
        _apt("install", "--no-install-recommends", "-y", *missing)
    return {"installed": missing}


def _apt(*words: str) -> None:
    command = ["apt-get", "-q", "-o", f"DPkg::Lock::Timeout={LOCK_S}", *words]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise Unavailable(
            f"cannot run {' '.join(command)}:\n{(done.stderr or done.stdout)[-2000:]}"
        )
