"""Agents as Neutron lists them, computed from the hosts: each host's one agent has four parts."""

import uuid
from typing import Any

from pilvi.core.db import now
from pilvi.core.http import Call
from pilvi.errors import NotFound
from pilvi.hosts.model.host import Host
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.network.model.network import AVAILABILITY_ZONE

_NAMESPACE = uuid.UUID("6b0f5c0e-93c2-4d2c-8b4e-2f0a5ad1c7f3")
_KINDS = {
    "Linux bridge agent": None,
    "DHCP agent": AVAILABILITY_ZONE,
    "L3 agent": AVAILABILITY_ZONE,
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
    """The parts of every host's agent; filters are host, agent_type, binary, alive and id."""
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
