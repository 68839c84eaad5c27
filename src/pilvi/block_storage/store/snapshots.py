"""Rows of snapshots and of what users say about them."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, delete, exists, func, insert, select, update

from pilvi.block_storage.model.quota import Used
from pilvi.block_storage.model.snapshot import Snapshot, SnapshotId, SnapshotStatus
from pilvi.block_storage.store.tables import snapshot_metadata, snapshots
from pilvi.block_storage.store.volumes import COMPARISONS
from pilvi.core.db import Prepared, Transaction
from pilvi.core.db.paging import read_page
from pilvi.core.paging import Page
from pilvi.errors import NotFound

_t, _m = snapshots.c, snapshot_metadata.c
_COLUMNS = tuple(one.name for one in fields(Snapshot))
SORT_COLUMNS = {
    "created_at": _t.created_at,
    "updated_at": _t.updated_at,
    "id": _t.id,
    "status": _t.status,
    "name": _t.name,
    "display_name": _t.name,
    "volume_id": _t.volume_id,
    "volume_size": _t.size_gib,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotFilter:
    """Which snapshots are looked for; what is empty does not matter."""

    equal: Mapping[str, Any] = field(default_factory=dict)
    """Columns with their values."""
    like: Mapping[str, str] = field(default_factory=dict)
    """Columns with a part of their values."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Values that metadata must have, by key."""
    times: Sequence[tuple[str, str, datetime.datetime]] = ()
    """Column, comparison and moment."""
    is_nothing: bool = False
    """Whether something is asked that no snapshot of this cloud can be."""

    def apply(self, query: Select[Any]) -> Select[Any]:
        """The query, narrowed."""
        for name, value in self.equal.items():
            query = query.where(_t[name] == value)
        for name, part in self.like.items():
            query = query.where(_t[name].contains(part, autoescape=True))
        for key, value in self.metadata.items():
            has = and_(_m.snapshot_id == _t.id, _m.key == key, _m.value == value)
            query = query.where(exists().where(has))
        for name, comparison, moment in self.times:
            query = query.where(COMPARISONS[comparison](_t[name], moment))
        return query.where(_t.id.is_(None)) if self.is_nothing else query


_ANY = select(snapshots).where(_t.id == bindparam("of_id"))
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
_UPDATE = Prepared(update(snapshots).where(_t.id == bindparam("of_id")))
_METADATA = Prepared(
    select(snapshot_metadata)
    .where(_m.snapshot_id.in_(bindparam("ids", expanding=True)))
    .order_by(_m.key)
)


def _snapshot(row: Row[Any]) -> Snapshot:
    values = {name: getattr(row, name) for name in _COLUMNS}
    values["status"] = SnapshotStatus(row.status)
    if row.marked_status is not None:
        values["marked_status"] = SnapshotStatus(row.marked_status)
    return Snapshot(**values)


async def insert_snapshot(tx: Transaction, snapshot: Snapshot) -> None:
    """Add a snapshot."""
    await tx.run(insert(snapshots).values(**{name: getattr(snapshot, name) for name in _COLUMNS}))


async def find_snapshot(tx: Transaction, id: str, project_id: str | None = None) -> Snapshot | None:
    """One snapshot of a project (None: of any), or None."""
    owner = {} if project_id is None else {"owner_id": project_id}
    row = await tx.first(_FIND[project_id is not None], {"of_id": id, **owner})
    return None if row is None else _snapshot(row)


async def get_snapshot(tx: Transaction, id: str, project_id: str | None) -> Snapshot:
    """One snapshot of a project (None: of any). Raises `NotFound`."""
    found = await find_snapshot(tx, id, project_id)
    if found is None:
        raise NotFound(f"cannot find the snapshot '{id}'")
    return found


