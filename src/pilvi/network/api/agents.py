"""Agents as Neutron lists them, computed from the hosts: each host's one agent has four parts."""

from typing import Any

import msgspec

from pilvi.core.db import now
from pilvi.core.http import Call
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.network.api.networks import render_networks
from pilvi.network.api.routers import render_routers
from pilvi.network.api.wire import ABSENT, Absent, Name, given
from pilvi.network.model.agent import Agent, AgentKind
from pilvi.network.model.network import AVAILABILITY_ZONE
from pilvi.network.operations import agents as operations
from pilvi.network.store import networks, ports, routers
from pilvi.network.store.agents import list_networks_wanted_on

_ZONES = {AgentKind.DHCP: AVAILABILITY_ZONE, AgentKind.L3: AVAILABILITY_ZONE}
"""The zone of the kinds that have one."""
_TIME = "%Y-%m-%d %H:%M:%S"


class AgentFields(msgspec.Struct, forbid_unknown_fields=True):
    """What admins say of an agent."""

    admin_state_up: bool | Absent = ABSENT
    description: Name | None | Absent = ABSENT


class AgentBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT."""

    agent: AgentFields


class NetworkOfAgent(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /agents/{id}/dhcp-networks."""

    network_id: str


class RouterOfAgent(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /agents/{id}/l3-routers."""

    router_id: str


def _render(agent: Agent) -> dict[str, Any]:
    host = agent.host
    seen_at = host.seen_at or host.created_at
    return {
        "id": agent.id,
        "agent_type": agent.kind,
        "binary": "pilvi-agent",
        "host": host.name,
        "topic": "N/A",
        "availability_zone": _ZONES.get(agent.kind),
        "alive": agent.is_alive,
        "admin_state_up": agent.admin_state_up,
        "created_at": host.created_at.strftime(_TIME),
        "started_at": host.created_at.strftime(_TIME),
        "heartbeat_timestamp": seen_at.strftime(_TIME),
        "description": agent.description,
        "configurations": {},
        "resources_synced": None,
    }


async def _list(call: Call[Any]) -> list[Agent]:
    return await operations.list_agents(call.tx, call.settings.host_lease_s)


async def _find(call: Call[Any], kind: AgentKind | None = None) -> Agent:
    id = call.path["agent_id"]
    return await operations.get_agent(call.tx, call.settings.host_lease_s, id, kind)


async def list_agents(call: Call[None]) -> dict[str, Any]:
    """The parts of every host's agent; filters are host, agent_type, binary, alive and id.

    Who is no admin sees none ("List all agents").
    """
    if not call.caller.is_admin:
        return {"agents": []}
    names = ("host", "agent_type", "binary", "alive", "id", "availability_zone", "admin_state_up")
    wanted = {name: call.query.getlist(name) for name in names if name in call.query}
    found = [
        agent
        for agent in map(_render, await _list(call))
        if all(str(agent[name]).lower() in _lower(values) for name, values in wanted.items())
    ]
    return {"agents": found}


def _lower(values: list[str]) -> list[str]:
    return [value.lower() for value in values]


async def show_agent(call: Call[None]) -> dict[str, Any]:
    """One part of a host's agent."""
    return {"agent": _render(await _find(call))}


async def update_agent(call: Call[AgentBody]) -> dict[str, Any]:
    """Open or close an agent for new things, or describe it."""
    id, lease_s = call.path["agent_id"], call.settings.host_lease_s
    await operations.update_agent(call.tx, lease_s, id, given(call.payload.agent))
    return {"agent": _render(await _find(call))}


async def delete_agent(call: Call[None]) -> None:
    """Forget an agent whose host is away."""
    id, lease_s = call.path["agent_id"], call.settings.host_lease_s
    await operations.delete_agent(call.tx, lease_s, id)


async def _agents_on(call: Call[Any], kind: AgentKind, host_ids: set[str]) -> dict[str, Any]:
    found = [a for a in await _list(call) if a.kind is kind and a.host.id in host_ids]
    return {"agents": [_render(agent) for agent in found]}


async def list_dhcp_agents_of_network(call: Call[None]) -> dict[str, Any]:
    """The DHCP agents that serve a network: one on each of the hosts that it is on."""
    network = await networks.get_network(call.tx, call.path["network_id"], None)
    host_ids = await operations.list_hosts_serving(call.tx, network.id)
    return await _agents_on(call, AgentKind.DHCP, host_ids)


async def list_l3_agents_of_router(call: Call[None]) -> dict[str, Any]:
    """The L3 agent that carries a router, in a list."""
    router = await routers.get_router(call.tx, call.path["router_id"], None)
    host_id = router.wanted_host_id
    return await _agents_on(call, AgentKind.L3, {host_id} if host_id else set())


async def list_networks_of_dhcp_agent(call: Call[None]) -> dict[str, Any]:
    """The networks that a DHCP agent serves."""
    host = (await _find(call, AgentKind.DHCP)).host
    ids = await ports.list_networks_on_host(call.tx, host.name)
    ids |= await list_networks_wanted_on(call.tx, host.id)
    there = await networks.list_networks_by_id(call.tx, ids)
    return {"networks": await render_networks(call, [there[id] for id in sorted(there)])}


async def add_network_to_dhcp_agent(call: Call[NetworkOfAgent]) -> dict[str, Any]:
    """Have one more host serve a network."""
    id, lease_s = call.path["agent_id"], call.settings.host_lease_s
    await operations.add_network_to_dhcp_agent(call.tx, lease_s, id, call.payload.network_id)
    return {}


async def remove_network_from_dhcp_agent(call: Call[None]) -> None:
    """Take a network from a host that serves it beside those of its ports."""
    id, lease_s = call.path["agent_id"], call.settings.host_lease_s
    await operations.remove_network_from_dhcp_agent(call.tx, lease_s, id, call.path["network_id"])


async def list_routers_of_l3_agent(call: Call[None]) -> dict[str, Any]:
    """The routers that an L3 agent carries."""
    host = (await _find(call, AgentKind.L3)).host
    return {"routers": await render_routers(call, await routers.list_routers_on(call.tx, host.id))}


async def add_router_to_l3_agent(call: Call[RouterOfAgent]) -> dict[str, Any]:
    """Choose the host that carries a router."""
    id, lease_s = call.path["agent_id"], call.settings.host_lease_s
    await operations.add_router_to_l3_agent(call.tx, lease_s, id, call.payload.router_id)
    return {}


async def remove_router_from_l3_agent(call: Call[None]) -> None:
    """Take a router from its host, until it is added to an agent again."""
    id, lease_s = call.path["agent_id"], call.settings.host_lease_s
    await operations.remove_router_from_l3_agent(call.tx, lease_s, id, call.path["router_id"])


async def list_availability_zones(call: Call[None]) -> dict[str, Any]:
    """The one zone, available while a host is alive."""
    moment, lease_s = now(), call.settings.host_lease_s
    is_alive = any(host.is_alive(moment, lease_s) for host in await list_hosts(call.tx))
    state = "available" if is_alive else "unavailable"
    rows = [
        {"name": AVAILABILITY_ZONE, "resource": resource, "state": state}
        for resource in ("network", "router")
    ]
    return {"availability_zones": rows}
