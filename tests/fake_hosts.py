"""Hosts that exist only as far as the host contract shows them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from pilvi.core.db import Database
from pilvi.host_api.contract import Assignment, HostFacts, HostFault, Kind, Observation, Report
from pilvi.host_api.volumes import VolumeSeen, VolumeSpec
from pilvi.hosts.model.host import Host
from pilvi.hosts.operations.assignments import read_desired
from pilvi.hosts.operations.hosts import enrol_host, get_host, record_report


def make_facts(**values: Any) -> HostFacts:
    """Facts of a middling host."""
    chosen: dict[str, Any] = {
        "hostname": "host1",
        "vcpus": 8,
        "memory_mib": 16384,
        "disk_gib": 500,
        "disk_free_gib": 400,
        "accelerator": "tcg",
        "hypervisor_version": "7.2.22",
        "booted_at": 1_700_000_000,
        "capabilities": ["network.helper.ftp.tcp", "network.trace"],
        **values,
    }
    return HostFacts(**chosen)


class FakeHost:
    """One enrolled host, whose reports the test writes."""

    def __init__(self, db: Database, host: Host, facts: HostFacts) -> None:
        self.db = db
        self.host = host
        self.facts = facts

    @property
    def id(self) -> str:
        """The host's id."""
        return self.host.id

    async def report(self, *observations: Observation) -> None:
        """Say what is seen (nothing: only that the host is alive)."""
        async with self.db.write() as tx:
            host = await get_host(tx, self.host.id)
            await record_report(tx, host, Report(facts=self.facts, observations=list(observations)))

    async def wishes(self, kind: Kind) -> dict[str, Assignment]:
        """What the host should hold or give up, by id."""
        async with self.db.read() as tx:
            desired = await read_desired(tx, await get_host(tx, self.host.id), 0)
        return {one.id: one for one in desired.assignments if one.kind == kind}

    async def answer(
        self,
        wish: Assignment,
        seen: Mapping[str, Any] | msgspec.Struct | None = None,
        fault: HostFault | None = None,
    ) -> None:
        """Report a wish as fulfilled, or as failed with a fault."""
        observation = Observation(
            kind=wish.kind,
            id=wish.id,
            generation=wish.generation,
            present=wish.present,
            settled=fault is None,
            fault=fault,
            seen=msgspec.Raw(msgspec.json.encode(seen)),
        )
        await self.report(observation)

    async def serve_volumes(self) -> dict[str, VolumeSpec]:
        """Fulfil every wish about volumes as a real host does; what is held after that, by id."""
        held: dict[str, VolumeSpec] = {}
        for wish in (await self.wishes(Kind.VOLUME)).values():
            if wish.present:
                spec = msgspec.json.decode(wish.spec, type=VolumeSpec)
                held[wish.id] = spec
                await self.answer(wish, see_volume(spec))
            else:
                await self.answer(wish)
        return held


def see_volume(spec: VolumeSpec) -> VolumeSeen:
    """What a host that fulfilled a volume's wish shows."""
    return VolumeSeen(
        size_bytes=spec.size_bytes,
        used_bytes=0,
        portal="127.0.0.1:3260",
        exported=[export.attachment_id for export in spec.exports],
        content_generation=spec.content_generation,
    )


async def add_host(db: Database, name: str = "host1", **facts: Any) -> FakeHost:
    """Enrol a host and let it report once."""
    async with db.write() as tx:
        host = await enrol_host(tx, name, f"credential of {name}")
    fake = FakeHost(db, host, make_facts(hostname=name, **facts))
    await fake.report()
    return fake
