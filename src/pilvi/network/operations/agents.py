"""Agents, computed from the hosts, and which of them carry what. In the caller's transaction."""

from collections.abc import Mapping
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, NotFound
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.network.model.agent import Agent, AgentKind
from pilvi.network.operations.wakes import touch_networks, touch_routers
from pilvi.network.store import agents as store
from pilvi.network.store import networks, ports, routers

_UNTOLD = store.AgentRecord(admin_state_up=True, description=None, removed_at=None)


async def list_agents(tx: Transaction, lease_s: float) -> list[Agent]:
    """The parts of every host's agent that were not removed since the host last reported."""
    moment, records = now(), await store.list_records(tx)
    found = []
    for host in await list_hosts(tx):
        for kind in AgentKind:
            record = records.get((host.id, kind), _UNTOLD)
            removed, seen = record.removed_at, host.seen_at
            if removed is not None and (seen is None or seen <= removed):
                continue
            agent = Agent(
                host=host,
                kind=kind,
                is_alive=host.is_alive(moment, lease_s),
                admin_state_up=record.admin_state_up,
                description=record.description,
            )
            found.append(agent)
    return found


async def get_agent(
    tx: Transaction, lease_s: float, id: str, kind: AgentKind | None = None
) -> Agent:
    """One part of a host's agent, which has to be of a kind. Raises `NotFound`."""
    for agent in await list_agents(tx, lease_s):
        if agent.id == id and kind in (None, agent.kind):
            return agent
    raise NotFound(f"cannot find the {kind or 'agent'} '{id}'")


async def update_agent(tx: Transaction, lease_s: float, id: str, values: Mapping[str, Any]) -> None:
    """Open or close an agent for new things, or describe it. Raises `NotFound`."""
    agent = await get_agent(tx, lease_s, id)
    if values:
        await store.set_record(tx, agent.host.id, agent.kind, **values)


async def delete_agent(tx: Transaction, lease_s: float, id: str) -> None:
    """Forget an agent until its host reports again. Raises `Conflict` while the host is alive.

    What admins chose it for is chosen anew: its routers go to another host.
    """
    agent = await get_agent(tx, lease_s, id)
    if agent.is_alive:
        raise Conflict(f"cannot delete the {agent.kind} '{id}': its host {agent.host.name} is up")
    fresh = {"admin_state_up": True, "description": None, "removed_at": now()}
    await store.set_record(tx, agent.host.id, agent.kind, **fresh)
    if agent.kind is AgentKind.L3:
        released = await routers.release_pins(tx, agent.host.id)
        carried = await routers.list_movable(tx, [agent.host.id])
        await touch_routers(tx, *{*released, *carried})
    if agent.kind is AgentKind.DHCP:
        wanted = await store.list_networks_wanted_on(tx, agent.host.id)
        for network_id in wanted:
            await store.delete_dhcp_host(tx, network_id, agent.host.id)
        await touch_networks(tx, *wanted)


async def _get_open_agent(tx: Transaction, lease_s: float, id: str, kind: AgentKind) -> Agent:
    """An agent that may be given something. Raises `NotFound`, as Neutron does for a closed one."""
    agent = await get_agent(tx, lease_s, id, kind)
    if not agent.admin_state_up or not agent.is_alive:
        raise NotFound(f"cannot use the {kind} '{id}': it is away or disabled")
    return agent


async def add_router_to_l3_agent(
    tx: Transaction, lease_s: float, agent_id: str, router_id: str
) -> None:
    """Choose the host that carries a router. Repeatable.

    Raises `Conflict` while another agent has it: it is taken from there first.
    """
    router = await routers.get_router(tx, router_id, None)
    agent = await _get_open_agent(tx, lease_s, agent_id, AgentKind.L3)
    there = router.wanted_host_id
    if there not in (None, agent.host.id):
        raise Conflict(
            f"cannot add router {router.id} to this agent: another L3 agent hosts it; remove it "
            "from there first"
        )
    values = {"pinned_host_id": agent.host.id, "is_parked": False}
    await routers.update_router(tx, router.id, **values)
    await touch_routers(tx, router.id)


async def remove_router_from_l3_agent(
    tx: Transaction, lease_s: float, agent_id: str, router_id: str
) -> None:
    """Take a router from its host: none carries it until it is added to an agent."""
    router = await routers.get_router(tx, router_id, None)
    agent = await get_agent(tx, lease_s, agent_id, AgentKind.L3)
    if router.wanted_host_id != agent.host.id:
        raise Conflict(f"cannot remove router {router.id} from this agent: it does not host it")
    await routers.update_router(tx, router.id, pinned_host_id=None, is_parked=True)
    await touch_routers(tx, router.id)


async def add_network_to_dhcp_agent(
    tx: Transaction, lease_s: float, agent_id: str, network_id: str
) -> None:
    """Have one more host serve a network. Raises `Conflict` when it does."""
    network = await networks.get_network(tx, network_id, None)
    agent = await _get_open_agent(tx, lease_s, agent_id, AgentKind.DHCP)
    if agent.host.id in await list_hosts_serving(tx, network.id):
        raise Conflict(f"cannot add network {network.id} to this agent: it hosts it already")
    await store.insert_dhcp_host(tx, network.id, agent.host.id)
    await touch_networks(tx, network.id)


async def remove_network_from_dhcp_agent(
    tx: Transaction, lease_s: float, agent_id: str, network_id: str
) -> None:
    """Take a network from a host. Raises `Conflict` where ports of it are: they are served there.

    Every host serves its own guests, so that none depends on another host for its address.
    """
    network = await networks.get_network(tx, network_id, None)
    agent = await get_agent(tx, lease_s, agent_id, AgentKind.DHCP)
    if agent.host.id in await ports.list_hosts_of_network(tx, network.id):
        raise Conflict(
            f"cannot remove network {network.id} from this agent: ports of it are on its host, "
            "which serves them itself"
        )
    if agent.host.id not in await store.list_dhcp_hosts(tx, network.id):
        raise Conflict(f"cannot remove network {network.id} from this agent: it does not host it")
    await store.delete_dhcp_host(tx, network.id, agent.host.id)
    await touch_networks(tx, network.id)


async def list_hosts_serving(tx: Transaction, network_id: str) -> set[str]:
    """The hosts that a network is on: those of its ports, and those that admins want."""
    there = await ports.list_hosts_of_network(tx, network_id)
    return there | await store.list_dhcp_hosts(tx, network_id)
