"""Makes guests' ports so: on the host that compute named, with its security rules."""

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from pilvi.core.db import Database, Transaction
from pilvi.core.reconcile import Done, Result, taking
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import PortSpec
from pilvi.hosts.model.host import Held, HostId
from pilvi.hosts.operations.assignments import assign, change_wishes, list_held, withdraw
from pilvi.network.model.log import logged_events
from pilvi.network.model.network import Network
from pilvi.network.model.port import Port, PortStatus, status
from pilvi.network.model.router import FloatingIp
from pilvi.network.model.security_group import resolve_rules
from pilvi.network.operations.port_life import forget_port
from pilvi.network.operations.wakes import PORT, SERVER, touch_networks
from pilvi.network.reconcilers.address_set import sync_sets
from pilvi.network.reconcilers.batches import Batches
from pilvi.network.reconcilers.plan import Assign, Forget, Record, Step, Withdraw, plan_port
from pilvi.network.reconcilers.specs import PortExtras, port_spec
from pilvi.network.store import floating_ips, logs, networks, ports, qos, security_groups


class PortReconciler:
    """Looks at ports, all that were woken meanwhile in one transaction."""

    kind = PORT

    def __init__(self, db: Database) -> None:
        self._db = db
        self._batches = Batches(self._sync)

    async def reconcile(self, id: str) -> Result:
        """One look at one port; a host's report wakes it again. Repeatable."""
        await self._batches.do(id)
        return Done()

    async def _sync(self, ids: Sequence[str]) -> None:
        async with self._db.write() as tx:
            await sync_ports(tx, ids)

    async def list_unsettled(self) -> Sequence[str]:
        """Ports that go, or that their hosts are not known to agree with."""
        async with self._db.read() as tx:
            return await ports.list_unapplied(tx)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Nothing beyond the log: a host's own faults are shown as the port's status."""


async def sync_ports(tx: Transaction, ids: Sequence[str]) -> None:
    """Bring what hosts are asked of some ports up to date, and note what they say.

    A fixed number of queries, whatever the number of ports and of changes to what hosts hold.
    """
    there = await ports.list_ports_by_id(tx, ids)
    if not there:
        return
    held: dict[str, list[Held]] = {}
    for one in await list_held(tx, Kind.PORT, ids):
        held.setdefault(one.id, []).append(one)
    specs = await _build_specs(tx, there)
    changes: list[tuple[Held, PortSpec]] = []
    for port in there:
        mine = held.get(port.id, [])
        if await _take(tx, port, mine, specs.get(port.id)):
            changes += [(one, specs[port.id]) for one in mine]
    really = await change_wishes(tx, changes)
    changed = {one.id for one in really}
    await sync_sets(tx, _named(there, held, specs, changed))
    for port in there:
        if port.is_guest:
            await _note(tx, port, held.get(port.id, []), changed=port.id in changed)


def _named(
    there: Sequence[Port],
    held: Mapping[str, Sequence[Held]],
    specs: Mapping[str, PortSpec],
    changed: set[str],
) -> set[str]:
    """The groups that ports which come, go or change name as remote, before or from now on."""
    named: set[str] = set()
    for port in there:
        before, spec = held.get(port.id, ()), specs.get(port.id)
        if spec is not None and before and port.id not in changed:
            continue
        rules = list(spec.rules) if spec is not None else []
        for one in before:
            rules += msgspec.json.decode(one.spec, type=PortSpec).rules
        named |= {rule.remote_set for rule in rules if rule.remote_set is not None}
    return named


async def _build_specs(tx: Transaction, there: Sequence[Port]) -> Mapping[str, PortSpec]:
    """Specs of the ports that are to be on a host."""
    wanted = [p for p in there if p.is_guest and not p.is_deleting and p.host_id is not None]
    on = await networks.list_networks_by_id(tx, {port.network_id for port in wanted})
    group_ids = {id for port in wanted if port.port_security_enabled for id in port.group_ids}
    rules = await security_groups.list_rules_of(tx, group_ids)
    stateless = await security_groups.list_stateless(tx, group_ids)
    resolved = {groups: resolve_rules(groups, rules) for groups in {p.group_ids for p in wanted}}
    policy_ids = {id for p in wanted if (id := _policy_id(p, on)) is not None}
    limits = await qos.list_rules_of(tx, policy_ids)
    kept = await logs.list_enabled(tx, {port.project_id for port in wanted})
    floating: dict[str, list[FloatingIp]] = {}
    for one in await floating_ips.list_of_ports(tx, [port.id for port in wanted]):
        floating.setdefault(one.port_id or "", []).append(one)
    return {
        p.id: port_spec(
            p,
            on[p.network_id],
            resolved[p.group_ids],
            PortExtras(
                quality=limits.get(_policy_id(p, on) or "", ()),
                stateful=stateless.isdisjoint(p.group_ids),
                logged=logged_events(kept, p.project_id, p.id, p.group_ids),
                floating=floating.get(p.id, ()),
            ),
        )
        for p in wanted
    }


def _policy_id(port: Port, on: Mapping[str, Network]) -> str | None:
    """The policy in force for a port: its own before its network's."""
    return port.qos_policy_id or on[port.network_id].qos_policy_id


async def _take(tx: Transaction, port: Port, held: Sequence[Held], spec: PortSpec | None) -> bool:
    """Take the steps of a port; whether what its host holds has still to be brought up to date."""
    for step in plan_port(port, held):
        if isinstance(step, Assign) and held:
            return True
        await taking(PORT, port.id, step, partial(_take_step, tx, port, step, spec))
    return False


async def _take_step(tx: Transaction, port: Port, step: Step, spec: PortSpec | None) -> None:
    match step:
        case Withdraw(host_id):
            await withdraw(tx, Kind.PORT, port.id, HostId(host_id))
        case Record(host_id):
            await ports.update_port(tx, port.id, held_host_id=host_id)
            if port.held_host_id is not None:
                # Its old host may not need the network any more.
                await touch_networks(tx, port.network_id)
            if host_id is None and port.server_id is not None:
                tx.wake(SERVER, port.server_id)
        case Assign(host_id):
            assert spec is not None
            owner = (PORT, port.id)
            await assign(tx, HostId(host_id), Kind.PORT, port.id, spec, owner=owner)
        case Forget():
            await forget_port(tx, port)


async def _note(tx: Transaction, port: Port, held: Sequence[Held], *, changed: bool) -> None:
    """Write the derived status; its server looks again when it changed.

    A port whose rules changed while it was as wished stays known as such: the wish is written
    down, and the host's next report comes to the same.
    """
    mine = next((one for one in held if one.host_id == port.host_id), None)
    now = status(port.host_id, mine)
    fault = mine.fault.message if mine is not None and mine.fault is not None else ""
    if port.host_id is None:
        agrees = not held
    else:
        agrees = mine is not None and mine.is_settled and not changed
    applied = port.applied_generation if now is PortStatus.ACTIVE else 0
    if agrees:
        applied = port.generation
    if await ports.update_observed(tx, port, now, fault, applied) and port.server_id is not None:
        tx.wake(SERVER, port.server_id)
