"""Rows of metadata definitions."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, or_, select, update

from pilvi.core.db import Transaction
from pilvi.core.db.paging import read_page
from pilvi.core.paging import Page
from pilvi.errors import InvalidRequest
from pilvi.image.model.image import Viewer
from pilvi.image.model.metadef import Item, ItemKind, Namespace, NamespaceVisibility
from pilvi.image.store.tables import metadef_items, metadef_namespaces, metadef_resource_types

_n = metadef_namespaces.c
_i = metadef_items.c
_NAMESPACE_COLUMNS = tuple(_n.keys())
_ITEM_COLUMNS = tuple(_i.keys())
_NAMESPACE_SORTS: dict[str, ColumnElement[Any]] = {
    "namespace": _n.name,
    "created_at": _n.created_at,
    "updated_at": _n.updated_at,
}
_ITEM_SORTS: dict[str, ColumnElement[Any]] = {
    "name": _i.name,
    "created_at": _i.created_at,
    "updated_at": _i.updated_at,
}


def _namespace(row: Row[Any]) -> Namespace:
    values = {name: getattr(row, name) for name in _NAMESPACE_COLUMNS}
    return Namespace(**{**values, "visibility": NamespaceVisibility(row.visibility)})


def _item(row: Row[Any]) -> Item:
    values = {name: getattr(row, name) for name in _ITEM_COLUMNS}
    return Item(**{**values, "kind": ItemKind(row.kind)})


async def insert_namespace(tx: Transaction, namespace: Namespace) -> None:
    """Add an empty namespace."""
    values = {name: getattr(namespace, name) for name in _NAMESPACE_COLUMNS}
    await tx.run(insert(metadef_namespaces).values(**values))


async def find_namespace(tx: Transaction, name: str, viewer: Viewer | None) -> Namespace | None:
    """A namespace that the viewer (None: anybody) may see, or None."""
    query = select(metadef_namespaces).where(_n.name == name)
    if viewer is not None:
        query = query.where(_visible(viewer))
    row = await tx.first(query)
    return None if row is None else _namespace(row)


async def list_namespaces(
    tx: Transaction,
    viewer: Viewer,
    wanted: tuple[NamespaceVisibility | None, Sequence[str]],
    page: Page,
) -> tuple[list[Namespace], bool]:
    """One page of the namespaces that the viewer may see, and whether more follow.

    `wanted` is a visibility and types of resources of which a namespace has one; the page's
    marker is a name.
    """
    visibility, resource_types = wanted
    query = select(metadef_namespaces).where(_visible(viewer))
    if visibility is not None:
        query = query.where(_n.visibility == visibility)
    if resource_types:
        of_type = select(_i.namespace_id).where(
            _i.kind == ItemKind.RESOURCE_TYPE, _i.name.in_(resource_types)
        )
        query = query.where(_n.id.in_(of_type))
    if page.marker is not None:
        marker = await find_namespace(tx, page.marker, viewer)
        page = _from(page, None if marker is None else marker.id)
    rows, more = await read_page(tx, query, metadef_namespaces, page, _NAMESPACE_SORTS)
    return [_namespace(row) for row in rows], more


async def update_namespace(tx: Transaction, namespace: Namespace) -> None:
    """Make the row of a namespace equal to `namespace`."""
    values = {name: getattr(namespace, name) for name in _NAMESPACE_COLUMNS if name != "id"}
    mine = _n.id == namespace.id
    await tx.run(update(metadef_namespaces).where(mine).values(**values))


async def delete_namespace(tx: Transaction, id: str) -> None:
    """Remove a namespace with all that it holds."""
    await tx.run(delete(metadef_items).where(_i.namespace_id == id))
    await tx.run(delete(metadef_namespaces).where(_n.id == id))


async def count_namespaces(tx: Transaction) -> int:
    """How many namespaces the cloud has."""
    return int(await tx.scalar(select(func.count()).select_from(metadef_namespaces)))


async def insert_item(tx: Transaction, item: Item) -> None:
    """Add a thing to its namespace."""
    await tx.run(
        insert(metadef_items).values(**{name: getattr(item, name) for name in _ITEM_COLUMNS})
    )


async def find_item(tx: Transaction, namespace_id: str, kind: ItemKind, name: str) -> Item | None:
    """A thing of a namespace, or None."""
    mine = (_i.namespace_id == namespace_id) & (_i.kind == kind) & (_i.name == name)
    row = await tx.first(select(metadef_items).where(mine))
    return None if row is None else _item(row)


async def list_items(
    tx: Transaction, namespace_ids: Sequence[str], kinds: Sequence[ItemKind]
) -> list[Item]:
    """Everything of these kinds in some namespaces, by name."""
    mine = _i.namespace_id.in_(namespace_ids) & _i.kind.in_(kinds)
    rows = await tx.all(select(metadef_items).where(mine).order_by(_i.name, _i.id))
    return [_item(row) for row in rows]


async def list_item_page(
    tx: Transaction, namespace_id: str, kind: ItemKind, page: Page
) -> tuple[list[Item], bool]:
    """One page of what a namespace holds of one kind; the page's marker is a name."""
    query = select(metadef_items).where(_i.namespace_id == namespace_id, _i.kind == kind)
    if page.marker is not None:
        marker = await find_item(tx, namespace_id, kind, page.marker)
        page = _from(page, None if marker is None else marker.id)
    rows, more = await read_page(tx, query, metadef_items, page, _ITEM_SORTS)
    return [_item(row) for row in rows], more


async def update_item(tx: Transaction, item: Item) -> None:
    """Make the row of a thing equal to `item`."""
    values = {name: getattr(item, name) for name in ("name", "body", "updated_at")}
    await tx.run(update(metadef_items).where(_i.id == item.id).values(**values))


async def delete_items(
    tx: Transaction, namespace_id: str, kind: ItemKind, name: str | None = None
) -> int:
    """Remove one thing of a kind, or all of it; how many that were."""
    query = delete(metadef_items).where(_i.namespace_id == namespace_id, _i.kind == kind)
    return await tx.run(query if name is None else query.where(_i.name == name))


async def count_items(tx: Transaction, namespace_id: str) -> int:
    """How many things a namespace holds."""
    query = select(func.count()).select_from(metadef_items)
    return int(await tx.scalar(query.where(_i.namespace_id == namespace_id)))


async def list_resource_types(tx: Transaction) -> list[tuple[str, datetime.datetime]]:
    """Types that somebody named, with the moment of that, by name."""
    query = select(metadef_resource_types).order_by(metadef_resource_types.c.name)
    return [(row.name, row.created_at) for row in await tx.all(query)]


async def insert_resource_type(tx: Transaction, name: str, moment: datetime.datetime) -> None:
    """Remember a type that somebody named. Repeatable."""
    known = metadef_resource_types.c
    if await tx.first(select(known.name).where(known.name == name)) is None:
        await tx.run(insert(metadef_resource_types).values(name=name, created_at=moment))


def _visible(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.is_admin:
        return _n.id.is_not(None)
    return or_(_n.visibility == NamespaceVisibility.PUBLIC, _n.owner == viewer.project_id)


def _from(page: Page, marker_id: str | None) -> Page:
    if marker_id is None:
        raise InvalidRequest(f"cannot find the marker '{page.marker}' in this list")
    return replace(page, marker=marker_id)