async def list_snapshots(
    tx: Transaction, wanted: SnapshotFilter, page: Page, offset: int = 0
) -> tuple[list[Snapshot], bool]:
    """One page of the snapshots that are looked for, and whether more follow."""
    query = wanted.apply(select(snapshots)).offset(offset or None)
    rows, more = await read_page(tx, query, snapshots, page, SORT_COLUMNS)
    return [_snapshot(row) for row in rows], more


async def count_snapshots(tx: Transaction, wanted: SnapshotFilter) -> int:
    """How many snapshots are looked for."""
    return int(await tx.scalar(wanted.apply(select(func.count()).select_from(snapshots))))


async def list_by(tx: Transaction, **equal: Any) -> list[Snapshot]:
    """The snapshots whose columns have these values, newest first."""
    values = {f"of_{name}": value for name, value in equal.items()}
    return [_snapshot(row) for row in await tx.all(_list_query(tuple(equal)), values)]


@cache
def _list_query(names: tuple[str, ...]) -> Prepared:
    query = select(snapshots).order_by(_t.created_at.desc(), _t.id)
    return Prepared(query.where(*(_t[name] == bindparam(f"of_{name}") for name in names)))


async def list_failed(tx: Transaction, project_id: str | None) -> list[Snapshot]:
    """Those about whose wish something is known that stands in its way, newest first."""
    query = select(snapshots).where(_t.error != "").order_by(_t.desired_at.desc(), _t.id)
    if project_id is not None:
        query = query.where(_t.project_id == project_id)
    return [_snapshot(row) for row in await tx.all(query)]


async def list_unsettled(tx: Transaction) -> list[str]:
    """Ids of the snapshots that are on their way."""
    return [row.id for row in await tx.all(_UNSETTLED)]


async def sum_snapshots(tx: Transaction, project_id: str) -> Used:
    """How many snapshots a project has, and their size."""
    row = await tx.first(_SUM, {"owner_id": project_id})
    assert row is not None
    return Used(snapshots=int(row.number), gigabytes=int(row.total))


async def sum_by_host(tx: Transaction, host_id: str) -> dict[str, tuple[int, int]]:
    """How many snapshots a host keeps and their size, by project."""
    total = func.sum(_t.size_gib).label("total")
    query = select(_t.project_id, func.count().label("number"), total)
    rows = await tx.all(query.where(_t.host_id == host_id).group_by(_t.project_id))
    return {row.project_id: (int(row.number), int(row.total)) for row in rows}


async def list_failed_snapshots(tx: Transaction, project_id: str | None) -> list[Snapshot]:
    """The snapshots whose wish is not fulfilled and of which something is known."""
    query = select(snapshots).where(_t.error != "").order_by(_t.id)
    if project_id is not None:
        query = query.where(_t.project_id == project_id)
    return [_snapshot(row) for row in await tx.all(query)]


async def update_snapshot(tx: Transaction, id: SnapshotId, **values: Any) -> None:
    """Change columns of a snapshot."""
    await tx.run(_UPDATE, {"of_id": id, **values})


async def delete_snapshot(tx: Transaction, id: SnapshotId) -> None:
    """Remove a snapshot with its metadata. Repeatable."""
    await tx.run(delete(snapshot_metadata).where(_m.snapshot_id == id))
    await tx.run(delete(snapshots).where(_t.id == id))


async def list_metadata(tx: Transaction, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """The metadata of some snapshots, by snapshot; one without any is left out."""
    found: dict[str, dict[str, str]] = {}
    if ids:
        for row in await tx.all(_METADATA, {"ids": list(ids)}):
            found.setdefault(row.snapshot_id, {})[row.key] = row.value
    return found


async def replace_metadata(tx: Transaction, id: str, wanted: Mapping[str, str]) -> None:
    """Give a snapshot exactly this metadata."""
    await tx.run(delete(snapshot_metadata).where(_m.snapshot_id == id))
    for key, value in wanted.items():
        await tx.run(insert(snapshot_metadata).values(snapshot_id=id, key=key, value=value))
