"""Volumes over real iSCSI, for tests: a cloud of its own, and QEMU's tools as the initiator."""

import asyncio
import contextlib
import secrets
import socket
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec

from pilvi.agent.volumes.tgt import TgtVolumeDriver, purge
from pilvi.host_api.volumes import Export
from pilvi.settings import Settings

MIB = 1 << 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_export(**values: object) -> Export:
    attachment = str(uuid.uuid4())
    export = Export(
        attachment_id=attachment,
        iqn=f"iqn.2026-11.io.pilvi:{attachment}",
        lun=1,
        username=f"u{attachment[:8]}",
        password=secrets.token_hex(12),
    )
    return msgspec.structs.replace(export, **values)


@contextlib.contextmanager
def make_settings() -> Iterator[Settings]:
    """A cloud of its own, whose tgtd and files are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="pilvi-test-") as folder:
        Path(folder).chmod(0o700)
        settings = Settings(state_dir=folder, iscsi_port=free_port())
        try:
            yield settings
        finally:
            purge(settings)


def describe(settings: Settings, export: Export, password: str) -> str:
    """An export as an option of QEMU's tools; `password` is the option that holds it, or empty."""
    options = {
        "driver": "raw",
        "file.driver": "iscsi",
        "file.transport": "tcp",
        "file.portal": f"127.0.0.1:{settings.iscsi_port}",
        "file.target": export.iqn,
        "file.lun": export.lun,
        "file.initiator-name": "iqn.2026-11.io.pilvi:test",
    }
    words = ",".join(f"{name}={value}" for name, value in options.items())
    return f"{words},file.user={export.username},{password}" if password else words


async def qemu_io(
    settings: Settings, export: Export, command: str, password: str | None = None
) -> tuple[int, str]:
    """Run one qemu-io command on an export; the exit status and what it says."""
    with tempfile.NamedTemporaryFile("w") as secret:
        secret.write(export.password if password is None else password)
        secret.flush()
        words = describe(settings, export, "" if password == "" else "file.password-secret=s")
        process = await asyncio.create_subprocess_exec(
            *("qemu-io", "--object", f"secret,id=s,file={secret.name}"),
            *("--image-opts", words, "-c", command),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(20):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
    status = 1 if b"Pattern verification failed" in output else process.returncode
    assert status is not None
    return status, output.decode()


async def serve(driver: TgtVolumeDriver, volume: str, export: Export, size: int = 8 * MIB) -> None:
    await driver.start()
    await driver.make_file(volume, size)
    await driver.add_target(volume, export)


@contextlib.asynccontextmanager
async def writing(
    settings: Settings, export: Export, requests: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    """qemu-img writes to an export without a pause, as a busy guest does.

    Its bench takes no secret object, so this password is on a command line: a test's own.
    """
    words = describe(settings, export, f"file.password={export.password}")
    process = await asyncio.create_subprocess_exec(
        *("qemu-img", "bench", "-w", "-t", "none", "-d", "16", "-s", "4096"),
        *("-c", str(requests), "--image-opts", words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
