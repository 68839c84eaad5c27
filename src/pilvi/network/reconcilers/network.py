"""Makes networks so: on every host that one of their ports is on, with DHCP for all of them."""

from collections.abc import Sequence
from functools import partial

from pilvi.core.db import Database, Transaction
from pilvi.core.reconcile import Done, Result, taking
from pilvi.host_api.contract import Kind
from pilvi.hosts.model.host import Held, HostId
from pilvi.hosts.operations.assignments import assign, list_held, withdraw
from pilvi.network.model.network import Network
from pilvi.network.model.port import DHCP, Port, PortStatus
from pilvi.network.operations.agents import list_hosts_serving
from pilvi.network.operations.wakes import NETWORK, ROUTER
from pilvi.network.reconcilers.plan import Assign, Forget, Step, Withdraw, plan_network
from pilvi.network.reconcilers.specs import network_spec
from pilvi.network.store import networks, ports, subnets


class NetworkReconciler:
    """Looks at one network at a time."""

    kind = NETWORK

    def __init__(self, db: Database) -> None:
        self._db = db

    async def reconcile(self, id: str) -> Result:
        """One look at one network; reports and changes of its ports wake it again. Repeatable."""
        async with self._db.write() as tx:
            network = await networks.find_network(tx, id, deleting=True)
            if network is not None:
                await _sync_network(tx, network)
        return Done()

    async def list_unsettled(self) -> Sequence[str]:
        """Networks that hosts are not known to agree with."""
        async with self._db.read() as tx:
            return await networks.list_unapplied(tx)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Nothing beyond the log: a network has no fault that its owner could mend."""


async def _sync_network(tx: Transaction, network: Network) -> None:
    needed = await list_hosts_serving(tx, network.id)
    held = await list_held(tx, Kind.NETWORK, [network.id])
    if _is_agreed(network, needed, held):
        return
    steps = plan_network(network, needed, held)
    if Forget() in steps:
        work = partial(networks.delete_network, tx, network.id)
        await taking(NETWORK, network.id, Forget(), work)
        return
    agrees = await _take(tx, network, steps, held)
    applied = network.generation if agrees else 0
    if applied != network.applied_generation:
        await networks.update_network(tx, network.id, applied_generation=applied)


def _is_agreed(network: Network, needed: set[str], held: Sequence[Held]) -> bool:
    """Whether there is nothing to do: most wakes only say that a host still agrees."""
    return (
        network.applied_generation == network.generation
        and {one.host_id for one in held if one.present and one.is_settled} == needed
        and len(held) == len(needed)
    )


async def _take(
    tx: Transaction, network: Network, steps: Sequence[Step], held: Sequence[Held]
) -> bool:
    """Take the steps; whether every host is known to agree."""
    agrees = all(one.present and one.is_settled for one in held) and not network.is_deleting
    there = await ports.list_ports_of_network(tx, network.id) if steps else []
    spec = network_spec(network, await subnets.list_subnets_of(tx, [network.id]), there)
    generations = {one.host_id: one.generation for one in held}
    for step in steps:
        if isinstance(step, Withdraw):
            gone = partial(withdraw, tx, Kind.NETWORK, network.id, HostId(step.host_id))
            await taking(NETWORK, network.id, step, gone)
            agrees = False
        elif isinstance(step, Assign):
            place = HostId(step.host_id), Kind.NETWORK, network.id
            work = partial(assign, tx, *place, spec, owner=(NETWORK, network.id))
            generation = await taking(NETWORK, network.id, step, work)
            agrees = agrees and generations.get(place[0]) == generation
    for port in there:
        if port.device_owner == DHCP:
            await _note_dhcp(tx, port, is_active=agrees and bool(held))
        if port.router_id is not None and port.host_id is None:
            # It found no host before; one that carries this network is there now.
            tx.wake(ROUTER, port.router_id)
    return agrees


async def _note_dhcp(tx: Transaction, port: Port, *, is_active: bool) -> None:
    status = PortStatus.ACTIVE if is_active else port.status
    await ports.update_observed(tx, port, status, "", port.generation)
