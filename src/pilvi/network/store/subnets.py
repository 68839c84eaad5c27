"""Rows of subnets and of the addresses that are given in them."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    bindparam,
    delete,
    false,
    func,
    insert,
    not_,
    or_,
    select,
    true,
    update,
)

from pilvi.core.db import Prepared, Transaction
from pilvi.errors import NotFound
from pilvi.network.model.address import Span, to_number
from pilvi.network.model.network import NetworkId, Subnet, SubnetId
from pilvi.network.model.sharing import Action, ObjectType
from pilvi.network.store.listing import Filters, Listing, common_filters, constant, read_list
from pilvi.network.store.sharing import shared_with
from pilvi.network.store.tables import fixed_ips, networks, ports, subnets

_t = subnets.c
_f = fixed_ips.c
_BY_ID = Prepared(select(subnets).where(_t.id.in_(bindparam("ids", expanding=True))))
_UPDATE = Prepared(update(subnets).where(_t.id == bindparam("of_id")))
_USED = Prepared(
    select(_f.number).where(
        _f.subnet_id == bindparam("of_subnet"),
        _f.number.between(bindparam("first"), bindparam("last")),
    )
)
_GIVE = Prepared(insert(fixed_ips))
_OF_NETWORKS = Prepared(
    select(subnets)
    .where(_t.network_id.in_(bindparam("ids", expanding=True)))
    .order_by(_t.created_at, _t.id)
)

FILTERS: Filters = {
    **common_filters(subnets),
    "network_id": _t.network_id,
    "cidr": _t.cidr,
    "gateway_ip": _t.gateway_ip,
    "enable_dhcp": _t.enable_dhcp,
    "ip_version": lambda values: _has_version(values),
    "ipv6_address_mode": _t.address_mode,
    "ipv6_ra_mode": _t.ra_mode,
    "subnetpool_id": _t.subnetpool_id,
    "segment_id": constant(None),
    "shared": lambda values: _t.network_id.in_(
        select(networks.c.id).where(networks.c.is_shared.in_([v.lower() == "true" for v in values]))
    ),
}


def _has_version(values: Sequence[str]) -> ColumnElement[bool]:
    is_ipv6 = _t.cidr.contains(":")
    return or_(false(), *(is_ipv6 if value == "6" else not_(is_ipv6) for value in values))


def _subnet(row: Row[Any]) -> Subnet:
    return Subnet(
        id=SubnetId(row.id),
        project_id=row.project_id,
        network_id=NetworkId(row.network_id),
        name=row.name,
        description=row.description,
        cidr=row.cidr,
        gateway_ip=row.gateway_ip,
        enable_dhcp=row.enable_dhcp,
        pools=[(int(low), int(high)) for low, high in row.pools],
        dns_nameservers=row.dns_nameservers,
        host_routes=[(destination, via) for destination, via in row.host_routes],
        next_number=row.next_number,
        ra_mode=row.ra_mode,
        address_mode=row.address_mode,
        subnetpool_id=row.subnetpool_id,
        generation=row.generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _visible(project_id: str | None) -> ColumnElement[bool]:
    """Own subnets, those on own networks, and those on shared networks."""
    if project_id is None:
        return true()
    own = select(networks.c.id).where(networks.c.project_id == project_id)
    return or_(
        _t.project_id == project_id,
        _t.network_id.in_(own),
        _t.network_id.in_(shared_with(ObjectType.NETWORK, project_id, Action.SHARED)),
    )


async def insert_subnet(tx: Transaction, **values: Any) -> None:
    """Add a subnet."""
    await tx.run(insert(subnets).values(**_columns(values)))


async def find_subnet(tx: Transaction, id: str, project_id: str | None = None) -> Subnet | None:
    """A subnet that a project may see, or None."""
    row = await tx.first(select(subnets).where(_t.id == id, _visible(project_id)))
    return None if row is None else _subnet(row)


async def get_subnet(tx: Transaction, id: str, project_id: str | None) -> Subnet:
    """A subnet that a project may see. Raises `NotFound`."""
    subnet = await find_subnet(tx, id, project_id)
    if subnet is None:
        raise NotFound(f"cannot find the subnet '{id}'")
    return subnet


async def list_subnets(tx: Transaction, listing: Listing) -> tuple[list[Subnet], bool]:
    """One page of the subnets that a project may see, and whether more follow."""
    query = select(subnets).where(_visible(listing.project_id))
    rows, more = await read_list(tx, query, subnets, listing, FILTERS)
    return [_subnet(row) for row in rows], more


async def list_subnets_of(tx: Transaction, network_ids: Collection[str]) -> list[Subnet]:
    """The subnets of some networks, oldest first."""
    if not network_ids:
        return []
    return [_subnet(row) for row in await tx.all(_OF_NETWORKS, {"ids": list(network_ids)})]


async def list_subnets_by_id(tx: Transaction, ids: Collection[str]) -> dict[str, Subnet]:
    """Some subnets."""
    if not ids:
        return {}
    return {row.id: _subnet(row) for row in await tx.all(_BY_ID, {"ids": list(ids)})}


async def list_subnet_ids(tx: Transaction, network_ids: Sequence[str]) -> dict[str, list[str]]:
    """Ids of the subnets of some networks, oldest first."""
    found: dict[str, list[str]] = {id: [] for id in network_ids}
    if network_ids:
        query = select(_t.id, _t.network_id).where(_t.network_id.in_(network_ids))
        for row in await tx.all(query.order_by(_t.created_at, _t.id)):
            found[row.network_id].append(row.id)
    return found


async def update_subnet(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a subnet."""
    await tx.run(_UPDATE, {"of_id": id, **_columns(values)})


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    """Pools as text: IPv6 has numbers beyond what JSON carries."""
    if "pools" not in values:
        return values
    return {**values, "pools": [(str(low), str(high)) for low, high in values["pools"]]}


