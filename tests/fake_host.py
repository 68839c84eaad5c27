"""A host that answers like an agent whose drivers never fail, unless the test tells it to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from cloud import Cloud
from fake_hosts import FakeHost, add_host
from pilvi.host_api.contract import (
    Assignment,
    ConsoleOutput,
    GuestPassword,
    HostFault,
    Kind,
    Observation,
    Report,
)
from pilvi.host_api.vms import CaptureSeen, CaptureSpec, Power, VmSeen, VmSpec
from pilvi.host_api.volumes import (
    BackupSeen,
    SnapshotSeen,
    VolumeSeen,
    VolumeSpec,
    VolumeUploadSeen,
    VolumeUploadSpec,
)
from pilvi.hosts.operations.assignments import read_desired
from pilvi.hosts.operations.hosts import get_host, record_report

PORTAL = "127.0.0.1:3260"
# Seconds between looks when nobody announces news.
LOOK_S = 0.05


@dataclass
class FakeAgent:
    """One host that fulfils its wishes as soon as it hears of them."""

    cloud: Cloud
    host: FakeHost
    held: dict[tuple[Kind, str], Assignment] = field(default_factory=dict)
    """What it holds now."""
    faults: dict[Kind, HostFault] = field(default_factory=dict)
    """Kinds whose wishes fail, and how."""
    silent: set[Kind] = field(default_factory=set)
    """Kinds that it does not answer for."""
    powered_off: dict[str, int] = field(default_factory=dict)
    """Servers whose guest turned itself off, with the boot in which it did."""
    kept_volumes: set[str] = field(default_factory=set)
    """Attachments that no guest gives up."""
    disk_bytes: dict[str, int] = field(default_factory=dict)
    """What every guest's local disks hold, by device."""
    revision: int = 0
    waiting: dict[tuple[Kind, str], Assignment] = field(default_factory=dict)
    """Wishes that were not answered yet."""
    _news: asyncio.Event | None = None
    """Set when there is something new for it; none while it answers."""

    @property
    def idle(self) -> bool:
        """Whether it has answered everything that it was told of."""
        return self._news is not None and not self._news.is_set()

    def vm(self, server_id: str) -> VmSpec:
        """The vm that it holds for a server."""
        return msgspec.json.decode(self.held[Kind.VM, server_id].spec, type=VmSpec)

    def holds(self, kind: Kind) -> list[str]:
        """Ids of everything of a kind that it holds."""
        return sorted(id for held_kind, id in self.held if held_kind is kind)

    async def answer_news(self) -> bool:
        """Fetch what changed and report on it; whether there was anything."""
        async with self.cloud.db.read() as tx:
            host = await get_host(tx, self.host.id)
            news = await read_desired(tx, host, self.revision)
        self.revision = news.revision
        for wish in news.assignments:
            self.waiting[wish.kind, wish.id] = wish
        ready = [key for key in self.waiting if key[0] not in self.silent]
        observations = [await self._fulfil(self.waiting.pop(key)) for key in ready]
        if observations:
            await self.host.report(*observations)
        return bool(observations)

    async def _fulfil(self, wish: Assignment) -> Observation:
        key, fault = (wish.kind, wish.id), self.faults.get(wish.kind)
        seen: Any = None
        if not wish.present:
            self.held.pop(key, None)
        elif fault is None:
            self.held[key] = wish
            seen = await self._see(wish)
        return Observation(
            kind=wish.kind,
            id=wish.id,
            generation=wish.generation,
            present=key in self.held,
            settled=fault is None,
            fault=fault if wish.present else None,
            seen=msgspec.Raw(msgspec.json.encode(seen)),
        )

    async def _see(self, wish: Assignment) -> Any:
        match wish.kind:
            case Kind.VM:
                return self._see_vm(msgspec.json.decode(wish.spec, type=VmSpec))
            case Kind.VOLUME:
                return see_volume(msgspec.json.decode(wish.spec, type=VolumeSpec))
            case Kind.CAPTURE:
                spec = msgspec.json.decode(wish.spec, type=CaptureSpec)
                return await self._capture(spec)
            case Kind.UPLOAD:
                upload = msgspec.json.decode(wish.spec, type=VolumeUploadSpec)
                await self._send(upload.image_id, upload.disk_format)
                return VolumeUploadSeen(state="sent")
            case Kind.SNAPSHOT:
                return SnapshotSeen(size_bytes=1 << 30, used_bytes=0)
            case Kind.BACKUP:
                return BackupSeen(size_bytes=1 << 30, used_bytes=0, blocks=0)
        return None

    def _see_vm(self, spec: VmSpec) -> VmSeen:
        power = spec.power
        if self.powered_off.get(spec.server_id) == spec.boot_generation:
            power = Power.STOPPED
        has_process = power is not Power.STOPPED
        attached = {volume.attachment_id for volume in spec.volumes} | self.kept_volumes
        return VmSeen(
            power=power,
            boot_generation=spec.boot_generation,
            image_generation=spec.image_generation,
            attached_volumes=sorted(attached) if has_process else [],
            attached_ports=[nic.port_id for nic in spec.nics] if has_process else [],
            accelerator="tcg",
            pid=1000 if has_process else None,
            started_at=1_700_000_000.0 + spec.boot_generation if has_process else None,
            disk_bytes=dict(self.disk_bytes),
        )

    async def _capture(self, spec: CaptureSpec) -> CaptureSeen:
        await self._send(spec.image_id, spec.disk_format)
        return CaptureSeen(state="sent")

    async def _send(self, image_id: str, disk_format: str) -> None:
        """Send a small disk to the image store, as the agent does."""
        from image_files import make_qcow2

        reply = await self.cloud.http.put(
            f"/host/v1/images/{image_id}/data",
            content=make_qcow2() if disk_format == "qcow2" else bytes(4096),
            headers={
                "authorization": f"Bearer credential of {self.host.host.name}",
                "content-type": "application/octet-stream",
            },
        )
        assert reply.status_code == 204, reply.text

    async def report_again(self, kind: Kind, id: str) -> None:
        """Say anew what is seen of something that is held."""
        await self.host.report(await self._fulfil(self.held[kind, id]))

    async def power_off(self, server_id: str) -> None:
        """Let a guest turn itself off."""
        self.powered_off[server_id] = self.vm(server_id).boot_generation
        await self.report_again(Kind.VM, server_id)

    async def write_console(self, server_id: str, start: int, data: bytes) -> None:
        """Let a guest write to its console."""
        async with self.cloud.db.write() as tx:
            host = await get_host(tx, self.host.id)
            piece = ConsoleOutput(server_id=server_id, start=start, data=data)
            await record_report(tx, host, Report(facts=self.host.facts, consoles=[piece]))

    async def post_password(self, server_id: str, password: str) -> None:
        """Let a guest post its password."""
        async with self.cloud.db.write() as tx:
            host = await get_host(tx, self.host.id)
            posted = GuestPassword(server_id=server_id, password=password)
            await record_report(tx, host, Report(facts=self.host.facts, passwords=[posted]))

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            event = self.cloud.plane.signals.subscribe(self.host.id)
            if await self.answer_news():
                continue
            self._news = event
            try:
                async with asyncio.timeout(LOOK_S):
                    await event.wait()
            except TimeoutError:
                continue
            finally:
                self._news = None


def see_volume(spec: VolumeSpec) -> VolumeSeen:
    """A volume whose targets all answer."""
    return VolumeSeen(
        size_bytes=spec.size_bytes,
        used_bytes=0,
        portal=PORTAL,
        exported=[export.attachment_id for export in spec.exports],
        content_generation=spec.content_generation,
    )


@asynccontextmanager
async def running_agent(
    cloud: Cloud, name: str = "host1", **facts: Any
) -> AsyncIterator[FakeAgent]:
    """A host of a cloud that answers meanwhile."""
    agent = FakeAgent(cloud, await add_host(cloud.db, name, **facts))
    task = asyncio.create_task(agent.run(), name=f"fake agent {name}")
    cloud.agents.append(agent)
    try:
        await cloud.settle()
        yield agent
    finally:
        cloud.agents.remove(agent)
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error
