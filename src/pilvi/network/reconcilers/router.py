"""Makes routers so: each on one host, chosen and recorded, with its legs and translations.

A router moves when an admin chooses another host, or when its host is down and may be left. It is
made on the next host when the last has let go of it; only a host that does not answer is not
waited for, and lets go when it hears of it (decision record 0014).
"""

import dataclasses
import datetime
from collections.abc import Mapping, Sequence, Set
from functools import partial

from pilvi.core.db import Database, Transaction, now
from pilvi.core.reconcile import Again, Done, Result, taking
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import RouterSeen, helper_capability
from pilvi.hosts.model.host import Held, Host, HostId
from pilvi.hosts.operations.assignments import assign, list_held, withdraw
from pilvi.hosts.operations.hosts import get_host, list_hosts
from pilvi.network.model.agent import AgentKind
from pilvi.network.model.port import Port, PortStatus
from pilvi.network.model.router import Router
from pilvi.network.operations.wakes import ROUTER, touch_networks
from pilvi.network.reconcilers.plan import (
    Assign,
    Forget,
    ForgetLegs,
    Record,
    Step,
    Withdraw,
    plan_router,
)
from pilvi.network.reconcilers.specs import RouterExtras, router_spec
from pilvi.network.store import (
    agents,
    conntrack_helpers,
    floating_ips,
    metering,
    ndp_proxies,
    port_forwardings,
    ports,
    routers,
    subnets,
)
from pilvi.settings import Settings

# Seconds between looks for a host when none is alive. Lower: more reading; higher: a router comes
# up later after the first host does.
NO_HOST_PAUSE_S = 1.0

Removals = Mapping[str, datetime.datetime]
"""When the L3 agents that admins removed were so, by host."""
COUNT_MAX = 2**63 - 1


