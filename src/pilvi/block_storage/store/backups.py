"""Rows of backups."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, update

from pilvi.block_storage.model.backup import Backup, BackupId, BackupStatus
from pilvi.block_storage.model.quota import Used
from pilvi.block_storage.store.tables import backups
from pilvi.core.db import Prepared, Transaction
from pilvi.core.db.paging import read_page
from pilvi.core.paging import Page
from pilvi.errors import NotFound

_t = backups.c
_COLUMNS = tuple(one.name for one in fields(Backup))
SORT_COLUMNS = {
    "created_at": _t.created_at,
    "updated_at": _t.updated_at,
    "id": _t.id,
    "status": _t.status,
    "name": _t.name,
    "volume_id": _t.volume_id,
    "size": _t.size_gib,
}


_ANY = select(backups).where(_t.id == bindparam("of_id"))
_FIND = {False: Prepared(_ANY), True: Prepared(_ANY.where(_t.project_id == bindparam("owner_id")))}
"""By whether a project is named."""
_UNSETTLED = Prepared(
    select(_t.id).where(_t.present.is_(False) | _t.is_whole.is_(False), _t.failed.is_(False))
)
_SUM = Prepared(
    select(
        func.count().label("number"), func.coalesce(func.sum(_t.size_gib), 0).label("total")
    ).where(_t.project_id == bindparam("owner_id"))
)


def _backup(row: Row[Any]) -> Backup:
    values = dict(row._mapping)
    values = {name: values[name] for name in _COLUMNS}
    values["status"] = BackupStatus(row.status)
    if row.marked_status is not None:
        values["marked_status"] = BackupStatus(row.marked_status)
    return Backup(**values)


async def insert_backup(tx: Transaction, backup: Backup) -> None:
    """Add a backup."""
    await tx.run(insert(backups).values(**{name: getattr(backup, name) for name in _COLUMNS}))


async def find_backup(tx: Transaction, id: str, project_id: str | None = None) -> Backup | None:
    """One backup of a project (None: of any), or None."""
    owner = {} if project_id is None else {"owner_id": project_id}
    row = await tx.first(_FIND[project_id is not None], {"of_id": id, **owner})
    return None if row is None else _backup(row)


async def get_backup(tx: Transaction, id: str, project_id: str | None) -> Backup:
    """One backup of a project (None: of any). Raises `NotFound`."""
    found = await find_backup(tx, id, project_id)
    if found is None:
        raise NotFound(f"cannot find the backup '{id}'")
    return found


async def list_backups(
    tx: Transaction,
    equal: Mapping[str, Any],
    like: Mapping[str, str],
    page: Page,
    offset: int = 0,
) -> tuple[list[Backup], bool]:
    """One page of the backups with these values, and whether more follow."""
    query = select(backups).offset(offset or None)
    for name, value in equal.items():
        query = query.where(_t[name] == value)
    for name, part in like.items():
        query = query.where(_t[name].contains(part, autoescape=True))
    rows, more = await read_page(tx, query, backups, page, SORT_COLUMNS)
    return [_backup(row) for row in rows], more


async def count_backups(tx: Transaction, equal: Mapping[str, Any]) -> int:
    """How many backups have these values."""
    query = select(func.count()).select_from(backups)
    for name, value in equal.items():
        query = query.where(_t[name] == value)
    return int(await tx.scalar(query))


async def list_by(tx: Transaction, **equal: Any) -> list[Backup]:
    """The backups whose columns have these values, newest first."""
    query = select(backups).order_by(_t.created_at.desc(), _t.id)
    for name, value in equal.items():
        query = query.where(_t[name] == value)
    return [_backup(row) for row in await tx.all(query)]


async def list_parents(tx: Transaction, ids: Sequence[str]) -> set[str]:
    """Those of some backups that others depend on."""
    if not ids:
        return set()
    query = select(_t.parent_id).where(_t.parent_id.in_(ids)).distinct()
    return {row.parent_id for row in await tx.all(query)}


async def list_failed(tx: Transaction, project_id: str | None) -> list[Backup]:
    """Those about whose wish something is known that stands in its way, newest first."""
    query = select(backups).where(_t.error != "").order_by(_t.desired_at.desc(), _t.id)
    if project_id is not None:
        query = query.where(_t.project_id == project_id)
    return [_backup(row) for row in await tx.all(query)]


async def list_unsettled(tx: Transaction) -> list[str]:
    """Ids of the backups that are on their way."""
    return [row.id for row in await tx.all(_UNSETTLED)]


async def has_unfinished(tx: Transaction, **equal: Any) -> bool:
    """Whether a backup with these values is being made."""
    query = _unfinished_query(tuple((name, value is None) for name, value in equal.items()))
    values = {f"of_{name}": value for name, value in equal.items()}
    return await tx.first(query, values) is not None


@cache
def _unfinished_query(names: tuple[tuple[str, bool], ...]) -> Prepared:
    """By name of each column, and whether it must have no value."""
    query = select(_t.id).where(_t.is_whole.is_(False), _t.failed.is_(False), _t.present.is_(True))
    for name, is_none in names:
        query = query.where(_t[name].is_(None) if is_none else _t[name] == bindparam(f"of_{name}"))
    return Prepared(query.limit(1))


async def sum_backups(tx: Transaction, project_id: str) -> Used:
    """How many backups a project has, and their size."""
    row = await tx.first(_SUM, {"owner_id": project_id})
    assert row is not None
    return Used(backups=int(row.number), backup_gigabytes=int(row.total))


async def update_backup(tx: Transaction, id: BackupId, **values: Any) -> None:
    """Change columns of a backup."""
    await tx.run(update(backups).where(_t.id == id).values(**values))


async def delete_backup(tx: Transaction, id: BackupId) -> None:
    """Remove a backup. Repeatable."""
    await tx.run(delete(backups).where(_t.id == id))
