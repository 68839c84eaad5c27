"""Rows of flavors, of service profiles, and of which belong together."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, delete, exists, insert, select, update

from pilvi.core.db import Transaction, now
from pilvi.errors import NotFound
from pilvi.network.model.flavor import Flavor, FlavorId, ServiceProfile, ServiceProfileId
from pilvi.network.store.admin_tables import flavor_profiles, flavors, service_profiles
from pilvi.network.store.listing import Filters, Listing, read_list

_f, _p, _b = flavors.c, service_profiles.c, flavor_profiles.c


FLAVOR_FILTERS: Filters = {
    "id": _f.id,
    "name": _f.name,
    "description": _f.description,
    "service_type": _f.service_type,
    "enabled": _f.is_enabled,
    "service_profiles": lambda values: exists(
        select(_b.flavor_id).where(_b.flavor_id == _f.id, _b.profile_id.in_(values))
    ),
}
PROFILE_FILTERS: Filters = {
    "id": _p.id,
    "description": _p.description,
    "driver": _p.driver,
    "enabled": _p.is_enabled,
    "metainfo": _p.metainfo,
}


async def _flavors(tx: Transaction, rows: Sequence[Row[Any]]) -> list[Flavor]:
    bound = await _list_bound(tx, [row.id for row in rows])
    return [
        Flavor(
            id=FlavorId(row.id),
            name=row.name,
            description=row.description,
            service_type=row.service_type,
            is_enabled=row.is_enabled,
            profile_ids=tuple(bound.get(row.id, ())),
        )
        for row in rows
    ]


async def _list_bound(tx: Transaction, ids: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if ids:
        query = select(flavor_profiles).where(_b.flavor_id.in_(ids))
        for row in await tx.all(query.order_by(_b.created_at, _b.profile_id)):
            found.setdefault(row.flavor_id, []).append(row.profile_id)
    return found


def _profile(row: Row[Any]) -> ServiceProfile:
    return ServiceProfile(
        id=ServiceProfileId(row.id),
        description=row.description,
        driver=row.driver,
        is_enabled=row.is_enabled,
        metainfo=row.metainfo,
    )


async def insert_flavor(tx: Transaction, **values: Any) -> None:
    """Add a flavor."""
    await tx.run(insert(flavors).values(**values, created_at=now()))


async def get_flavor(tx: Transaction, id: str) -> Flavor:
    """A flavor. Raises `NotFound`."""
    rows = await tx.all(select(flavors).where(_f.id == id))
    if not rows:
        raise NotFound(f"cannot find the flavor '{id}'")
    return (await _flavors(tx, rows))[0]


async def list_flavors(tx: Transaction, listing: Listing) -> tuple[list[Flavor], bool]:
    """One page of the flavors, and whether more follow."""
    rows, more = await read_list(tx, select(flavors), flavors, listing, FLAVOR_FILTERS)
    return await _flavors(tx, rows), more


async def update_flavor(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a flavor."""
    await tx.run(update(flavors).where(_f.id == id).values(**values))


async def delete_flavor(tx: Transaction, id: str) -> None:
    """Forget a flavor and which profiles it has. Repeatable."""
    await tx.run(delete(flavor_profiles).where(_b.flavor_id == id))
    await tx.run(delete(flavors).where(_f.id == id))


async def insert_profile(tx: Transaction, **values: Any) -> None:
    """Add a service profile."""
    await tx.run(insert(service_profiles).values(**values, created_at=now()))


async def get_profile(tx: Transaction, id: str) -> ServiceProfile:
    """A service profile. Raises `NotFound`."""
    row = await tx.first(select(service_profiles).where(_p.id == id))
    if row is None:
        raise NotFound(f"cannot find the service profile '{id}'")
    return _profile(row)


async def list_profiles(tx: Transaction, listing: Listing) -> tuple[list[ServiceProfile], bool]:
    """One page of the service profiles, and whether more follow."""
    query = select(service_profiles)
    rows, more = await read_list(tx, query, service_profiles, listing, PROFILE_FILTERS)
    return [_profile(row) for row in rows], more


async def update_profile(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a service profile."""
    await tx.run(update(service_profiles).where(_p.id == id).values(**values))


async def delete_profile(tx: Transaction, id: str) -> None:
    """Forget a service profile. Repeatable."""
    await tx.run(delete(service_profiles).where(_p.id == id))


async def is_profile_used(tx: Transaction, id: str) -> bool:
    """Whether a flavor has a service profile."""
    return await tx.first(select(_b.flavor_id).where(_b.profile_id == id).limit(1)) is not None


async def bind_profile(tx: Transaction, flavor_id: str, profile_id: str) -> None:
    """Give a flavor one more profile. Raises `Conflict` when it has it."""
    row = {"flavor_id": flavor_id, "profile_id": profile_id, "created_at": now()}
    await tx.run(insert(flavor_profiles).values(**row))


async def unbind_profile(tx: Transaction, flavor_id: str, profile_id: str) -> None:
    """Take a profile from a flavor. Repeatable."""
    mine = (_b.flavor_id == flavor_id) & (_b.profile_id == profile_id)
    await tx.run(delete(flavor_profiles).where(mine))
