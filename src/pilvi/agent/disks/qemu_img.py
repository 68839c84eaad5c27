"""qemu-img, confined: an unprivileged uid, no network of files to follow, limits, a deadline.

Every call names every format; what a guest wrote is opened under that guest's own uid only.
"""

import asyncio
import contextlib
from pathlib import Path

from pilvi.errors import Unavailable

# Lower: large but honest images fail; higher: a hostile one takes more from the host.
MEMORY_BYTES_MAX = 1 << 30
CPU_S_MAX = 1800
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
FILE_BYTES_MAX = 1 << 42


async def run_qemu_img(arguments: list[str], *, folder: Path, uid: int, timeout_s: float) -> None:
    """Run qemu-img in `folder` as `uid`; file names are relative to it. Cancelling ends it.

    The process dies with this one. Raises `Unavailable` with qemu-img's words as detail.
    """
    command = [
        "prlimit",
        f"--as={MEMORY_BYTES_MAX}",
        f"--cpu={CPU_S_MAX}",
        f"--fsize={FILE_BYTES_MAX}",
        "--core=0",
        "setpriv",
        f"--reuid={uid}",
        f"--regid={uid}",
        "--clear-groups",
        "--no-new-privs",
        "--pdeathsig=KILL",
        "qemu-img",
        *arguments,
    ]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=ENVIRONMENT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(timeout_s):
            _, errors = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        text = errors.decode(errors="replace")[-2000:]
        if "No space left on device" in text:
            raise OSError(28, "No space left on device")
        raise Unavailable("cannot copy a disk: qemu-img failed", detail=text)
