"""Agents as Neutron lists them, computed from the hosts: each host's one agent has four parts."""

import uuid
from typing import Any

from pilvi.core.db import now
from pilvi.core.http import Call
from pilvi.errors import NotFound
from pilvi.hosts.model.host import Host
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.network.api.networks import render_networks
from pilvi.network.api.routers import render_routers
from pilvi.network.model.network import AVAILABILITY_ZONE
from pilvi.network.store import networks, ports, routers

_NAMESPACE = uuid.UUID("6b0f5c0e-93c2-4d2c-8b4e-2f0a5ad1c7f3")
DHCP_AGENT, L3_AGENT = "DHCP agent", "L3 agent"
_KINDS = {
    "Linux bridge agent": None,
    DHCP_AGENT: AVAILABILITY_ZONE,
    L3_AGENT: AVAILABILITY_ZONE,
    "Metadata agent": None,
}
"""Kinds by Neutron's names, and the zone of those that have one."""
_TIME = "%Y-%m-%d %H:%M:%S"


def _render(host: Host, kind: str, is_alive: bool) -> dict[str, Any]:
    seen_at = host.seen_at or host.created_at
    return {
        "id": str(uuid.uuid5(_NAMESPACE, f"{host.id} {kind}")),
        "agent_type": kind,
        "binary": "pilvi-agent",
        "host": host.name,
        "topic": "N/A",
        "availability_zone": _KINDS[kind],
        "alive": is_alive,
        "admin_state_up": host.enabled,
        "created_at": host.created_at.strftime(_TIME),
        "started_at": host.created_at.strftime(_TIME),
        "heartbeat_timestamp": seen_at.strftime(_TIME),
        "description": None,
        "configurations": {},
        "resources_synced": None,
    }


async def _list(call: Call[Any]) -> list[dict[str, Any]]:
    moment, lease_s = now(), call.settings.host_lease_s
    return [
        _render(host, kind, host.is_alive(moment, lease_s))
        for host in await list_hosts(call.tx)
        for kind in _KINDS
    ]


async def list_agents(call: Call[None]) -> dict[str, Any]:
    """The parts of every host's agent; filters are host, agent_type, binary, alive and id.

    Who is no admin sees none ("List all agents").
    """
    if not call.caller.is_admin:
        return {"agents": []}
    names = ("host", "agent_type", "binary", "alive", "id", "availability_zone")
    wanted = {name: call.query.getlist(name) for name in names if name in call.query}
    found = [
        agent
        for agent in await _list(call)
        if all(str(agent[name]).lower() in _lower(values) for name, values in wanted.items())
    ]
    return {"agents": found}


def _lower(values: list[str]) -> list[str]:
    return [value.lower() for value in values]


async def show_agent(call: Call[None]) -> dict[str, Any]:
    """One part of a host's agent."""
    for agent in await _list(call):
        if agent["id"] == call.path["agent_id"]:
            return {"agent": agent}
    raise NotFound(f"cannot find the agent '{call.path['agent_id']}'")


async def _find(call: Call[Any], kind: str) -> str:
    """The host of an agent that has to be of a kind. Raises `NotFound`."""
    for agent in await _list(call):
        if (agent["id"], agent["agent_type"]) == (call.path["agent_id"], kind):
            return str(agent["host"])
    raise NotFound(f"cannot find the {kind} '{call.path['agent_id']}'")


async def _agents_on(call: Call[Any], kind: str, host_ids: set[str]) -> dict[str, Any]:
    names = {host.name for host in await list_hosts(call.tx) if host.id in host_ids}
    return {
        "agents": [a for a in await _list(call) if a["agent_type"] == kind and a["host"] in names]
    }


async def list_dhcp_agents_of_network(call: Call[None]) -> dict[str, Any]:
    """The DHCP agents that serve a network: those of the hosts that it is on."""
    network = await networks.get_network(call.tx, call.path["network_id"], None)
    host_ids = await ports.list_hosts_of_network(call.tx, network.id)
    return await _agents_on(call, DHCP_AGENT, host_ids)


async def list_l3_agents_of_router(call: Call[None]) -> dict[str, Any]:
    """The L3 agent that carries a router, in a list."""
    router = await routers.get_router(call.tx, call.path["router_id"], None)
    return await _agents_on(call, L3_AGENT, {router.host_id} if router.host_id else set())


async def list_networks_of_dhcp_agent(call: Call[None]) -> dict[str, Any]:
    """The networks that a DHCP agent serves."""
    host = await _find(call, DHCP_AGENT)
    ids = await ports.list_networks_on_host(call.tx, host)
    there = await networks.list_networks_by_id(call.tx, ids)
    return {"networks": await render_networks(call, [there[id] for id in sorted(there)])}


async def list_routers_of_l3_agent(call: Call[None]) -> dict[str, Any]:
    """The routers that an L3 agent carries."""
    host = await _find(call, L3_AGENT)
    ids = {found.id for found in await list_hosts(call.tx) if found.name == host}
    there = [router for id in ids for router in await routers.list_routers_on(call.tx, id)]
    return {"routers": await render_routers(call, there)}


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
