"""Wishes for vms and an agent's surroundings, for tests of the vms part."""

import asyncio
import hashlib
import os
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from pilvi.agent.context import AgentContext
from pilvi.agent.desired import DesiredState
from pilvi.agent.outbox import Outbox
from pilvi.agent.vms.capture import CaptureReconciler
from pilvi.agent.vms.driver import HostDriver
from pilvi.agent.vms.reconciler import VmReconciler
from pilvi.core.reconcile import Limits, Loop
from pilvi.host_api.contract import Assignment, Desired, Kind, Observation
from pilvi.host_api.vms import (
    CaptureSeen,
    Disk,
    DiskKind,
    GuestDocuments,
    ImageSource,
    Nic,
    Power,
    RebootKind,
    VmSeen,
    VmSpec,
    VolumeConnection,
)
from pilvi.settings import Settings

MIB = 1 << 20
SERVER = "6f1d1ef8-1111-4222-8333-444444444444"
RAW_IMAGE = b"not bootable" + bytes(MIB)


def make_image(data: bytes = RAW_IMAGE, **changes: Any) -> ImageSource:
    image = ImageSource(
        image_id="0a0a0a0a-1111-4222-8333-555555555555",
        disk_format="raw",
        size_bytes=len(data),
        sha512=hashlib.sha512(data).hexdigest(),
        virtual_size_bytes=len(data),
    )
    return msgspec.structs.replace(image, **changes)


def make_disks(image: ImageSource | None = None) -> list[Disk]:
    image = image or make_image()
    return [
        Disk(device="vda", kind=DiskKind.IMAGE, size_bytes=64 * MIB, image=image),
        Disk(device="vdb", kind=DiskKind.EPHEMERAL, size_bytes=16 * MIB),
    ]


def make_documents(**changes: Any) -> GuestDocuments:
    documents = GuestDocuments(
        meta_data={"uuid": SERVER, "hostname": "trial.example"}, network_data={}, ec2={}
    )
    return msgspec.structs.replace(documents, **changes)


def make_spec(**changes: Any) -> VmSpec:
    spec = VmSpec(
        server_id=SERVER,
        project_id="p",
        name="trial",
        vcpus=1,
        memory_mib=64,
        power=Power.RUNNING,
        boot_generation=1,
        boot_kind=RebootKind.SOFT,
        image_generation=1,
        disks=make_disks(),
        volumes=[],
        nics=[],
        config_drive=False,
        documents=make_documents(),
    )
    return msgspec.structs.replace(spec, **changes)


def make_volume(attachment_id: str = "", **changes: Any) -> VolumeConnection:
    volume = VolumeConnection(
        attachment_id=attachment_id or str(uuid.uuid4()),
        volume_id=str(uuid.uuid4()),
        device="vdc",
        portal="127.0.0.1:1",
        iqn="iqn.2026-11.pilvi:test",
        lun=1,
        username="user",
        password="a very secret word",
        size_bytes=MIB,
    )
    return msgspec.structs.replace(volume, **changes)


def make_nic(port_id: str = "port-1") -> Nic:
    return Nic(port_id=port_id, mac="fa:16:3e:00:00:11", mtu=1450)


class Images:
    """An image store in memory."""

    def __init__(self, data: bytes = RAW_IMAGE) -> None:
        self.data = data
        self.sent: dict[str, bytes] = {}
        self.failure: Exception | None = None
        self.pause_s = 0.0

    async def fetch(self, image_id: str) -> AsyncIterator[bytes]:
        await asyncio.sleep(self.pause_s)
        for start in range(0, len(self.data), MIB):
            yield self.data[start : start + MIB]

    async def send(self, image_id: str, path: Path) -> None:
        await asyncio.sleep(self.pause_s)
        if self.failure is not None:
            raise self.failure
        self.sent[image_id] = path.read_bytes()


class Taps:
    """Ports whose taps are files that nothing is read from."""

    def __init__(self) -> None:
        self.missing: set[str] = set()

    def is_ready(self, port_id: str) -> bool:
        return port_id not in self.missing

    def open_tap(self, port_id: str) -> int:
        return os.open("/dev/null", os.O_RDWR)


class VmWorld:
    """One agent's vms part on a driver that outlives it."""

    def __init__(self, settings: Settings, driver: HostDriver) -> None:
        self.settings = settings
        self.driver = driver
        self.images = Images()
        self.taps = Taps()
        self.generation = 0
        self.may_start: Callable[[], bool] = lambda: True
        self._begin()

    def _begin(self) -> None:
        self.desired = DesiredState(self.settings.agent_dir / "desired")
        self.outbox = Outbox()
        context = AgentContext(
            self.settings, self.desired, self.outbox, self._wake, lambda: self.may_start()
        )
        self.vms = VmReconciler(context, self.driver, self.taps, self.images)
        self.captures = CaptureReconciler(context, self.driver, self.images)
        limits = Limits(retry_s_min=0.01, retry_s_max=0.05, resync_s=0.2)
        self.loop = Loop([self.vms, self.captures], limits)

    def _wake(self, kind: Kind, id: str) -> None:
        self.loop.wake(kind, id)

    @asynccontextmanager
    async def agent(self) -> AsyncIterator[None]:
        """An agent that runs, with nothing but the files of an earlier one."""
        self._begin()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.loop.run()), group.create_task(self.vms.watch())]
            try:
                await asyncio.sleep(0)
                yield
            finally:
                for task in tasks:
                    task.cancel()

    def wish(self, kind: Kind, id: str, spec: msgspec.Struct | None) -> None:
        """Ask for something; None asks for its absence."""
        self.generation += 1
        assignment = Assignment(
            kind=kind,
            id=id,
            generation=self.generation,
            revision=self.generation,
            present=spec is not None,
            spec=msgspec.Raw(msgspec.json.encode(spec)),
        )
        news = Desired(host_id="h", revision=self.generation, assignments=[assignment])
        self.desired.apply(news)
        self.loop.wake(kind, id)

    async def until(
        self,
        kind: Kind,
        id: str,
        holds: Callable[[Observation], bool] = lambda told: told.settled,
        timeout_s: float = 10.0,
    ) -> Observation:
        """What is told of an object, once it is of the newest wish and something holds."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            told = self.outbox.find(kind, id)
            assignment = self.desired.find(kind, id)
            is_new = told and assignment and told.generation == assignment.generation
            if told is not None and is_new and holds(told):
                return told
            await asyncio.sleep(0.002)
        raise AssertionError(f"{kind} {id} does not come so far: {told}")

    async def want_vm(self, spec: VmSpec | None, timeout_s: float = 10.0) -> VmSeen | None:
        """Wish for a vm, wait until it is so, and answer what is seen of it."""
        self.wish(Kind.VM, SERVER, spec)
        return seen_vm(await self.until(Kind.VM, SERVER, timeout_s=timeout_s))


def seen_vm(told: Observation) -> VmSeen | None:
    return msgspec.json.decode(told.seen, type=VmSeen | None)


def seen_capture(told: Observation) -> CaptureSeen:
    return msgspec.json.decode(told.seen, type=CaptureSeen)
