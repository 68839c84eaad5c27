"""Rows of images, their properties and tags."""

import datetime
import uuid
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from pilvi.core.db import Prepared, Transaction
from pilvi.core.db.paging import read_page
from pilvi.core.paging import Page
from pilvi.image.model.image import (
    ContainerFormat,
    DiskFormat,
    Image,
    ImageId,
    ImportOutcome,
    Status,
    Viewer,
    Visibility,
)
from pilvi.image.model.image_filter import ImageFilter, TimeOperator
from pilvi.image.model.member import MemberStatus
from pilvi.image.store.tables import images, members, properties, retired_ids, tags

_i = images.c
_COLUMNS = tuple(name for name in _i.keys() if name != "id")  # noqa: SIM118
_PROPERTIES = Prepared(
    select(properties)
    .where(properties.c.image_id.in_(bindparam("ids", expanding=True)))
    .order_by(properties.c.name)
)
_TAGS = Prepared(
    select(tags).where(tags.c.image_id.in_(bindparam("ids", expanding=True))).order_by(tags.c.tag)
)
_INSERT = Prepared(insert(images))
_INSERT_PROPERTIES = Prepared(insert(properties))
_USED_BLOBS = Prepared(
    select(_i.sha512).where(_i.sha512.in_(bindparam("digests", expanding=True))).distinct()
)
_SUM = Prepared(
    select(
        func.count().label("images"), func.coalesce(func.sum(_i.size_bytes), 0).label("bytes")
    ).where(_i.owner == bindparam("of_owner"))
)
_UPDATE = Prepared(update(images).where(_i.id == bindparam("of_id")))
_DELETE = [
    Prepared(delete(column.table).where(column == bindparam("of_id")))
    for column in (properties.c.image_id, tags.c.image_id, members.c.image_id, _i.id)
]
_RETIRE = Prepared(insert(retired_ids))
_TAKEN = [
    Prepared(select(column).where(column == bindparam("of_id")))
    for column in (_i.id, retired_ids.c.id)
]
SORT_COLUMNS: dict[str, ColumnElement[Any]] = {
    "name": _i.name,
    "status": _i.status,
    "container_format": _i.container_format,
    "disk_format": _i.disk_format,
    "size": _i.size_bytes,
    "id": _i.id,
    "created_at": _i.created_at,
    "updated_at": _i.updated_at,
}


async def insert_image(tx: Transaction, image: Image) -> None:
    """Add an image with its properties and tags."""
    values = {name: getattr(image, name) for name in _COLUMNS}
    await tx.run(_INSERT, {"id": image.id, **values})
    await _insert_properties(tx, image)
    await _insert_tags(tx, image)


async def update_image(tx: Transaction, image: Image, before: Image) -> None:
    """Make the rows of an image equal to `image`; `before` is what they hold now."""
    values = {
        name: getattr(image, name)
        for name in _COLUMNS
        if getattr(image, name) != getattr(before, name)
    }
    if values:
        await tx.run(_UPDATE, {"of_id": image.id, **values})
    if image.properties != before.properties:
        await tx.run(delete(properties).where(properties.c.image_id == image.id))
        await _insert_properties(tx, image)
    if set(image.tags) != set(before.tags):
        await tx.run(delete(tags).where(tags.c.image_id == image.id))
        await _insert_tags(tx, image)


async def delete_image(tx: Transaction, id: ImageId) -> None:
    """Remove an image with all that belongs to it; its id is never free again."""
    for statement in _DELETE:
        await tx.run(statement, {"of_id": id})
    await tx.run(_RETIRE, {"id": id})


async def is_id_taken(tx: Transaction, id: str) -> bool:
    """Whether an image has, or ever had, this id."""
    for query in _TAKEN:
        if await tx.first(query, {"of_id": id}) is not None:
            return True
    return False


async def find_image(
    tx: Transaction, id: str, viewer: Viewer, member_status: MemberStatus | None
) -> Image | None:
    """One image that the viewer may see, or None.

    A shared image is seen by the projects whose membership has `member_status`; None is any.
    """
    if not _is_uuid(id):
        return None
    named = {"of_id": id.lower(), "viewer_id": viewer.project_id, "of_status": member_status}
    row = await tx.first(_find_query(viewer.is_admin, member_status is None), named)
    return None if row is None else (await _read(tx, [row]))[0]


@cache
def _find_query(is_admin: bool, is_any_member: bool) -> Prepared:
    found = select(images).where(_i.id == bindparam("of_id"))
    if not is_admin:
        status: BindParameter[str] = bindparam("of_status")
        seen = _is_seen(bindparam("viewer_id"), None if is_any_member else status)
        found = found.where(seen)
    return Prepared(found)


async def list_images(
    tx: Transaction, viewer: Viewer, wanted: ImageFilter, page: Page
) -> tuple[list[Image], bool]:
    """One page of the images that the viewer may see and asks for, and whether more follow."""
    conditions = [
        _visible(viewer, wanted.member_status),
        *_visibility_conditions(viewer, wanted),
        *_column_conditions(wanted),
        *(_has_tag(tag) for tag in wanted.tags),
        *(_has_property(name, value) for name, value in wanted.properties),
    ]
    query = select(images).where(*conditions)
    rows, more = await read_page(tx, query, images, page, SORT_COLUMNS)
    return await _read(tx, rows), more


