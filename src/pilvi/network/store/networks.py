"""Rows of networks."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    bindparam,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    update,
)

from pilvi.core.db import Prepared, Transaction
from pilvi.errors import Conflict, NotFound
from pilvi.network.model.network import (
    ACTIVE,
    PHYSICAL_NETWORK,
    SEGMENT_MAX,
    Network,
    NetworkId,
    NetworkType,
)
from pilvi.network.model.sharing import Action, ObjectType
from pilvi.network.store.listing import (
    Filters,
    Listing,
    column_is,
    common_filters,
    constant,
    read_list,
)
from pilvi.network.store.sharing import shared_with
from pilvi.network.store.tables import networks

_t = networks.c
_UNAPPLIED = Prepared(select(_t.id).where(_t.generation != _t.applied_generation))


def _is_flat(values: Sequence[str]) -> ColumnElement[bool]:
    return _t.network_type == NetworkType.FLAT if PHYSICAL_NETWORK in values else false()


FILTERS: Filters = {
    **common_filters(networks),
    "admin_state_up": _t.admin_state_up,
    "shared": _t.is_shared,
    "router:external": _t.is_external,
    "is_default": _t.is_default,
    "mtu": _t.mtu,
    "port_security_enabled": _t.port_security_enabled,
    "status": constant(ACTIVE),
    "qos_policy_id": _t.qos_policy_id,
}
ADMIN_FILTERS: Filters = {
    **FILTERS,
    "provider:network_type": _t.network_type,
    "provider:segmentation_id": _t.segment,
    "provider:physical_network": _is_flat,
}
SEGMENT_FILTERS: Filters = {
    "id": _t.id,
    "network_id": _t.id,
    "name": _t.segment_name,
    "description": _t.segment_description,
    "revision_number": _t.generation,
    "network_type": _t.network_type,
    "physical_network": _is_flat,
    "segmentation_id": lambda values: (
        column_is(_t.segment, values) & (_t.network_type != NetworkType.FLAT)
    ),
}


def _network(row: Row[Any]) -> Network:
    return Network(
        id=NetworkId(row.id),
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        admin_state_up=row.admin_state_up,
        is_shared=row.is_shared,
        is_external=row.is_external,
        is_default=row.is_default,
        mtu=row.mtu,
        port_security_enabled=row.port_security_enabled,
        network_type=NetworkType(row.network_type),
        segment=row.segment,
        availability_zone_hints=row.availability_zone_hints,
        qos_policy_id=row.qos_policy_id,
        segment_name=row.segment_name,
        segment_description=row.segment_description,
        is_deleting=row.is_deleting,
        generation=row.generation,
        applied_generation=row.applied_generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _visible(project_id: str | BindParameter[str] | None) -> ColumnElement[bool]:
    """Own networks, and those that everybody may see."""
    there = _t.is_deleting.is_(False)
    if project_id is None:
        return there
    return there & or_(
        _t.project_id == project_id, _t.id.in_(shared_with(ObjectType.NETWORK, project_id))
    )


_ANY = select(networks).where(_t.id == bindparam("of_id"))
_FIND_ANY = Prepared(_ANY)
_FIND = {
    False: Prepared(_ANY.where(_visible(None))),
    True: Prepared(_ANY.where(_visible(bindparam("viewer_id")))),
}
"""By whether a project is named."""
_BY_ID = Prepared(select(networks).where(_t.id.in_(bindparam("ids", expanding=True))))
_RAISE = Prepared(
    update(networks)
    .where(_t.id.in_(bindparam("ids", expanding=True)))
    .values(generation=_t.generation + 1)
)
_UPDATE = Prepared(update(networks).where(_t.id == bindparam("of_id")))


async def insert_network(tx: Transaction, **values: Any) -> None:
    """Add a network. Raises `Conflict` when its segment is taken."""
    await tx.run(insert(networks).values(**values))


async def find_network(
    tx: Transaction, id: str, project_id: str | None = None, *, deleting: bool = False
) -> Network | None:
    """A network that a project may see, or None; `deleting`: also one that is going."""
    query = _FIND_ANY if deleting else _FIND[project_id is not None]
    viewer = {} if deleting or project_id is None else {"viewer_id": project_id}
    row = await tx.first(query, {"of_id": id, **viewer})
    return None if row is None else _network(row)


async def get_network(tx: Transaction, id: str, project_id: str | None) -> Network:
    """A network that a project may see. Raises `NotFound`."""
    network = await find_network(tx, id, project_id)
    if network is None:
        raise NotFound(f"cannot find the network '{id}'")
    return network


async def list_networks(tx: Transaction, listing: Listing) -> tuple[list[Network], bool]:
    """One page of the networks that a project may see, and whether more follow."""
    filters = ADMIN_FILTERS if listing.project_id is None else FILTERS
    query = select(networks).where(_visible(listing.project_id))
    rows, more = await read_list(tx, query, networks, listing, filters)
    return [_network(row) for row in rows], more


async def list_segments(tx: Transaction, listing: Listing) -> tuple[list[Network], bool]:
    """One page of all networks as the segments that they are, and whether more follow."""
    query = select(networks).where(_visible(None))
    rows, more = await read_list(tx, query, networks, listing, SEGMENT_FILTERS)
    return [_network(row) for row in rows], more


async def list_networks_by_id(tx: Transaction, ids: Collection[str]) -> dict[str, Network]:
    """Some networks, also those that are going."""
    if not ids:
        return {}
    rows = await tx.all(_BY_ID, {"ids": list(ids)})
    return {row.id: _network(row) for row in rows}


async def list_usable_networks(tx: Transaction, project_id: str) -> list[Network]:
    """The networks that servers of a project may be put on without asking: own and shared."""
    query = select(networks).where(
        _t.is_deleting.is_(False),
        _t.is_external.is_(False),
        or_(
            _t.project_id == project_id,
            _t.id.in_(shared_with(ObjectType.NETWORK, project_id, Action.SHARED)),
        ),
    )
    return [_network(row) for row in await tx.all(query.order_by(_t.created_at, _t.id))]


async def is_uplink_taken(tx: Transaction) -> bool:
    """Whether there is a network that leaves the machine."""
    query = select(_t.id).where(_t.network_type == NetworkType.FLAT)
    return await tx.first(query) is not None


async def choose_segment(tx: Transaction, without: Sequence[tuple[int, int]] = ()) -> int:
    """A segment that no network has and that is in none of some spans, lowest first.

    Raises `Conflict` when all are taken.
    """
    highest = await tx.scalar(select(func.max(_t.segment)))
    following = _leave((highest or 0) + 1, without)
    if following <= SEGMENT_MAX:
        return following
    taken = {row.segment for row in await tx.all(select(_t.segment))}
    free = _leave(1, without)
    while free in taken:
        free = _leave(free + 1, without)
    if free > SEGMENT_MAX:
        raise Conflict("cannot make another network: every segment is taken")
    return free


def _leave(number: int, without: Sequence[tuple[int, int]]) -> int:
    """The first number from one on that is in none of the spans, which ascend."""
    for first, last in without:
        if first <= number <= last:
            number = last + 1
    return number


async def list_segments_within(tx: Transaction, span: tuple[int, int]) -> set[int]:
    """The segments of a span, both ends in it, that networks have."""
    query = select(_t.segment).where(_t.segment.between(*span))
    return {row.segment for row in await tx.all(query)}


async def is_segment_taken(tx: Transaction, segment: int) -> bool:
    """Whether a network has this segment."""
    return await tx.first(select(_t.id).where(_t.segment == segment)) is not None


async def update_network(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a network."""
    await tx.run(_UPDATE, {"of_id": id, **values})


async def raise_generation(tx: Transaction, ids: Collection[str]) -> None:
    """Count one more change of each of some networks."""
    await tx.run(_RAISE, {"ids": list(ids)})


async def list_unapplied(tx: Transaction) -> list[str]:
    """Ids of networks that hosts are not known to agree with."""
    return [row.id for row in await tx.all(_UNAPPLIED)]


async def delete_network(tx: Transaction, id: str) -> None:
    """Forget a network. Repeatable."""
    await tx.run(delete(networks).where(_t.id == id))