class RouterReconciler:
    """Looks at one router at a time."""

    kind = ROUTER

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings

    async def reconcile(self, id: str) -> Result:
        """One look at one router; a host's report wakes it again. Repeatable."""
        async with self._db.write() as tx:
            router = await routers.find_router(tx, id)
            if router is None:
                return Done()
            return await self._sync(tx, router)

    async def _sync(self, tx: Transaction, router: Router) -> Result:
        legs = await ports.list_ports_of_router(tx, router.id)
        held = await list_held(tx, Kind.ROUTER, [router.id])
        hosts = await list_hosts(tx)
        if router.pinned_host_id not in {None, *(host.id for host in hosts)}:
            # Its host was forgotten: the choice is open again.
            router = dataclasses.replace(router, pinned_host_id=None)
        away = self._list_away(router, hosts, await agents.list_removals(tx, AgentKind.L3))
        choice: str | None = None
        if router.host_id is None or router.host_id in away:
            helpers = await conntrack_helpers.list_of_router(tx, router.id)
            needed = {helper_capability(one.helper, one.protocol) for one in helpers}
            choice = await self._choose_host(tx, hosts, needed)
        steps = plan_router(router, legs, held, choice, away)
        if _waits_for_host(router, legs, choice) and hosts:
            return Again(NO_HOST_PAUSE_S, "no host is alive to carry the router")
        generation, carrier = None, router.host_id
        for step in steps:
            work = partial(_take, tx, router, legs, step)
            generation = await taking(ROUTER, router.id, step, work) or generation
            if isinstance(step, Forget):
                return Done()
            if isinstance(step, Assign):
                carrier = step.host_id
        await _note(tx, router, legs, _agreed(held, carrier, generation))
        await _note_counts(tx, router, held)
        return Done()

    def _list_away(self, router: Router, hosts: Sequence[Host], removals: Removals) -> set[str]:
        """Hosts that are not waited for when the router leaves them.

        The one that carries it is left only on an admin's word: the host is down, or is to be
        left; or when it has been silent for as long as the settings say.
        """
        moment, settings = now(), self._settings
        away = {router.host_id or ""} - {host.id for host in hosts}
        for host in hosts:
            if host.is_alive(moment, settings.host_lease_s):
                continue
            is_left = host.id != router.host_id or router.pinned_host_id not in (None, host.id)
            if is_left or may_leave(host, moment, settings.router_failover_s, removals):
                away.add(host.id)
        return away

    async def _choose_host(
        self, tx: Transaction, hosts: Sequence[Host], needed: Set[str]
    ) -> str | None:
        """The first alive host by name whose agent takes routers and that has their helpers."""
        moment, lease_s = now(), self._settings.host_lease_s
        closed = await agents.list_closed_hosts(tx, AgentKind.L3)
        for host in hosts:
            abilities = host.facts.capabilities if host.facts is not None else ()
            is_open = host.is_alive(moment, lease_s) and host.id not in closed
            if is_open and needed <= set(abilities):
                return host.id
        return None

    async def list_unsettled(self) -> Sequence[str]:
        """Routers that hosts are not known to agree with, and those whose host is to be left."""
        moment, settings = now(), self._settings
        async with self._db.read() as tx:
            removals = await agents.list_removals(tx, AgentKind.L3)
            left = [
                host.id
                for host in await list_hosts(tx)
                if not host.is_alive(moment, settings.host_lease_s)
                and may_leave(host, moment, settings.router_failover_s, removals)
            ]
            found = [*await routers.list_unapplied(tx), *await routers.list_movable(tx, left)]
            return list(dict.fromkeys(found))

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Nothing beyond the log: a router has no fault that its owner could mend."""


def may_leave(host: Host, moment: datetime.datetime, failover_s: float, removals: Removals) -> bool:
    """Whether routers leave a host that is down without an admin's word on each of them. Pure.

    The admin's word on all of them is that the host is down, or that its agent is removed.
    """
    removed = removals.get(host.id)
    is_removed = removed is not None and (host.seen_at is None or removed > host.seen_at)
    if host.forced_down or is_removed:
        return True
    if failover_s <= 0 or host.seen_at is None:
        return failover_s > 0
    # A report from after now was made before the clock was set back: it does not say for how long
    # the host has been silent, and two hosts that forward for one router are worse than none.
    return (moment - host.seen_at).total_seconds() > failover_s


def _waits_for_host(router: Router, legs: Sequence[Port], choice: str | None) -> bool:
    """Whether a router that should be somewhere has nowhere to go."""
    is_wanted = not router.is_deleting and not router.is_parked and bool(legs)
    return is_wanted and choice is None and (router.pinned_host_id or router.host_id) is None


async def _take(tx: Transaction, router: Router, legs: Sequence[Port], step: Step) -> int | None:
    """Take one step; the generation of the wish when it asks a host."""
    match step:
        case Withdraw(host_id):
            await withdraw(tx, Kind.ROUTER, router.id, HostId(host_id))
        case Record(host_id):
            await routers.update_router(tx, router.id, host_id=host_id)
            await _unplug(tx, router, legs)
        case Assign(host_id):
            return await _assign(tx, router, legs, await get_host(tx, host_id))
        case ForgetLegs():
            await _forget_legs(tx, legs)
        case Forget():
            await routers.delete_router(tx, router.id)
    return None


async def _unplug(tx: Transaction, router: Router, legs: Sequence[Port]) -> None:
    """Its former host, if any, has let go of it: nothing of it is there until a host reports."""
    await floating_ips.update_status(tx, router.id, PortStatus.DOWN)
    for leg in legs:
        if leg.host_id is not None and not leg.is_deleting:
            await ports.update_port(tx, leg.id, host_id=None, host_name="")
            await ports.update_observed(tx, leg, PortStatus.DOWN, "", leg.generation)
            await touch_networks(tx, leg.network_id)


async def _assign(tx: Transaction, router: Router, legs: Sequence[Port], host: Host) -> int:
    """Ask the host; its networks follow the legs, which are on the host from now on."""
    for leg in legs:
        if not leg.is_deleting and (leg.host_id != host.id or router.host_id != host.id):
            await ports.update_port(tx, leg.id, host_id=host.id, host_name=host.name)
            await touch_networks(tx, leg.network_id)
    ids = {fixed.subnet_id for leg in legs for fixed in leg.fixed_ips}
    there = await subnets.list_subnets_by_id(tx, ids)
    served = await floating_ips.list_of_router(tx, router.id)
    labels = [label.id for label in await metering.list_labels_for(tx, router.project_id)]
    rules = await metering.list_rules_of(tx, labels)
    extras = RouterExtras(
        forwardings=await port_forwardings.list_of_router(tx, router.id),
        helpers=await conntrack_helpers.list_of_router(tx, router.id),
        proxies=await ndp_proxies.list_of_router(tx, router.id),
        meters={label_id: rules.get(label_id, ()) for label_id in labels},
    )
    spec = router_spec(router, legs, there, served, extras)
    owner = (ROUTER, router.id)
    return await assign(tx, host.id, Kind.ROUTER, router.id, spec, owner=owner)


async def _forget_legs(tx: Transaction, legs: Sequence[Port]) -> None:
    for leg in legs:
        if leg.is_deleting:
            await ports.delete_port(tx, leg.id)
            await touch_networks(tx, leg.network_id)


def _agreed(held: Sequence[Held], carrier: str | None, generation: int | None) -> bool | None:
    """Whether the host has the router as it is now; None when no host should."""
    if generation is None:
        return None if not held else False
    mine = (one for one in held if one.host_id == carrier)
    return any(one.is_settled and one.generation == generation for one in mine)


async def _note(tx: Transaction, router: Router, legs: Sequence[Port], agreed: bool | None) -> None:
    """Write what follows from the report: legs, floating IPs, and whether all is done."""
    applied = router.generation if agreed is not False else 0
    if applied != router.applied_generation:
        await routers.update_router(tx, router.id, applied_generation=applied)
    if not agreed:
        return
    await floating_ips.update_status(tx, router.id, PortStatus.ACTIVE)
    for leg in legs:
        if not leg.is_deleting:
            await ports.update_observed(tx, leg, PortStatus.ACTIVE, "", leg.generation)


async def _note_counts(tx: Transaction, router: Router, held: Sequence[Held]) -> None:
    """Write what the router's host counts; labels that are not this router's are left out."""
    mine = next((one for one in held if one.host_id == router.host_id), None)
    seen = mine.decode_seen(RouterSeen) if mine is not None else None
    labels = await metering.list_labels_for(tx, router.project_id) if seen is not None else []
    known: set[str] = {label.id for label in labels}
    counts = {
        one.label_id: (_bounded(one.packets), _bounded(one.octets))
        for one in (seen.meters if seen is not None else ())
        if one.label_id in known
    }
    if counts != await metering.list_counts_of_router(tx, router.id):
        await metering.replace_counts(tx, router.id, counts)


def _bounded(count: int) -> int:
    """A count as the database can keep it, whatever a host says."""
    return min(max(count, 0), COUNT_MAX)
