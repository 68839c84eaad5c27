"""Ports as compute reads them: many servers at once, in two queries."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, and_, select

from pilvi.core.db import Transaction
from pilvi.network.model.request import ServerPort
from pilvi.network.store.tables import (
    fixed_ips,
    floating_ips,
    networks,
    port_groups,
    ports,
    security_groups,
)


async def list_server_ports(
    tx: Transaction, server_ids: Collection[str]
) -> dict[str, list[ServerPort]]:
    """The ports of some servers, in the order of the claim; a server without has an empty list."""
    found: dict[str, list[ServerPort]] = {id: [] for id in server_ids}
    if not server_ids:
        return found
    groups = await _group_names(tx, server_ids)
    for rows in (await _rows(tx, server_ids)).values():
        port = _server_port(rows, groups.get(rows[0].id, ()))
        found[rows[0].server_id].append(port)
    return found


async def _rows(tx: Transaction, server_ids: Collection[str]) -> dict[str, list[Row[Any]]]:
    """One row for each address of each port, by port."""
    stands_for = and_(
        floating_ips.c.port_id == ports.c.id, floating_ips.c.fixed_address == fixed_ips.c.address
    )
    query = (
        select(
            ports.c.id,
            ports.c.server_id,
            ports.c.network_id,
            ports.c.mac,
            ports.c.status,
            ports.c.fault,
            ports.c.host_id,
            ports.c.is_claimed,
            networks.c.name.label("network_name"),
            networks.c.mtu,
            fixed_ips.c.subnet_id,
            fixed_ips.c.address,
            floating_ips.c.address.label("floating_address"),
        )
        .join_from(ports, networks, ports.c.network_id == networks.c.id)
        .outerjoin(fixed_ips, fixed_ips.c.port_id == ports.c.id)
        .outerjoin(floating_ips, stands_for)
        .where(ports.c.server_id.in_(server_ids), ports.c.is_deleting.is_(False))
        .order_by(ports.c.claim_order, ports.c.id, fixed_ips.c.place, fixed_ips.c.number)
    )
    found: dict[str, list[Row[Any]]] = {}
    for row in await tx.all(query):
        found.setdefault(row.id, []).append(row)
    return found


async def _group_names(tx: Transaction, server_ids: Collection[str]) -> dict[str, list[str]]:
    query = (
        select(port_groups.c.port_id, security_groups.c.name)
        .join_from(port_groups, ports, port_groups.c.port_id == ports.c.id)
        .join(security_groups, security_groups.c.id == port_groups.c.group_id)
        .where(ports.c.server_id.in_(server_ids))
        .order_by(security_groups.c.name)
    )
    found: dict[str, list[str]] = {}
    for row in await tx.all(query):
        found.setdefault(row.port_id, []).append(row.name)
    return found


def _server_port(rows: list[Row[Any]], groups: Collection[str]) -> ServerPort:
    first = rows[0]
    return ServerPort(
        port_id=first.id,
        network_id=first.network_id,
        network_name=first.network_name,
        mac=first.mac,
        fixed_ips=tuple((row.subnet_id, row.address) for row in rows if row.address is not None),
        floating_ips=tuple(
            (row.floating_address, row.address) for row in rows if row.floating_address is not None
        ),
        security_groups=tuple(groups),
        status=first.status,
        fault=first.fault,
        mtu=first.mtu,
        host_id=first.host_id,
        created_for_server=first.is_claimed,
    )
