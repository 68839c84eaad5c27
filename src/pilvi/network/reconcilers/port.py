"""Makes guests' ports so: on the host that compute named, with rules resolved to addresses."""

from collections.abc import Mapping, Sequence

import msgspec

from pilvi.core.db import Database, Transaction
from pilvi.core.reconcile import Done, Result
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import PortSpec
from pilvi.hosts.model.host import Held, HostId
from pilvi.hosts.operations.assignments import assign, list_held, withdraw
from pilvi.network.model.port import Port, status
from pilvi.network.model.security_group import resolve_rules
from pilvi.network.operations.port_life import forget_port
from pilvi.network.operations.wakes import PORT, SERVER, touch_networks
from pilvi.network.reconcilers.plan import Assign, Forget, Record, Withdraw, plan_port
from pilvi.network.reconcilers.specs import port_spec
from pilvi.network.store import networks, ports, security_groups


class PortReconciler:
    """Looks at one port at a time."""

    kind = PORT

    def __init__(self, db: Database) -> None:
        self._db = db

    async def reconcile(self, id: str) -> Result:
        """One look at one port; a host's report wakes it again. Repeatable."""
        async with self._db.write() as tx:
            await sync_ports(tx, [id])
        return Done()

    async def list_unsettled(self) -> Sequence[str]:
        """Ports that their hosts are not known to agree with."""
        async with self._db.read() as tx:
            return await ports.list_unapplied(tx)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Nothing beyond the log: a host's own faults are shown as the port's status."""


async def sync_ports(tx: Transaction, ids: Sequence[str]) -> None:
    """Bring what hosts are asked of some ports up to date, and note what they say.

    A fixed number of queries, and three statements for each wish that changed.
    """
    there = await ports.list_ports_by_id(tx, ids)
    held: dict[str, list[Held]] = {}
    for one in await list_held(tx, Kind.PORT, ids):
        held.setdefault(one.id, []).append(one)
    specs = await _build_specs(tx, there)
    for port in there:
        await _apply(tx, port, held.get(port.id, []), specs.get(port.id))


async def _build_specs(tx: Transaction, there: Sequence[Port]) -> Mapping[str, PortSpec]:
    """Specs of the ports that are to be on a host."""
    wanted = [p for p in there if p.is_guest and not p.is_deleting and p.host_id is not None]
    on = await networks.list_networks_by_id(tx, {port.network_id for port in wanted})
    group_ids = {id for port in wanted if port.port_security_enabled for id in port.group_ids}
    rules = await security_groups.list_rules_of(tx, group_ids)
    remotes = {
        rule.match.remote_group_id
        for those in rules.values()
        for rule in those
        if rule.match.remote_group_id is not None
    }
    members = await security_groups.list_members(tx, remotes)
    resolved = {
        groups: resolve_rules(groups, rules, members) for groups in {p.group_ids for p in wanted}
    }
    return {p.id: port_spec(p, on[p.network_id], resolved[p.group_ids]) for p in wanted}


async def _apply(tx: Transaction, port: Port, held: Sequence[Held], spec: PortSpec | None) -> None:
    changed = False
    for step in plan_port(port, held):
        match step:
            case Withdraw(host_id):
                await withdraw(tx, Kind.PORT, port.id, HostId(host_id))
            case Record(host_id):
                await ports.update_port(tx, port.id, held_host_id=host_id)
                await touch_networks(tx, port.network_id)
                if host_id is None and port.server_id is not None:
                    tx.wake(SERVER, port.server_id)
            case Assign(host_id):
                assert spec is not None
                changed = await _assign(tx, port, held, spec)
            case Forget():
                await forget_port(tx, port)
                return
    if port.is_guest:
        await _note(tx, port, held, changed=changed)


async def _assign(tx: Transaction, port: Port, held: Sequence[Held], spec: PortSpec) -> bool:
    """Whether the wish is another than before."""
    if any(one.present and one.spec == msgspec.json.encode(spec) for one in held):
        return False
    assert port.host_id is not None
    await assign(tx, HostId(port.host_id), Kind.PORT, port.id, spec, owner=(PORT, port.id))
    return True


async def _note(tx: Transaction, port: Port, held: Sequence[Held], *, changed: bool) -> None:
    """Write the derived status; its server looks again when it changed."""
    mine = next((one for one in held if one.host_id == port.host_id), None)
    now = status(port.host_id, mine)
    fault = mine.fault.message if mine is not None and mine.fault is not None else ""
    if port.host_id is None:
        agrees = not held
    else:
        agrees = mine is not None and mine.is_settled and not changed
    applied = port.generation if agrees else 0
    if await ports.update_observed(tx, port, now, fault, applied) and port.server_id is not None:
        tx.wake(SERVER, port.server_id)
