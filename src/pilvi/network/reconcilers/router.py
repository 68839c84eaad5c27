"""Makes routers so: each on one host, chosen once and recorded, with its legs and translations."""

from collections.abc import Sequence

from pilvi.core.db import Database, Transaction, now
from pilvi.core.reconcile import Again, Done, Result
from pilvi.host_api.contract import Kind
from pilvi.hosts.model.host import Held, Host, HostId
from pilvi.hosts.operations.assignments import assign, list_held, withdraw
from pilvi.hosts.operations.hosts import get_host, list_hosts
from pilvi.network.model.port import Port, PortStatus
from pilvi.network.model.router import Router
from pilvi.network.operations.wakes import ROUTER, touch_networks
from pilvi.network.reconcilers.plan import (
    Assign,
    Forget,
    ForgetLegs,
    Record,
    Withdraw,
    plan_router,
)
from pilvi.network.reconcilers.specs import router_spec
from pilvi.network.store import floating_ips, port_forwardings, ports, routers, subnets
from pilvi.settings import Settings

# Seconds between looks for a host when none is alive. Lower: more reading; higher: a router comes
# up later after the first host does.
NO_HOST_PAUSE_S = 1.0


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
        choice: str | None = None
        if router.host_id is None and legs and not router.is_deleting:
            hosts = await list_hosts(tx)
            choice = self._choose_host(hosts)
            if choice is None and hosts:
                return Again(NO_HOST_PAUSE_S, "no host is alive to carry the router")
        generation = None
        for step in plan_router(router, legs, held, choice):
            match step:
                case Withdraw(host_id):
                    await withdraw(tx, Kind.ROUTER, router.id, HostId(host_id))
                case Record(host_id):
                    await routers.update_router(tx, router.id, host_id=host_id)
                case Assign(host_id):
                    generation = await _assign(tx, router, legs, await get_host(tx, host_id))
                case ForgetLegs():
                    await _forget_legs(tx, legs)
                case Forget():
                    await routers.delete_router(tx, router.id)
                    return Done()
        await _note(tx, router, legs, _agreed(held, generation))
        return Done()

    def _choose_host(self, hosts: Sequence[Host]) -> str | None:
        """The first alive host by name."""
        moment, lease_s = now(), self._settings.host_lease_s
        return next((host.id for host in hosts if host.is_alive(moment, lease_s)), None)

    async def list_unsettled(self) -> Sequence[str]:
        """Routers that hosts are not known to agree with."""
        async with self._db.read() as tx:
            return await routers.list_unapplied(tx)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Nothing beyond the log: a router has no fault that its owner could mend."""


async def _assign(tx: Transaction, router: Router, legs: Sequence[Port], host: Host) -> int:
    """Ask the host; its networks follow the legs, which are on the host from now on."""
    for leg in legs:
        if not leg.is_deleting and leg.host_id != host.id:
            await ports.update_port(tx, leg.id, host_id=host.id, host_name=host.name)
            await touch_networks(tx, leg.network_id)
    ids = {fixed.subnet_id for leg in legs for fixed in leg.fixed_ips}
    there = await subnets.list_subnets_by_id(tx, ids)
    served = await floating_ips.list_of_router(tx, router.id)
    forwarded = await port_forwardings.list_of_router(tx, router.id)
    spec = router_spec(router, legs, there, served, forwarded)
    owner = (ROUTER, router.id)
    return await assign(tx, host.id, Kind.ROUTER, router.id, spec, owner=owner)


async def _forget_legs(tx: Transaction, legs: Sequence[Port]) -> None:
    for leg in legs:
        if leg.is_deleting:
            await ports.delete_port(tx, leg.id)
            await touch_networks(tx, leg.network_id)


def _agreed(held: Sequence[Held], generation: int | None) -> bool | None:
    """Whether the host has the router as it is now; None when no host should."""
    if generation is None:
        return None if not held else False
    return any(one.is_settled and one.generation == generation for one in held)


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
