"""Rows of flavors and of who may use the private ones."""

from typing import Any

from sqlalchemy import (
    BindParameter,
    Row,
    Select,
    bindparam,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from pilvi.compute.model.flavor import Flavor
from pilvi.compute.store.tables import flavor_access, flavors
from pilvi.core.db import Prepared, Transaction
from pilvi.core.db.paging import read_page
from pilvi.core.paging import Page
from pilvi.errors import NotFound

_COLUMNS = [column.name for column in flavors.columns]
_SORTS = {
    "flavorid": flavors.c.id,
    "id": flavors.c.id,
    "name": flavors.c.name,
    "vcpus": flavors.c.vcpus,
    "memory_mb": flavors.c.memory_mib,
    "root_gb": flavors.c.disk_gib,
    "ephemeral_gb": flavors.c.ephemeral_gib,
    "swap": flavors.c.swap_mib,
    "rxtx_factor": flavors.c.rxtx_factor,
    "is_public": flavors.c.is_public,
    "created_at": flavors.c.created_at,
    "updated_at": flavors.c.created_at,
    "vcpu_weight": flavors.c.vcpus,
    "disabled": flavors.c.is_public,
    "description": flavors.c.description,
}


def _flavor(row: Row[Any]) -> Flavor:
    return Flavor(**row._mapping)


def _visible(project_id: str | BindParameter[str] | None) -> Select[Any]:
    """The flavors that a project may use; None is all."""
    query = select(flavors)
    if project_id is None:
        return query
    granted = exists().where(
        flavor_access.c.flavor_id == flavors.c.id, flavor_access.c.project_id == project_id
    )
    return query.where(or_(flavors.c.is_public, granted))


_ANY = Prepared(_visible(None).where(flavors.c.id == bindparam("flavor_id")))
_USABLE = Prepared(_visible(bindparam("project_id")).where(flavors.c.id == bindparam("flavor_id")))


_INSERT = Prepared(insert(flavors))
_TAKEN = Prepared(
    select(flavors).where(
        or_(flavors.c.id == bindparam("of_id"), flavors.c.name == bindparam("of_name"))
    )
)


async def insert_flavor(tx: Transaction, flavor: Flavor) -> None:
    """Add a flavor. Raises `Conflict` when its id or name is taken."""
    await tx.run(_INSERT, {name: getattr(flavor, name) for name in _COLUMNS})


async def get_flavor(tx: Transaction, id: str, project_id: str | None) -> Flavor:
    """One flavor that the project may use (None: any). Raises `NotFound`."""
    if project_id is None:
        row = await tx.first(_ANY, {"flavor_id": id})
    else:
        row = await tx.first(_USABLE, {"flavor_id": id, "project_id": project_id})
    if row is None:
        raise NotFound(f"cannot find the flavor '{id}'")
    return _flavor(row)


async def find_taken(tx: Transaction, id: str, name: str) -> Flavor | None:
    """A flavor that has this id or this name already, or None."""
    row = await tx.first(_TAKEN, {"of_id": id, "of_name": name})
    return None if row is None else _flavor(row)


async def list_flavors(  # noqa: PLR0913  # one for each filter of the API
    tx: Transaction,
    project_id: str | None,
    page: Page,
    *,
    is_public: bool | None = None,
    min_disk_gib: int = 0,
    min_memory_mib: int = 0,
    name: str | None = None,
) -> tuple[list[Flavor], bool]:
    """One page of the flavors that a project may use, and whether more follow."""
    query = _visible(project_id).where(
        flavors.c.disk_gib >= min_disk_gib, flavors.c.memory_mib >= min_memory_mib
    )
    if name is not None:
        query = query.where(flavors.c.name == name)
    if is_public is not None:
        query = query.where(flavors.c.is_public.is_(is_public))
    rows, more = await read_page(tx, query, flavors, page, _SORTS)
    return [_flavor(row) for row in rows], more


async def update_flavor(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a flavor."""
    await tx.run(update(flavors).where(flavors.c.id == id).values(**values))


async def delete_flavor(tx: Transaction, id: str) -> None:
    """Remove a flavor and who may use it."""
    await tx.run(delete(flavor_access).where(flavor_access.c.flavor_id == id))
    await tx.run(delete(flavors).where(flavors.c.id == id))


async def list_access(tx: Transaction, id: str) -> list[str]:
    """Ids of the projects that may use a private flavor."""
    query = select(flavor_access.c.project_id).where(flavor_access.c.flavor_id == id)
    return [row.project_id for row in await tx.all(query.order_by(flavor_access.c.project_id))]


async def insert_access(tx: Transaction, id: str, project_id: str) -> None:
    """Let a project use a private flavor. Raises `Conflict` when it may already."""
    await tx.run(insert(flavor_access).values(flavor_id=id, project_id=project_id))


async def delete_access(tx: Transaction, id: str, project_id: str) -> int:
    """Take a private flavor from a project; returns how many rows went."""
    mine = (flavor_access.c.flavor_id == id) & (flavor_access.c.project_id == project_id)
    return await tx.run(delete(flavor_access).where(mine))
