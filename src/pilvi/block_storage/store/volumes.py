"""Rows of volumes."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import msgspec
from sqlalchemy import Row, Select, and_, bindparam, delete, exists, func, insert, select, update

from pilvi.block_storage.model.quota import Used
from pilvi.block_storage.model.volume import Volume, VolumeId, VolumeStatus
from pilvi.block_storage.store.tables import (
    attachments,
    snapshots,
    volume_metadata,
    volume_types,
    volumes,
)
from pilvi.core.db import Prepared, Transaction
from pilvi.core.db.paging import read_page
from pilvi.core.paging import Page
from pilvi.errors import NotFound
from pilvi.host_api.volumes import VolumeSource

_t = volumes.c
_COLUMNS = tuple(one.name for one in fields(Volume))
SORT_COLUMNS = {
    "created_at": _t.created_at,
    "updated_at": _t.updated_at,
    "id": _t.id,
    "status": _t.status,
    "size": _t.size_gib,
    "name": _t.name,
    "display_name": _t.name,
    "availability_zone": _t.availability_zone,
    "bootable": _t.bootable,
}
_TRANSIENT = (
    VolumeStatus.CREATING,
    VolumeStatus.ATTACHING,
    VolumeStatus.DETACHING,
    VolumeStatus.EXTENDING,
    VolumeStatus.REVERTING,
    VolumeStatus.RESTORING,
    VolumeStatus.DOWNLOADING,
    VolumeStatus.DELETING,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeFilter:
    """Which volumes are looked for; what is empty does not matter."""

    project_id: str | None
    """Whose volumes; None is everybody's."""
    equal: Mapping[str, Any] = field(default_factory=dict)
    """Columns with their values."""
    like: Mapping[str, str] = field(default_factory=dict)
    """Columns with a part of their values."""
    metadata: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Values that metadata must have, by kind and key."""
    times: Sequence[tuple[str, str, datetime.datetime]] = ()
    """Column, comparison and moment."""
    volume_type: str | None = None
    """Name of the type."""
    is_nothing: bool = False
    """Whether something is asked that no volume of this cloud can be."""

    def apply(self, query: Select[Any]) -> Select[Any]:
        """The query, narrowed."""
        if self.project_id is not None:
            query = query.where(_t.project_id == self.project_id)
        for name, value in self.equal.items():
            query = query.where(_t[name] == value)
        for name, part in self.like.items():
            query = query.where(_t[name].contains(part, autoescape=True))
        for (kind, key), value in self.metadata.items():
            m = volume_metadata.c
            has = and_(m.volume_id == _t.id, m.kind == kind, m.key == key, m.value == value)
            query = query.where(exists().where(has))
        for name, comparison, moment in self.times:
            query = query.where(COMPARISONS[comparison](_t[name], moment))
        if self.volume_type is not None:
            named = select(volume_types.c.id).where(volume_types.c.name == self.volume_type)
            query = query.where(_t.volume_type_id.in_(named))
        return query.where(_t.id.is_(None)) if self.is_nothing else query


COMPARISONS: Mapping[str, Any] = {
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "eq": lambda column, value: column == value,
    "neq": lambda column, value: column != value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
}


_ANY = select(volumes).where(_t.id == bindparam("of_id"))
_FIND = {False: Prepared(_ANY), True: Prepared(_ANY.where(_t.project_id == bindparam("owner_id")))}
"""By whether a project is named."""
_INSERT = Prepared(insert(volumes))
_UPDATE = Prepared(update(volumes).where(_t.id == bindparam("of_id")))
_DELETE = [
    Prepared(delete(column.table).where(column == bindparam("of_id")))
    for column in (volume_metadata.c.volume_id, _t.id)
]
_FAILED = Prepared(select(func.count()).select_from(volumes).where(_t.status == VolumeStatus.ERROR))
_UNSETTLED = [
    Prepared(select(_t.id).where(_t.failed.is_(False), _t.status.in_(_TRANSIENT))),
    Prepared(
        select(attachments.c.volume_id).where(
            attachments.c.present.is_(False) | attachments.c.exported.is_(False)
        )
    ),
]
_SUM_OF_PROJECT = Prepared(
    select(
        func.count().label("number"), func.coalesce(func.sum(_t.size_gib), 0).label("total")
    ).where(_t.project_id == bindparam("owner_id"))
)
_SUM_BY_TYPE = [
    (
        is_volume,
        Prepared(
            select(
                table.c.volume_type_id,
                func.count().label("number"),
                func.sum(table.c.size_gib).label("total"),
            )
            .where(table.c.project_id == bindparam("owner_id"))
            .group_by(table.c.volume_type_id)
        ),
    )
    for table, is_volume in ((volumes, True), (snapshots, False))
]


def _volume(row: Row[Any]) -> Volume:
    values = {name: getattr(row, name) for name in _COLUMNS}
    values["status"] = VolumeStatus(row.status)
    if row.marked_status is not None:
        values["marked_status"] = VolumeStatus(row.marked_status)
    if row.source is not None:
        values["source"] = msgspec.convert(row.source, VolumeSource)
    return Volume(**values)


async def insert_volume(tx: Transaction, volume: Volume) -> None:
    """Add a volume."""
    await tx.run(_INSERT, {name: getattr(volume, name) for name in _COLUMNS})


async def find_volume(tx: Transaction, id: str, project_id: str | None = None) -> Volume | None:
    """One volume of a project (None: of any), or None."""
    owner = {} if project_id is None else {"owner_id": project_id}
    row = await tx.first(_FIND[project_id is not None], {"of_id": id, **owner})
    return None if row is None else _volume(row)


async def get_volume(tx: Transaction, id: str, project_id: str | None) -> Volume:
    """One volume of a project (None: of any). Raises `NotFound`."""
    volume = await find_volume(tx, id, project_id)
    if volume is None:
        raise NotFound(f"cannot find the volume '{id}'")
    return volume


async def list_volumes(
    tx: Transaction, wanted: VolumeFilter, page: Page, offset: int = 0
) -> tuple[list[Volume], bool]:
    """One page of the volumes that are looked for, and whether more follow."""
    query = wanted.apply(select(volumes)).offset(offset or None)
    rows, more = await read_page(tx, query, volumes, page, SORT_COLUMNS)
    return [_volume(row) for row in rows], more


async def sum_of_project(tx: Transaction, project_id: str) -> Used:
    """How many volumes a project has, and their size."""
    row = await tx.first(_SUM_OF_PROJECT, {"owner_id": project_id})
    assert row is not None
    return Used(volumes=int(row.number), gigabytes=int(row.total))


async def sum_volumes(tx: Transaction, wanted: VolumeFilter) -> Used:
    """How many volumes are looked for, and their size."""
    total = func.coalesce(func.sum(_t.size_gib), 0)
    query = wanted.apply(select(func.count().label("number"), total.label("total")))
    row = await tx.first(query)
    assert row is not None
    return Used(volumes=int(row.number), gigabytes=int(row.total))


async def list_unsettled(tx: Transaction) -> list[str]:
    """Ids of the volumes that are on their way, or whose targets are."""
    found = [row[0] for query in _UNSETTLED for row in await tx.all(query)]
    return list(dict.fromkeys(found))


async def list_by_group(tx: Transaction, group_id: str) -> list[Volume]:
    """The volumes of a group, oldest first."""
    query = select(volumes).where(_t.group_id == group_id).order_by(_t.created_at, _t.id)
    return [_volume(row) for row in await tx.all(query)]


async def list_unfilled(tx: Transaction, source_id: str) -> list[str]:
    """Ids of the volumes whose bytes are still copied from a volume, snapshot or backup."""
    is_filled = _t.seen_size_gib.is_not(None) & (_t.seen_content >= _t.content_generation)
    query = select(_t.id, _t.source).where(
        _t.source.contains(source_id), ~is_filled, _t.present.is_(True), _t.failed.is_(False)
    )
    return [row.id for row in await tx.all(query) if row.source["id"] == source_id]


async def list_failed(tx: Transaction, project_id: str | None) -> list[Volume]:
    """The volumes whose wish is not fulfilled and about which something is known, newest first."""
    query = select(volumes).where(_t.error != "").order_by(_t.desired_at.desc(), _t.id)
    if project_id is not None:
        query = query.where(_t.project_id == project_id)
    return [_volume(row) for row in await tx.all(query)]


async def sum_by_type(tx: Transaction, project_id: str) -> dict[str, Used]:
    """What a project has, by volume type."""
    found: dict[str, Used] = {}
    for is_volume, query in _SUM_BY_TYPE:
        for row in await tx.all(query, {"owner_id": project_id}):
            before = found.get(row.volume_type_id, Used())
            number, size = int(row.number), int(row.total)
            found[row.volume_type_id] = replace(
                before,
                volumes=before.volumes + number * is_volume,
                snapshots=before.snapshots + number * (not is_volume),
                gigabytes=before.gigabytes + size,
            )
    return found


async def sum_by_host(tx: Transaction) -> dict[str, int]:
    """GiB of the volumes that each host keeps, by host."""
    total = func.sum(_t.size_gib).label("total")
    query = select(_t.host_id, total).where(_t.host_id.is_not(None)).group_by(_t.host_id)
    return {row.host_id: int(row.total) for row in await tx.all(query)}


async def sum_projects_of_host(tx: Transaction, host_id: str) -> dict[str, tuple[int, int]]:
    """How many volumes a host keeps and their size, by project."""
    total = func.sum(_t.size_gib).label("total")
    query = select(_t.project_id, func.count().label("number"), total)
    rows = await tx.all(query.where(_t.host_id == host_id).group_by(_t.project_id))
    return {row.project_id: (int(row.number), int(row.total)) for row in rows}


async def count_of_type(tx: Transaction, volume_type_id: str) -> int:
    """How many volumes are of a type."""
    query = select(func.count()).select_from(volumes).where(_t.volume_type_id == volume_type_id)
    return int(await tx.scalar(query))


async def count_failed(tx: Transaction) -> int:
    """How many volumes are in ERROR."""
    return int(await tx.scalar(_FAILED, {}))


async def update_volume(tx: Transaction, id: VolumeId, **values: Any) -> None:
    """Change columns of a volume."""
    await tx.run(_UPDATE, {"of_id": id, **values})


async def delete_volume(tx: Transaction, id: VolumeId) -> None:
    """Remove a volume with its metadata. Repeatable."""
    for statement in _DELETE:
        await tx.run(statement, {"of_id": id})
