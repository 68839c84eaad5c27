"""`pilvi audit` on a real host: it finds nothing, and each thing that is put there is named."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from e2e.real_cloud import READY, RealCloud, until
from pilvi.agent.ports.names import CloudNames
from pilvi.agent.vms.record import read_record
from pilvi.agent.volumes.tgt_protocol import Mode, Operation, Request, TgtClient
from pilvi.agent.volumes.tgt_service import SOCKET_NAME

pytestmark = [pytest.mark.root, pytest.mark.guest, pytest.mark.timeout(600)]
GHOST = "00000000-0000-4000-8000-00000000dead"


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


@contextmanager
def stray_file(path: Path) -> Iterator[None]:
    path.write_bytes(b"x" * 10_000)
    yield
    path.unlink(missing_ok=True)


@contextmanager
def stray_folder(path: Path) -> Iterator[None]:
    path.mkdir()
    yield
    path.rmdir()


@contextmanager
def stray_tap(fabric: str) -> Iterator[None]:
    run("ip", "netns", "exec", fabric, "ip", "tuntap", "add", "tapghost", "mode", "tap")
    yield
    run("ip", "-n", fabric, "link", "delete", "tapghost")


@contextmanager
def stray_chain(fabric: str) -> Iterator[None]:
    nft = ("ip", "netns", "exec", fabric, "nft")
    run(*nft, "add", "chain", "inet", "ports", "to_tapghost2")
    yield
    run(*nft, "delete", "chain", "inet", "ports", "to_tapghost2")


@contextmanager
def stray_namespace(name: str) -> Iterator[None]:
    run("ip", "netns", "add", name)
    yield
    run("ip", "netns", "delete", name)


@contextmanager
def stray_guest(uid: int) -> Iterator[None]:
    words = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    words += ["qemu-system-x86_64", "-machine", "none", "-nodefaults", "-display", "none", "-S"]
    process = subprocess.Popen(words, cwd="/", stdin=subprocess.DEVNULL)
    try:
        until(lambda: Path(f"/proc/{process.pid}").stat().st_uid == uid, 10)
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def stray_target(cloud: RealCloud) -> Iterator[None]:
    control = cloud.settings.agent_dir / "volumes" / "control"
    client = TgtClient(control, SOCKET_NAME, cloud.settings.uid_volumes)
    make = Request(Mode.TARGET, Operation.NEW, 777, 0, "targetname=iqn.2026-11.ghost:1")
    assert asyncio.run(client.call(make)) == 0
    yield
    asyncio.run(client.call(Request(Mode.TARGET, Operation.DELETE, 777, force=True)))
    client.close()


def test_each_thing_that_nobody_wants_is_named(real: RealCloud) -> None:
    server = real.launch("audited")
    real.wait_console(server.id, READY)
    volume = real.demo.create_volume(1, name="audited", wait=True, timeout=60)
    real.demo.attach_volume(server, volume, wait=True, timeout=60)
    real.check_ledger()
    names, agent = CloudNames(real.settings.name_prefix), real.settings.agent_dir
    record = read_record(real.vm_dir(server.id))
    assert record is not None
    blob = real.settings.api_dir / "images" / "blobs" / ("c" * 128)
    with ExitStack() as stack:
        for stray in (
            stray_tap(names.fabric),
            stray_chain(names.fabric),
            stray_namespace(names.router(GHOST)),
            stray_guest(record.uid),
            stray_guest(record.uid + 50),
            stray_target(real),
            stray_file(real.vm_dir(server.id) / "guest" / "vdz.7.raw"),
            stray_file(agent / "volumes" / f"{GHOST}.raw"),
            stray_file(agent / "volumes" / "rubbish"),
            stray_file(agent / "networks" / "rubbish"),
            stray_folder(agent / "vms" / GHOST),
            stray_file(blob),
        ):
            stack.enter_context(stray)
        command = [sys.executable, "-m", "pilvi.cli", "audit", "--state-dir"]
        done = subprocess.run(
            [*command, real.settings.state_dir], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1, done.stdout + done.stderr
        lines = done.stdout.splitlines()
    vm = f"vm {server.id}"
    for words in (
        "tap on HOST of nobody: tapghost",
        "nft chain on HOST of nobody: to_tapghost2",
        f"router namespace on HOST of router {GHOST}",
        f"process on HOST of {vm}: qemu-system-x86",
        "process on HOST of nobody: qemu-system-x86",
        "iSCSI target on HOST of nobody: iqn.2026-11.ghost:1",
        f"disk on HOST of {vm}: vdz.7",
        f"volume file on HOST of volume {GHOST}",
        f"file on HOST of nobody: {agent}/volumes/rubbish",
        f"file on HOST of nobody: {agent}/networks/rubbish",
        f"guest on HOST of vm {GHOST}",
        "stored image of nobody: blobs/ccc",
    ):
        start = f"leaked: {words}".replace("HOST", os.uname().nodename)
        assert [line for line in lines if line.startswith(start)], f"{start}\n{done.stdout}"
    assert lines[-1] == "12 differences", done.stdout
    real.demo.detach_volume(server, volume, wait=True, timeout=60)
    real.delete(server.id)
    real.demo.delete_volume(volume.id, wait=True, timeout=60)
