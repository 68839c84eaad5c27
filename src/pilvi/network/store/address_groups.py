"""Rows of address groups."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, insert, or_, select, true, update

from pilvi.core.db import Prepared, Transaction
from pilvi.errors import NotFound
from pilvi.network.model.security_group import AddressGroup, AddressGroupId
from pilvi.network.model.sharing import ObjectType
from pilvi.network.store.listing import Filters, Listing, common_filters, read_list
from pilvi.network.store.sharing import is_shared_filter, shared_with
from pilvi.network.store.tables import address_groups, security_group_rules

_t = address_groups.c
_BY_ID = Prepared(select(address_groups).where(_t.id == bindparam("of_id")))
_UNAPPLIED = Prepared(select(_t.id).where(_t.generation != _t.applied_generation))

FILTERS: Filters = {**common_filters(address_groups), "shared": is_shared_filter(_t.id)}


def _group(row: Row[Any]) -> AddressGroup:
    return AddressGroup(
        id=AddressGroupId(row.id),
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        addresses=row.addresses,
        generation=row.generation,
        applied_generation=row.applied_generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _visible(project_id: str | None) -> ColumnElement[bool]:
    if project_id is None:
        return true()
    shared = shared_with(ObjectType.ADDRESS_GROUP, project_id)
    return or_(_t.project_id == project_id, _t.id.in_(shared))


async def insert_address_group(tx: Transaction, **values: Any) -> None:
    """Add a group."""
    await tx.run(insert(address_groups).values(**values))


async def get_address_group(tx: Transaction, id: str, project_id: str | None) -> AddressGroup:
    """A group that a project may see. Raises `NotFound`."""
    row = await tx.first(select(address_groups).where(_t.id == id, _visible(project_id)))
    if row is None:
        raise NotFound(f"cannot find the address group '{id}'")
    return _group(row)


async def find_address_group(tx: Transaction, id: str) -> AddressGroup | None:
    """A group of whatever project, or None."""
    row = await tx.first(_BY_ID, {"of_id": id})
    return None if row is None else _group(row)


async def list_address_groups(tx: Transaction, listing: Listing) -> tuple[list[AddressGroup], bool]:
    """One page of the groups that a project may see, and whether more follow."""
    query = select(address_groups).where(_visible(listing.project_id))
    rows, more = await read_list(tx, query, address_groups, listing, FILTERS)
    return [_group(row) for row in rows], more


async def is_address_group_used(tx: Transaction, id: str) -> bool:
    """Whether a rule names a group."""
    rules = security_group_rules.c
    query = select(rules.id).where(rules.remote_address_group_id == id)
    return await tx.first(query.limit(1)) is not None


async def update_address_group(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a group."""
    await tx.run(update(address_groups).where(_t.id == id).values(**values))


async def list_unapplied(tx: Transaction) -> Sequence[str]:
    """Ids of groups whose newest change has not reached hosts."""
    return [row.id for row in await tx.all(_UNAPPLIED)]


async def delete_address_group(tx: Transaction, id: str) -> None:
    """Forget a group. Repeatable."""
    await tx.run(delete(address_groups).where(_t.id == id))
