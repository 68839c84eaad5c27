"""Ports as compute reads them: many servers at once, in one query."""

from collections.abc import Collection
from itertools import groupby
from typing import Any

from sqlalchemy import Row, and_, bindparam, select

from pilvi.core.db import Prepared, Transaction
from pilvi.network.model.request import ServerPort
from pilvi.network.store.tables import (
    fixed_ips,
    floating_ips,
    networks,
    port_groups,
    ports,
    security_groups,
)

_STANDS_FOR = and_(
    floating_ips.c.port_id == ports.c.id, floating_ips.c.fixed_address == fixed_ips.c.address
)
_ALL = (
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
        security_groups.c.name.label("group_name"),
    )
    .join_from(ports, networks, ports.c.network_id == networks.c.id)
    .outerjoin(fixed_ips, fixed_ips.c.port_id == ports.c.id)
    .outerjoin(floating_ips, _STANDS_FOR)
    .outerjoin(port_groups, port_groups.c.port_id == ports.c.id)
    .outerjoin(security_groups, security_groups.c.id == port_groups.c.group_id)
    .where(ports.c.is_deleting.is_(False))
    .order_by(
        ports.c.claim_order,
        ports.c.id,
        fixed_ips.c.place,
        fixed_ips.c.number,
        security_groups.c.name,
    )
)
"""One row for each address and each security group of each port."""
_OF_ONE = Prepared(_ALL.where(ports.c.server_id == bindparam("server_id")))
_OF_SEVERAL = Prepared(_ALL.where(ports.c.server_id.in_(bindparam("server_ids", expanding=True))))


async def list_server_ports(
    tx: Transaction, server_ids: Collection[str]
) -> dict[str, list[ServerPort]]:
    """The ports of some servers, in the order of the claim; a server without has an empty list."""
    found: dict[str, list[ServerPort]] = {id: [] for id in server_ids}
    if not server_ids:
        return found
    if len(found) == 1:
        rows = await tx.all(_OF_ONE, {"server_id": next(iter(found))})
    else:
        rows = await tx.all(_OF_SEVERAL, {"server_ids": list(found)})
    for _, group in groupby(rows, key=lambda row: row.id):
        same_port = list(group)
        found[same_port[0].server_id].append(_server_port(same_port))
    return found


def _server_port(rows: list[Row[Any]]) -> ServerPort:
    """A port from its rows, which repeat each address for each group. Pure."""
    first = rows[0]
    fixed, floating, groups = dict[Any, None](), dict[Any, None](), dict[str, None]()
    for row in rows:
        if row.address is not None:
            fixed[row.subnet_id, row.address] = None
        if row.floating_address is not None:
            floating[row.floating_address, row.address] = None
        if row.group_name is not None:
            groups[row.group_name] = None
    return ServerPort(
        port_id=first.id,
        network_id=first.network_id,
        network_name=first.network_name,
        mac=first.mac,
        fixed_ips=tuple(fixed),
        floating_ips=tuple(floating),
        security_groups=tuple(groups),
        status=first.status,
        fault=first.fault,
        mtu=first.mtu,
        host_id=first.host_id,
        created_for_server=first.is_claimed,
    )
