"""Rows of volume types and of who may use the private ones."""

from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, or_, select, update

from pilvi.block_storage.model.volume_type import VolumeType
from pilvi.block_storage.store.tables import default_types, volume_type_access, volume_types
from pilvi.core.db import Prepared, Transaction

_t = volume_types.c
_NAMES = Prepared(select(_t.id, _t.name))
_DEFAULT_OF = Prepared(
    select(default_types).where(default_types.c.project_id == bindparam("of_project"))
)
_COLUMNS = tuple(one.name for one in fields(VolumeType))


def _volume_type(row: Row[Any]) -> VolumeType:
    return VolumeType(**{name: getattr(row, name) for name in _COLUMNS})


async def insert_volume_type(tx: Transaction, volume_type: VolumeType) -> None:
    """Add a type. Raises `Conflict` when its name is taken."""
    values = {name: getattr(volume_type, name) for name in _COLUMNS}
    await tx.run(insert(volume_types).values(**values))


async def list_volume_types(
    tx: Transaction, project_id: str | None, **equal: Any
) -> list[VolumeType]:
    """The types that a project may use (None: all), by name."""
    query = _list_query(project_id is not None, tuple(equal))
    values = {f"of_{name}": value for name, value in equal.items()}
    return [_volume_type(row) for row in await tx.all(query, {"user_id": project_id, **values})]


@cache
def _list_query(is_for_one: bool, names: tuple[str, ...]) -> Prepared:
    query = select(volume_types).order_by(_t.created_at.desc(), _t.id)
    if is_for_one:
        mine = volume_type_access.c.project_id == bindparam("user_id")
        given = select(volume_type_access.c.volume_type_id).where(mine)
        query = query.where(or_(_t.is_public.is_(True), _t.id.in_(given)))
    return Prepared(query.where(*(_t[name] == bindparam(f"of_{name}") for name in names)))


async def find_volume_type(
    tx: Transaction, project_id: str | None, **equal: Any
) -> VolumeType | None:
    """The first type that a project may use (None: any) with these values, or None."""
    found = await list_volume_types(tx, project_id, **equal)
    return found[0] if found else None


async def list_names(tx: Transaction) -> dict[str, str]:
    """The name of every type, by id."""
    return {row.id: row.name for row in await tx.all(_NAMES)}


async def update_volume_type(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a type."""
    await tx.run(update(volume_types).where(_t.id == id).values(**values))


async def delete_volume_type(tx: Transaction, id: str) -> None:
    """Remove a type and who may use it."""
    await tx.run(delete(volume_type_access).where(volume_type_access.c.volume_type_id == id))
    await tx.run(delete(volume_types).where(_t.id == id))


async def list_access(tx: Transaction, id: str) -> list[str]:
    """The projects that may use a private type."""
    query = select(volume_type_access.c.project_id).where(volume_type_access.c.volume_type_id == id)
    return [row.project_id for row in await tx.all(query.order_by("project_id"))]


async def insert_access(tx: Transaction, id: str, project_id: str) -> None:
    """Let a project use a private type."""
    values = {"volume_type_id": id, "project_id": project_id}
    await tx.run(insert(volume_type_access).values(**values))


async def delete_access(tx: Transaction, id: str, project_id: str) -> int:
    """Take a private type from a project; returns how many rows went (0 or 1)."""
    a = volume_type_access.c
    return await tx.run(
        delete(volume_type_access).where(a.volume_type_id == id, a.project_id == project_id)
    )


async def find_default_of(tx: Transaction, project_id: str) -> str | None:
    """Id of the type that a project chose for volumes that name none."""
    row = await tx.first(_DEFAULT_OF, {"of_project": project_id})
    return None if row is None else str(row.volume_type_id)


async def list_defaults(tx: Transaction, **equal: str) -> dict[str, str]:
    """The types that projects chose, by project."""
    d = default_types.c
    query = select(default_types).order_by(d.project_id)
    for name, value in equal.items():
        query = query.where(d[name] == value)
    return {row.project_id: row.volume_type_id for row in await tx.all(query)}


async def save_default(tx: Transaction, project_id: str, volume_type_id: str | None) -> None:
    """Choose a project's type, or none. Repeatable."""
    await tx.run(delete(default_types).where(default_types.c.project_id == project_id))
    if volume_type_id is not None:
        values = {"project_id": project_id, "volume_type_id": volume_type_id}
        await tx.run(insert(default_types).values(**values))
