"""Everything of networks that an audit compares."""

from dataclasses import dataclass

from sqlalchemy import select

from pilvi.core.db import Transaction
from pilvi.host_api.contract import Kind
from pilvi.network.store.tables import (
    address_groups,
    fixed_ips,
    floating_ips,
    networks,
    ports,
    routers,
    security_groups,
)


@dataclass(frozen=True, slots=True)
class PortRow:
    """One port with what it is plugged into."""

    id: str
    server_id: str | None
    router_id: str | None
    addresses: frozenset[str]


@dataclass(frozen=True, slots=True)
class FloatingIpRow:
    """One floating IP."""

    id: str
    address: str
    port_id: str | None
    fixed_address: str | None


async def list_all_ports(tx: Transaction) -> list[PortRow]:
    """Every port."""
    addresses: dict[str, set[str]] = {}
    for row in await tx.all(select(fixed_ips.c.port_id, fixed_ips.c.address)):
        addresses.setdefault(row.port_id, set()).add(row.address)
    query = select(ports.c.id, ports.c.server_id, ports.c.router_id)
    return [
        PortRow(row.id, row.server_id, row.router_id, frozenset(addresses.get(row.id, ())))
        for row in await tx.all(query)
    ]


async def list_all_floating_ips(tx: Transaction) -> list[FloatingIpRow]:
    """Every floating IP."""
    c = floating_ips.c
    rows = await tx.all(select(c.id, c.address, c.port_id, c.fixed_address))
    return [FloatingIpRow(row.id, row.address, row.port_id, row.fixed_address) for row in rows]


async def list_ids(tx: Transaction) -> dict[Kind, frozenset[str]]:
    """Ids of everything that a host can be asked to hold, by kind."""
    tables = {
        Kind.NETWORK: (networks,),
        Kind.PORT: (ports,),
        Kind.TRACE: (ports,),
        Kind.ROUTER: (routers,),
        Kind.ADDRESS_SET: (security_groups, address_groups),
    }
    found: dict[Kind, frozenset[str]] = {}
    for kind, named in tables.items():
        rows = [row for table in named for row in await tx.all(select(table.c.id))]
        found[kind] = frozenset(row.id for row in rows)
    return found
