"""Rows of ports, with their addresses and their groups."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    String,
    bindparam,
    delete,
    false,
    insert,
    or_,
    select,
    true,
    update,
)

from pilvi.core.db import Prepared, Transaction
from pilvi.errors import InvalidRequest, NotFound
from pilvi.network.model.port import (
    DHCP,
    ROUTER_GATEWAY,
    DhcpOption,
    FixedIp,
    Port,
    PortId,
    PortStatus,
)
from pilvi.network.store.admin_tables import port_bindings
from pilvi.network.store.listing import (
    Filters,
    Listing,
    column_is,
    common_filters,
    read_list,
)
from pilvi.network.store.tables import fixed_ips, networks, port_groups, ports

_t = ports.c
_FIXED_IPS = Prepared(
    select(fixed_ips)
    .where(fixed_ips.c.port_id.in_(bindparam("ids", expanding=True)))
    .order_by(fixed_ips.c.place, fixed_ips.c.number)
)
_GROUPS = Prepared(
    select(port_groups)
    .where(port_groups.c.port_id.in_(bindparam("ids", expanding=True)))
    .order_by(port_groups.c.group_id)
)
_BY_ID = Prepared(select(ports).where(_t.id.in_(bindparam("ids", expanding=True))))
_OF_SERVER = Prepared(
    select(ports).where(_t.server_id == bindparam("of_server")).order_by(_t.claim_order)
)
_IDS_OF_SERVER = Prepared(
    select(_t.id).where(_t.server_id == bindparam("of_server"), _t.is_deleting.is_(False))
)
_OF_ROUTER = Prepared(
    select(ports).where(_t.router_id == bindparam("of_router")).order_by(_t.created_at, _t.id)
)
_OF_NETWORK = Prepared(
    select(ports)
    .where(_t.network_id == bindparam("of_network"), _t.is_deleting.is_(False))
    .order_by(_t.id)
)
_HOSTS_OF_NETWORK = Prepared(
    select(_t.host_id, _t.held_host_id).where(_t.network_id == bindparam("of_network")).distinct()
)
_GATEWAYS = Prepared(
    select(ports).where(
        _t.router_id.in_(bindparam("ids", expanding=True)),
        _t.device_owner == ROUTER_GATEWAY,
        _t.is_deleting.is_(False),
    )
)
_TAKEN_MACS = Prepared(
    select(_t.mac).where(
        _t.network_id == bindparam("of_network"), _t.mac.in_(bindparam("macs", expanding=True))
    )
)
_UNAPPLIED = Prepared(
    select(_t.id).where(
        _t.device_owner.not_like("network:%"),
        or_(_t.is_deleting, _t.generation != _t.applied_generation),
    )
)
_INSERT = Prepared(insert(ports))
_INSERT_GROUPS = Prepared(insert(port_groups))
_UPDATE = Prepared(update(ports).where(_t.id == bindparam("of_id")))
_RAISED = update(ports).values(generation=_t.generation + 1)
_RAISE = Prepared(_RAISED.where(_t.id.in_(bindparam("ids", expanding=True))))
_UPDATE_OF_SERVER = Prepared(
    _RAISED.where(_t.server_id == bindparam("of_server"), _t.is_deleting.is_(False))
)


def _has_fixed_ips(values: Sequence[str]) -> ColumnElement[bool]:
    """`fixed_ips=subnet_id=…`, `ip_address=…` or `ip_address_substr=…`: each kind must hold."""
    wanted: dict[str, list[str]] = {}
    for value in values:
        name, _, text = value.partition("=")
        if name not in ("subnet_id", "ip_address", "ip_address_substr"):
            raise InvalidRequest(
                f"cannot filter by fixed_ips '{value}'; use subnet_id=, ip_address= or "
                "ip_address_substr="
            )
        wanted.setdefault(name, []).append(text)
    query = select(fixed_ips.c.port_id)
    if "subnet_id" in wanted:
        query = query.where(fixed_ips.c.subnet_id.in_(wanted["subnet_id"]))
    if "ip_address" in wanted:
        query = query.where(fixed_ips.c.address.in_(wanted["ip_address"]))
    for text in wanted.get("ip_address_substr", ()):
        query = query.where(fixed_ips.c.address.contains(text, autoescape=True))
    return _t.id.in_(query)


def _is_in_groups(values: Sequence[str]) -> ColumnElement[bool]:
    return _t.id.in_(select(port_groups.c.port_id).where(port_groups.c.group_id.in_(values)))


FILTERS: Filters = {
    **common_filters(ports),
    "network_id": _t.network_id,
    "mac_address": lambda values: column_is(_t.mac, [value.lower() for value in values]),
    "admin_state_up": _t.admin_state_up,
    "device_id": _t.device_id,
    "device_owner": _t.device_owner,
    "status": _t.status,
    "port_security_enabled": _t.port_security_enabled,
    "dns_name": _t.dns_name,
    "qos_policy_id": _t.qos_policy_id,
    "security_groups": _is_in_groups,
    "fixed_ips": _has_fixed_ips,
    "ip_address": lambda values: _has_fixed_ips([f"ip_address={v}" for v in values]),
    "subnet_id": lambda values: _has_fixed_ips([f"subnet_id={v}" for v in values]),
    "ip_allocation": lambda values: true() if "immediate" in values else false(),
    "binding:vnic_type": lambda values: true() if "normal" in values else false(),
}
ADMIN_FILTERS: Filters = {**FILTERS, "binding:host_id": _t.host_name}


def _port(row: Row[Any], fixed: Sequence[FixedIp], group_ids: Sequence[str]) -> Port:
    return Port(
        id=PortId(row.id),
        project_id=row.project_id,
        network_id=row.network_id,
        name=row.name,
        description=row.description,
        mac=row.mac,
        admin_state_up=row.admin_state_up,
        device_id=row.device_id,
        device_owner=row.device_owner,
        port_security_enabled=row.port_security_enabled,
        address_pairs=[(mac, address) for mac, address in row.address_pairs],
        hostname=row.hostname,
        dns_name=row.dns_name,
        dhcp_options=[DhcpOption(*option) for option in row.dhcp_options],
        qos_policy_id=row.qos_policy_id,
        host_id=row.host_id,
        host_name=row.host_name,
        held_host_id=row.held_host_id,
        server_id=row.server_id,
        claim_order=row.claim_order,
        is_claimed=row.is_claimed,
        router_id=row.router_id,
        is_deleting=row.is_deleting,
        status=PortStatus(row.status),
        fault=row.fault,
        generation=row.generation,
        applied_generation=row.applied_generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
        fixed_ips=tuple(fixed),
        group_ids=tuple(group_ids),
    )


async def _fill(tx: Transaction, rows: Sequence[Row[Any]]) -> list[Port]:
    """Ports with their addresses and groups: two queries however many."""
    ids = [row.id for row in rows]
    if not ids:
        return []
    fixed: dict[str, list[FixedIp]] = {}
    for row in await tx.all(_FIXED_IPS, {"ids": ids}):
        fixed.setdefault(row.port_id, []).append(FixedIp(row.subnet_id, row.address))
    groups: dict[str, list[str]] = {}
    for row in await tx.all(_GROUPS, {"ids": ids}):
        groups.setdefault(row.port_id, []).append(row.group_id)
    return [_port(row, fixed.get(row.id, ()), groups.get(row.id, ())) for row in rows]


def _visible(project_id: str | BindParameter[str] | None) -> ColumnElement[bool]:
    """Own ports, and those on own networks."""
    there = _t.is_deleting.is_(False)
    if project_id is None:
        return there
    own = select(networks.c.id).where(networks.c.project_id == project_id)
    return there & or_(_t.project_id == project_id, _t.network_id.in_(own))


_FIND = {
    is_for_one: Prepared(select(ports).where(_t.id == bindparam("of_id"), _visible(viewer)))
    for is_for_one, viewer in ((False, None), (True, bindparam("viewer_id", type_=String)))
}
"""By whether a project is named."""


async def insert_port(tx: Transaction, group_ids: Collection[str] = (), **values: Any) -> None:
    """Add a port. Raises `Conflict` when its MAC is taken on the network."""
    await tx.run(_INSERT, values)
    await _insert_groups(tx, values["id"], group_ids)


async def _insert_groups(tx: Transaction, id: str, group_ids: Collection[str]) -> None:
    rows = [{"port_id": id, "group_id": group_id} for group_id in sorted(set(group_ids))]
    if rows:
        await tx.run(_INSERT_GROUPS, rows)


async def replace_groups(tx: Transaction, id: str, group_ids: Collection[str]) -> None:
    """Put a port into exactly these groups. Repeatable."""
    await tx.run(delete(port_groups).where(port_groups.c.port_id == id))
    await _insert_groups(tx, id, group_ids)


async def find_port(tx: Transaction, id: str, project_id: str | None = None) -> Port | None:
    """A port that a project may see, or None."""
    viewer = {} if project_id is None else {"viewer_id": project_id}
    row = await tx.first(_FIND[project_id is not None], {"of_id": id, **viewer})
    return None if row is None else (await _fill(tx, [row]))[0]


async def get_port(tx: Transaction, id: str, project_id: str | None) -> Port:
    """A port that a project may see. Raises `NotFound`."""
    port = await find_port(tx, id, project_id)
    if port is None:
        raise NotFound(f"cannot find the port '{id}'")
    return port


async def list_ports(tx: Transaction, listing: Listing) -> tuple[list[Port], bool]:
    """One page of the ports that a project may see, and whether more follow."""
    filters = ADMIN_FILTERS if listing.project_id is None else FILTERS
    query = select(ports).where(_visible(listing.project_id))
    rows, more = await read_list(tx, query, ports, listing, filters)
    return await _fill(tx, rows), more


async def list_ports_by_id(tx: Transaction, ids: Collection[str]) -> list[Port]:
    """Some ports, also those that are going."""
    if not ids:
        return []
    return await _fill(tx, await tx.all(_BY_ID, {"ids": list(ids)}))


async def list_ports_of_server(tx: Transaction, server_id: str) -> list[Port]:
    """The ports that a server claimed, also those that are going, in the order of the claim."""
    return await _fill(tx, await tx.all(_OF_SERVER, {"of_server": server_id}))


async def list_ids_of_server(tx: Transaction, server_id: str) -> set[str]:
    """Ids of the ports that a server has and that are not going."""
    return {row.id for row in await tx.all(_IDS_OF_SERVER, {"of_server": server_id})}


async def list_ports_of_router(tx: Transaction, router_id: str) -> list[Port]:
    """A router's legs, also those that are going, oldest first."""
    return await _fill(tx, await tx.all(_OF_ROUTER, {"of_router": router_id}))


