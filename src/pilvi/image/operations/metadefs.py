"""Definitions of metadata. All in the caller's transaction.

Reading asks for a namespace that the viewer may see; changing for one of its own.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.paging import Page
from pilvi.errors import Conflict, Forbidden, InvalidRequest, NotFound, QuotaExceeded
from pilvi.image.model.image import Viewer
from pilvi.image.model.metadef import (
    ITEMS_MAX,
    NAMESPACES_MAX,
    RESOURCE_TYPES,
    Item,
    ItemKind,
    Namespace,
    NamespaceVisibility,
    check_deletable,
)
from pilvi.image.store import metadefs as store

Wanted = tuple[NamespaceVisibility | None, Sequence[str]]


@dataclass(frozen=True, slots=True)
class NewItem:
    """A thing as a caller describes it."""

    kind: ItemKind
    name: str
    body: dict[str, Any] = field(default_factory=dict)


async def get_namespace(tx: Transaction, viewer: Viewer, name: str) -> Namespace:
    """A namespace that the viewer may see. Raises `NotFound`."""
    found = await store.find_namespace(tx, name, viewer)
    if found is None:
        raise NotFound(f"cannot find the namespace '{name}'")
    return found


async def require_own_namespace(tx: Transaction, viewer: Viewer, name: str) -> Namespace:
    """A namespace that the viewer may change. Raises `NotFound`, `Forbidden` for another's."""
    namespace = await get_namespace(tx, viewer, name)
    if not viewer.is_admin and namespace.owner != viewer.project_id:
        raise Forbidden("cannot change the namespace: it belongs to another project")
    return namespace


async def list_namespaces(
    tx: Transaction, viewer: Viewer, wanted: Wanted, page: Page
) -> tuple[list[tuple[Namespace, list[Item]]], bool]:
    """One page of namespaces, each with its types of resources, and whether more follow."""
    found, more = await store.list_namespaces(tx, viewer, wanted, page)
    ids = [namespace.id for namespace in found]
    associated = await store.list_items(tx, ids, [ItemKind.RESOURCE_TYPE]) if ids else []
    return [(one, [i for i in associated if i.namespace_id == one.id]) for one in found], more


async def create_namespace(
    tx: Transaction, viewer: Viewer, fields: dict[str, Any], items: Iterable[NewItem]
) -> Namespace:
    """A new namespace with all that it shall hold. `fields` are of `Namespace`, checked.

    Raises `Conflict` for a name that is in use, `Forbidden`, `QuotaExceeded`.
    """
    moment = now()
    blank = Namespace(
        id=str(uuid.uuid4()),
        name=fields["name"],
        owner=viewer.project_id,
        display_name=None,
        description=None,
        visibility=NamespaceVisibility.PRIVATE,
        protected=False,
        created_at=moment,
        updated_at=moment,
    )
    namespace = replace(blank, **fields)
    _check_fields(viewer, namespace)
    await _check_name(tx, namespace.name)
    if await store.count_namespaces(tx) >= NAMESPACES_MAX:
        raise QuotaExceeded(f"cannot have more than {NAMESPACES_MAX} namespaces in this cloud")
    await store.insert_namespace(tx, namespace)
    for item in items:
        await _insert_item(tx, namespace, item)
    return namespace


async def update_namespace(
    tx: Transaction, viewer: Viewer, name: str, fields: dict[str, Any]
) -> Namespace:
    """Change a namespace. Raises as `create_namespace`."""
    before = await require_own_namespace(tx, viewer, name)
    namespace = replace(before, **fields, updated_at=now())
    if namespace.visibility != before.visibility or namespace.owner != before.owner:
        _check_fields(viewer, namespace)
    if namespace.name != before.name:
        await _check_name(tx, namespace.name)
    await store.update_namespace(tx, namespace)
    return namespace


async def delete_namespace(tx: Transaction, viewer: Viewer, name: str) -> None:
    """Remove a namespace with all that it holds. Raises `Forbidden` while it is protected."""
    namespace = await require_own_namespace(tx, viewer, name)
    check_deletable(namespace)
    await store.delete_namespace(tx, namespace.id)


async def list_all_items(tx: Transaction, namespace: Namespace) -> list[Item]:
    """Everything that a namespace holds, by name."""
    return await store.list_items(tx, [namespace.id], list(ItemKind))


