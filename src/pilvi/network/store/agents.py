"""Rows of what admins said of agents, and of networks that they want on hosts."""

import datetime
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from pilvi.core.db import Prepared, Transaction
from pilvi.network.model.agent import AgentKind
from pilvi.network.store.admin_tables import agents, dhcp_hosts

_a, _d = agents.c, dhcp_hosts.c
_REMOVALS = Prepared(
    select(_a.host_id, _a.removed_at).where(
        _a.kind == bindparam("of_kind"), _a.removed_at.is_not(None)
    )
)
_CLOSED = Prepared(
    select(_a.host_id).where(_a.kind == bindparam("of_kind"), _a.admin_state_up.is_(False))
)
_DHCP_HOSTS = Prepared(select(_d.host_id).where(_d.network_id == bindparam("of_network")))


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """What admins said of one part of a host's agent."""

    admin_state_up: bool
    description: str | None
    removed_at: datetime.datetime | None


async def list_records(tx: Transaction) -> dict[tuple[str, str], AgentRecord]:
    """What was said of agents, by host and kind."""
    return {
        (row.host_id, row.kind): AgentRecord(row.admin_state_up, row.description, row.removed_at)
        for row in await tx.all(select(agents))
    }


async def list_closed_hosts(tx: Transaction, kind: AgentKind) -> set[str]:
    """The hosts whose agent of a kind takes nothing new."""
    return {row.host_id for row in await tx.all(_CLOSED, {"of_kind": kind})}


async def list_removals(tx: Transaction, kind: AgentKind) -> dict[str, datetime.datetime]:
    """When the agents of a kind that were removed were so, by host."""
    rows = await tx.all(_REMOVALS, {"of_kind": kind})
    return {row.host_id: row.removed_at for row in rows}


async def set_record(tx: Transaction, host_id: str, kind: AgentKind, **values: Any) -> None:
    """Note what an admin says of an agent. Repeatable."""
    mine = (_a.host_id == host_id) & (_a.kind == kind)
    if await tx.first(select(_a.host_id).where(mine)) is None:
        await tx.run(insert(agents).values(host_id=host_id, kind=kind, **values))
    else:
        await tx.run(update(agents).where(mine).values(**values))


async def insert_dhcp_host(tx: Transaction, network_id: str, host_id: str) -> None:
    """Want a network on a host. Raises `Conflict` when it is wanted there already."""
    await tx.run(insert(dhcp_hosts).values(network_id=network_id, host_id=host_id))


async def delete_dhcp_host(tx: Transaction, network_id: str, host_id: str) -> None:
    """Want a network on a host no more. Repeatable."""
    mine = (_d.network_id == network_id) & (_d.host_id == host_id)
    await tx.run(delete(dhcp_hosts).where(mine))


async def delete_dhcp_hosts_of(tx: Transaction, network_id: str) -> None:
    """Want a network nowhere beyond where its ports are. Repeatable."""
    await tx.run(delete(dhcp_hosts).where(_d.network_id == network_id))


async def list_dhcp_hosts(tx: Transaction, network_id: str) -> set[str]:
    """The hosts that admins want to serve a network."""
    rows = await tx.all(_DHCP_HOSTS, {"of_network": network_id})
    return {row.host_id for row in rows}


async def list_networks_wanted_on(tx: Transaction, host_id: str) -> set[str]:
    """The networks that admins want a host to serve."""
    rows = await tx.all(select(_d.network_id).where(_d.host_id == host_id))
    return {row.network_id for row in rows}