async def count_images(tx: Transaction, owner: str) -> tuple[int, int]:
    """How many images a project has, and how many bytes."""
    row = await tx.first(_SUM, {"of_owner": owner})
    assert row is not None
    return int(row.images), int(row.bytes)


async def list_contents(tx: Transaction) -> set[str]:
    """The sha512 of every content that an image has."""
    query = select(_i.sha512).where(_i.sha512.is_not(None)).distinct()
    return {row.sha512 for row in await tx.all(query)}


async def list_used_blobs(tx: Transaction, sha512: Sequence[str]) -> set[str]:
    """Those of some contents that an image has."""
    return {row.sha512 for row in await tx.all(_USED_BLOBS, {"digests": list(sha512)})}


def _visible(viewer: Viewer, member_status: MemberStatus | None) -> ColumnElement[bool]:
    return true() if viewer.is_admin else _is_seen(viewer.project_id, member_status)


def _is_seen(
    project_id: str | BindParameter[str], member_status: str | BindParameter[str] | None
) -> ColumnElement[bool]:
    mine = and_(members.c.image_id == _i.id, members.c.member_id == project_id)
    if member_status is not None:
        mine = and_(mine, members.c.status == member_status)
    return or_(
        _i.owner == project_id,
        _i.visibility.in_([Visibility.PUBLIC, Visibility.COMMUNITY]),
        and_(_i.visibility == Visibility.SHARED, exists().where(mine)),
    )


def _visibility_conditions(viewer: Viewer, wanted: ImageFilter) -> list[ColumnElement[bool]]:
    if wanted.visibility is not None:
        return [_i.visibility == wanted.visibility]
    if wanted.all_visibilities:
        return []
    return [or_(_i.visibility != Visibility.COMMUNITY, _i.owner == viewer.project_id)]


def _column_conditions(wanted: ImageFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_i.hidden.is_(wanted.hidden)]
    found += [_i[name].in_(values) for name, values in wanted.anyof]
    found += [_i[name] == number for name, number in wanted.numbers]
    found += [_compare(_i[name], operator, moment) for name, operator, moment in wanted.times]
    if wanted.size_bytes_min is not None:
        found.append(_i.size_bytes >= wanted.size_bytes_min)
    if wanted.size_bytes_max is not None:
        found.append(_i.size_bytes <= wanted.size_bytes_max)
    if wanted.protected is not None:
        found.append(_i.protected.is_(wanted.protected))
    return found


def _compare(
    column: ColumnElement[Any], operator: TimeOperator, moment: datetime.datetime
) -> ColumnElement[bool]:
    match operator:
        case TimeOperator.GT:
            return column > moment
        case TimeOperator.GTE:
            return column >= moment
        case TimeOperator.LT:
            return column < moment
        case TimeOperator.LTE:
            return column <= moment
        case TimeOperator.NEQ:
            return column != moment
        case TimeOperator.EQ:
            return column == moment


def _has_tag(tag: str) -> ColumnElement[bool]:
    return exists().where(tags.c.image_id == _i.id, tags.c.tag == tag)


def _has_property(name: str, value: str) -> ColumnElement[bool]:
    p = properties.c
    return exists().where(p.image_id == _i.id, p.name == name, p.value == value)


async def _insert_properties(tx: Transaction, image: Image) -> None:
    rows = [
        {"image_id": image.id, "name": name, "value": value}
        for name, value in image.properties.items()
    ]
    if rows:
        await tx.run(_INSERT_PROPERTIES, rows)


async def _insert_tags(tx: Transaction, image: Image) -> None:
    for tag in sorted(set(image.tags)):
        await tx.run(insert(tags).values(image_id=image.id, tag=tag))


async def _read(tx: Transaction, rows: Sequence[Row[Any]]) -> list[Image]:
    """The images of some rows, in their order: two more queries, however many there are."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    named: dict[str, dict[str, str]] = {id: {} for id in ids}
    for row in await tx.all(_PROPERTIES, {"ids": ids}):
        named[row.image_id][row.name] = row.value
    tagged: dict[str, list[str]] = {id: [] for id in ids}
    for row in await tx.all(_TAGS, {"ids": ids}):
        tagged[row.image_id].append(row.tag)
    return [_image(row, named[row.id], tuple(tagged[row.id])) for row in rows]


def _image(row: Row[Any], named: dict[str, str], tagged: tuple[str, ...]) -> Image:
    return Image(
        id=ImageId(row.id),
        owner=row.owner,
        name=row.name,
        status=Status(row.status),
        visibility=Visibility(row.visibility),
        disk_format=None if row.disk_format is None else DiskFormat(row.disk_format),
        container_format=(
            None if row.container_format is None else ContainerFormat(row.container_format)
        ),
        created_at=row.created_at,
        updated_at=row.updated_at,
        min_disk_gib=row.min_disk_gib,
        min_ram_mib=row.min_ram_mib,
        protected=row.protected,
        hidden=row.hidden,
        size_bytes=row.size_bytes,
        virtual_size_bytes=row.virtual_size_bytes,
        sha512=row.sha512,
        checksum=row.checksum,
        fault=row.fault,
        import_outcome=None if row.import_outcome is None else ImportOutcome(row.import_outcome),
        properties=named,
        tags=tagged,
    )


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