async def list_gateways(tx: Transaction, router_ids: Collection[str]) -> dict[str, Port]:
    """The legs of some routers in external networks, by router."""
    if not router_ids:
        return {}
    rows = await tx.all(_GATEWAYS, {"ids": list(router_ids)})
    return {port.device_id: port for port in await _fill(tx, rows)}


async def list_ports_of_network(tx: Transaction, network_id: str) -> list[Port]:
    """A network's ports that are not going, by id."""
    return await _fill(tx, await tx.all(_OF_NETWORK, {"of_network": network_id}))


async def find_dhcp_port(tx: Transaction, network_id: str) -> Port | None:
    """The port of a network's DHCP service, or None."""
    mine = (_t.network_id == network_id) & (_t.device_owner == DHCP) & _t.is_deleting.is_(False)
    row = await tx.first(select(ports).where(mine))
    return None if row is None else (await _fill(tx, [row]))[0]


async def list_hosts_of_network(tx: Transaction, network_id: str) -> set[str]:
    """The hosts that a port of a network is on, or still is, or is to be."""
    rows = await tx.all(_HOSTS_OF_NETWORK, {"of_network": network_id})
    return {id for row in rows for id in (row.host_id, row.held_host_id) if id is not None}


async def list_networks_on_host(tx: Transaction, host_name: str) -> set[str]:
    """The networks that have a port on a host."""
    query = select(_t.network_id).where(_t.host_name == host_name, _t.is_deleting.is_(False))
    return {row.network_id for row in await tx.all(query.distinct())}


