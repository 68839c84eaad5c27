"""What is looked at when somebody asks: hosts, what of them is used, what is not as wished."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from pilvi.block_storage.operations import volumes
from pilvi.compute.operations import servers
from pilvi.core.db import Database, now
from pilvi.core.reconcile import Loop, Progress, Tally
from pilvi.host_api.contract import GuestCounts, Kind
from pilvi.host_api.vms import Power
from pilvi.hosts.model.host import Host, HostId
from pilvi.hosts.operations.assignments import list_seen
from pilvi.hosts.operations.hosts import list_counts, list_hosts
from pilvi.placement.model.inventory import Usage
from pilvi.placement.operations.usages import list_usages


class _Seen(msgspec.Struct):
    """The parts of `VmSeen` that are shown."""

    power: Power
    disk_bytes: dict[str, Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]] = {}


@dataclass(frozen=True, slots=True)
class Guest:
    """One guest as its host reported it last."""

    server_id: str
    host_id: str
    is_running: bool
    disk_bytes: Mapping[str, int]
    """Bytes that each local disk takes, by device."""
    project_id: str = ""
    counts: GuestCounts | None = None
    """What it has used; None while its host does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The cloud at one moment."""

    at: datetime.datetime
    hosts: Sequence[Host] = ()
    usages: Mapping[str, Usage] = field(default_factory=dict)
    """By the id of a provider, which a host's own is."""
    guests: Sequence[Guest] = ()
    failed: Mapping[str, int] = field(default_factory=dict)
    """How many objects are in ERROR, by kind."""
    unsettled: Sequence[Progress] = ()
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    """By kind of object."""
    lease_s: float = 15.0


async def look(
    db: Database, loops: Sequence[Loop], unsettled: Sequence[Progress], lease_s: float
) -> Picture:
    """Look at everything, in one read of the database."""
    async with db.read() as tx:
        hosts = await list_hosts(tx)
        usages = await list_usages(tx)
        seen = await list_seen(tx, Kind.VM)
        projects = await servers.list_projects(tx)
        failed = {
            "server": await servers.count_failed(tx),
            "volume": await volumes.count_failed(tx),
        }
        counts = await list_counts(tx, now() - datetime.timedelta(seconds=lease_s))
    found = [
        _guest(host_id, server_id, what, projects.get(server_id, ""), counts)
        for host_id, server_id, what in seen
        if what != b"null"
    ]
    tallies = {kind: tally for loop in loops for kind, tally in loop.tallies.items()}
    return Picture(
        at=now(),
        hosts=hosts,
        usages=usages,
        guests=[guest for guest in found if guest is not None],
        failed=failed,
        unsettled=unsettled,
        tallies=tallies,
        lease_s=lease_s,
    )


def _guest(
    host_id: HostId,
    server_id: str,
    seen: bytes,
    project_id: str,
    counts: Mapping[tuple[HostId, str], GuestCounts],
) -> Guest | None:
    """One guest; None when nobody can read what its host says of it."""
    try:
        vm = msgspec.json.decode(seen, type=_Seen)
    except msgspec.DecodeError:
        return None
    counted = counts.get((host_id, server_id))
    is_running = vm.power is Power.RUNNING
    return Guest(server_id, host_id, is_running, vm.disk_bytes, project_id, counted)