async def list_items(
    tx: Transaction, viewer: Viewer, name: str, kind: ItemKind, page: Page
) -> tuple[list[Item], bool]:
    """One page of what a namespace holds of one kind, and whether more follow."""
    namespace = await get_namespace(tx, viewer, name)
    return await store.list_item_page(tx, namespace.id, kind, page)


async def get_item(tx: Transaction, namespace: Namespace, kind: ItemKind, name: str) -> Item:
    """One thing of a namespace. Raises `NotFound`."""
    found = await store.find_item(tx, namespace.id, kind, name)
    if found is None:
        raise NotFound(f"cannot find the {kind} '{name}' in the namespace '{namespace.name}'")
    return found


async def create_item(tx: Transaction, namespace: Namespace, item: NewItem) -> Item:
    """Add a thing to one's own namespace. Raises `Conflict` for a name in use."""
    return await _insert_item(tx, namespace, item)


async def update_item(tx: Transaction, namespace: Namespace, name: str, item: NewItem) -> Item:
    """Give a thing another name or body. Raises `NotFound`, `Conflict` for a name in use."""
    before = await get_item(tx, namespace, item.kind, name)
    if item.name != name:
        await _check_item_name(tx, namespace, item)
    changed = replace(before, name=item.name, body=item.body, updated_at=now())
    await store.update_item(tx, changed)
    return changed


async def delete_item(tx: Transaction, namespace: Namespace, kind: ItemKind, name: str) -> None:
    """Remove a thing. Raises `NotFound`, `Forbidden` while the namespace is protected."""
    await get_item(tx, namespace, kind, name)
    check_deletable(namespace)
    await store.delete_items(tx, namespace.id, kind, name)


async def delete_items(tx: Transaction, namespace: Namespace, kind: ItemKind) -> None:
    """Remove all things of a kind. Raises `Forbidden` while the namespace is protected."""
    check_deletable(namespace)
    await store.delete_items(tx, namespace.id, kind)


async def set_tags(
    tx: Transaction, namespace: Namespace, names: Sequence[str], *, is_more: bool
) -> list[Item]:
    """Give a namespace these tags in the place of its own, or besides them.

    Raises `Conflict` for one that is there twice.
    """
    if not is_more:
        await store.delete_items(tx, namespace.id, ItemKind.TAG)
    return [await _insert_item(tx, namespace, NewItem(ItemKind.TAG, name)) for name in names]


async def list_resource_types(tx: Transaction) -> list[str]:
    """Every type of resource that this cloud has or somebody named."""
    named = [name for name, _ in await store.list_resource_types(tx)]
    return [*RESOURCE_TYPES, *named]


async def _insert_item(tx: Transaction, namespace: Namespace, new: NewItem) -> Item:
    await _check_item_name(tx, namespace, new)
    if await store.count_items(tx, namespace.id) >= ITEMS_MAX:
        raise QuotaExceeded(f"cannot have more than {ITEMS_MAX} definitions in a namespace")
    moment = now()
    item = Item(
        id=str(uuid.uuid4()),
        namespace_id=namespace.id,
        kind=new.kind,
        name=new.name,
        body=new.body,
        created_at=moment,
        updated_at=moment,
    )
    await store.insert_item(tx, item)
    if new.kind is ItemKind.RESOURCE_TYPE and new.name not in RESOURCE_TYPES:
        await store.insert_resource_type(tx, new.name, moment)
    return item


async def _check_name(tx: Transaction, name: str) -> None:
    if await store.find_namespace(tx, name, None) is not None:
        raise Conflict(f"cannot use the name '{name}': a namespace has it; choose another")


async def _check_item_name(tx: Transaction, namespace: Namespace, item: NewItem) -> None:
    if await store.find_item(tx, namespace.id, item.kind, item.name) is not None:
        raise Conflict(
            f"cannot use the name '{item.name}': the namespace has a {item.kind} of this name"
        )


def _check_fields(viewer: Viewer, namespace: Namespace) -> None:
    if not namespace.owner:
        raise InvalidRequest("cannot keep a namespace without an owner; name a project in 'owner'")
    if viewer.is_admin:
        return
    if namespace.owner != viewer.project_id:
        raise Forbidden("cannot give a namespace to another project: only an admin may")
    if namespace.visibility is NamespaceVisibility.PUBLIC:
        raise Forbidden("cannot make the namespace public: only an admin may")