def _digits(number: int) -> str:
    return f"{number:032x}"


async def delete_subnet(tx: Transaction, id: str) -> None:
    """Forget a subnet and the addresses that ports which are going still have in it."""
    await tx.run(delete(fixed_ips).where(fixed_ips.c.subnet_id == id))
    await tx.run(delete(subnets).where(_t.id == id))


async def list_used_numbers(tx: Transaction, subnet_id: str, window: Span) -> set[int]:
    """Which addresses of a piece of a subnet are given."""
    named = {"of_subnet": subnet_id, "first": _digits(window[0]), "last": _digits(window[1])}
    return {int(row.number, 16) for row in await tx.all(_USED, named)}


async def insert_fixed_ip(
    tx: Transaction, port_id: str, subnet_id: str, address: str, place: int = 0
) -> None:
    """Give a port an address. Raises `Conflict` when another port has it."""
    number = _digits(to_number(address))
    values = {"subnet_id": subnet_id, "number": number, "address": address}
    await tx.run(_GIVE, {**values, "port_id": port_id, "place": place})


async def delete_fixed_ips(
    tx: Transaction, port_id: str, addresses: Collection[str] | None = None
) -> None:
    """Take addresses (None: all) from a port. Repeatable."""
    mine = fixed_ips.c.port_id == port_id
    if addresses is not None:
        mine = mine & fixed_ips.c.address.in_(addresses)
    await tx.run(delete(fixed_ips).where(mine))


async def count_addresses(tx: Transaction, subnet_ids: Collection[str]) -> dict[str, int]:
    """How many addresses are given in each of some subnets."""
    query = select(fixed_ips.c.subnet_id, func.count().label("used"))
    query = query.where(fixed_ips.c.subnet_id.in_(subnet_ids)).group_by(fixed_ips.c.subnet_id)
    return {row.subnet_id: row.used for row in await tx.all(query)}


async def list_owners(tx: Transaction, subnet_id: str) -> dict[str, str]:
    """The ports that have an address in a subnet and are not going: id and device owner."""
    query = (
        select(ports.c.id, ports.c.device_owner)
        .join_from(fixed_ips, ports, fixed_ips.c.port_id == ports.c.id)
        .where(fixed_ips.c.subnet_id == subnet_id, ports.c.is_deleting.is_(False))
    )
    return {row.id: row.device_owner for row in await tx.all(query)}