async def list_owners_on_network(tx: Transaction, network_id: str) -> dict[str, str]:
    """Device owners of a network's ports that are not going, by port id."""
    query = select(_t.id, _t.device_owner)
    query = query.where(_t.network_id == network_id, _t.is_deleting.is_(False))
    return {row.id: row.device_owner for row in await tx.all(query)}


async def list_foreign_projects(tx: Transaction, network_id: str, owner: str) -> set[str]:
    """Projects other than the owner that have ports on a network."""
    query = select(_t.project_id).where(
        _t.network_id == network_id, _t.project_id.not_in(["", owner]), _t.is_deleting.is_(False)
    )
    return {row.project_id for row in await tx.all(query.distinct())}


async def list_taken_macs(tx: Transaction, network_id: str, macs: Collection[str]) -> set[str]:
    """Which of these MACs a network has already."""
    named = {"of_network": network_id, "macs": list(macs)}
    return {row.mac for row in await tx.all(_TAKEN_MACS, named)}


async def is_server_of_another(tx: Transaction, device_id: str, project_id: str) -> bool:
    """Whether this is the id of another project's server, as far as its ports tell."""
    query = select(_t.id).where(_t.server_id == device_id, _t.project_id != project_id)
    return await tx.first(query) is not None


async def update_port(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a port."""
    await tx.run(_UPDATE, {"of_id": id, **values})


async def update_ports_of_server(tx: Transaction, server_id: str, **values: Any) -> None:
    """Change columns of the ports that a server has and that are not going."""
    await tx.run(_UPDATE_OF_SERVER, {"of_server": server_id, **values})


async def raise_generation(tx: Transaction, ids: Collection[str]) -> None:
    """Count one more change of each of some ports."""
    await tx.run(_RAISE, {"ids": list(ids)})


async def update_observed(
    tx: Transaction, port: Port, status: PortStatus, fault: str, applied_generation: int
) -> bool:
    """Take note of what hosts say of a port; returns whether its status changed."""
    if (port.status, port.fault, port.applied_generation) != (status, fault, applied_generation):
        values = {"status": status, "fault": fault, "applied_generation": applied_generation}
        await tx.run(_UPDATE, {"of_id": port.id, **values})
    return (port.status, port.fault) != (status, fault)


async def list_unapplied(tx: Transaction) -> list[str]:
    """Ids of guests' ports that go, or that their hosts are not known to agree with."""
    return [row.id for row in await tx.all(_UNAPPLIED)]


_DELETE = [
    Prepared(delete(column.table).where(column == bindparam("of_id")))
    for column in (fixed_ips.c.port_id, port_groups.c.port_id, port_bindings.c.port_id, _t.id)
]


async def delete_port(tx: Transaction, id: str) -> None:
    """Forget a port, its addresses, its groups and its bindings. Repeatable."""
    for statement in _DELETE:
        await tx.run(statement, {"of_id": id})
