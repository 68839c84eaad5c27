"""Tells hosts who is in the groups that rules of their ports name as remote.

Rules name a group, and each host that needs it holds the group's addresses once: a port that
comes or goes is one wish for each of those hosts, however many ports name its group.
"""

from collections.abc import Collection, Sequence

from pilvi.core.db import Database, Transaction
from pilvi.core.reconcile import Done, Result
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import AddressSetSpec
from pilvi.hosts.model.host import Held, HostId
from pilvi.hosts.operations.assignments import assign, change_wishes, list_held, withdraw
from pilvi.network.operations.wakes import ADDRESS_SET
from pilvi.network.store import address_groups, security_groups


class AddressSetReconciler:
    """Looks at the members of one group at a time, be it a security or an address group."""

    kind = ADDRESS_SET

    def __init__(self, db: Database) -> None:
        self._db = db

    async def reconcile(self, id: str) -> Result:
        """Bring the hosts that need a group's addresses up to date. Repeatable."""
        async with self._db.write() as tx:
            await sync_sets(tx, [id])
            await security_groups.note_members_changed(tx, [id], changed=False)
            group = await address_groups.find_address_group(tx, id)
            if group is not None and group.applied_generation != group.generation:
                applied = {"applied_generation": group.generation}
                await address_groups.update_address_group(tx, id, **applied)
        return Done()

    async def list_unsettled(self) -> Sequence[str]:
        """Groups of whose newest members hosts were not told."""
        async with self._db.read() as tx:
            changed = await security_groups.list_members_changed(tx)
            return [*changed, *await address_groups.list_unapplied(tx)]

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Nothing beyond the log: the next look is the same one again."""


async def sync_sets(tx: Transaction, ids: Collection[str]) -> None:
    """Wish that exactly the hosts that need some groups hold their addresses. Repeatable."""
    if not ids:
        return
    needed = await security_groups.list_hosts_naming(tx, ids)
    held: dict[str, list[Held]] = {id: [] for id in ids}
    for one in await list_held(tx, Kind.ADDRESS_SET, sorted(ids)):
        held[one.id].append(one)
    specs = await _build_specs(tx, [id for id in ids if needed[id]])
    changes: list[tuple[Held, AddressSetSpec]] = []
    for id in sorted(ids):
        there = {one.host_id for one in held[id]}
        changes += [(one, specs[id]) for one in held[id] if one.host_id in needed[id]]
        for host_id in sorted(needed[id] - there):
            owner = (ADDRESS_SET, id)
            await assign(tx, HostId(host_id), Kind.ADDRESS_SET, id, specs[id], owner=owner)
        for one in held[id]:
            if one.present and one.host_id not in needed[id]:
                await withdraw(tx, Kind.ADDRESS_SET, id, one.host_id)
    await change_wishes(tx, changes)


async def _build_specs(tx: Transaction, ids: Collection[str]) -> dict[str, AddressSetSpec]:
    members = await security_groups.list_members(tx, ids)
    specs = {}
    for id in ids:
        addresses = members.get(id, [])
        group = await address_groups.find_address_group(tx, id)
        if group is not None:
            addresses = group.addresses
        specs[id] = AddressSetSpec(set_id=id, addresses=sorted(set(addresses)))
    return specs
