"""Rows of metadata definitions, on both databases."""

import uuid
from typing import Any

import pytest

from pilvi.core.db import Database, now
from pilvi.core.paging import Page
from pilvi.errors import InvalidRequest
from pilvi.image.model.image import Viewer
from pilvi.image.model.metadef import Item, ItemKind, Namespace, NamespaceVisibility
from pilvi.image.store import metadefs as store

ADMIN, OWNER, OTHER = Viewer("a", is_admin=True), Viewer("p"), Viewer("q")


def make_namespace(name: str, **values: Any) -> Namespace:
    """A private namespace of project p."""
    blank: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "name": name,
        "owner": "p",
        "display_name": None,
        "description": None,
        "visibility": NamespaceVisibility.PRIVATE,
        "protected": False,
        "created_at": now(),
        "updated_at": now(),
    }
    return Namespace(**{**blank, **values})


def make_item(namespace: Namespace, kind: ItemKind, name: str, **body: Any) -> Item:
    """A thing of a namespace."""
    return Item(
        id=str(uuid.uuid4()),
        namespace_id=namespace.id,
        kind=kind,
        name=name,
        body=body,
        created_at=now(),
        updated_at=now(),
    )


async def test_who_sees_a_namespace(db: Database) -> None:
    async with db.write() as tx:
        private = make_namespace("private")
        public = make_namespace("public", visibility=NamespaceVisibility.PUBLIC)
        for namespace in (private, public):
            await store.insert_namespace(tx, namespace)
        for viewer, seen in ((ADMIN, 2), (OWNER, 2), (OTHER, 1)):
            found, more = await store.list_namespaces(tx, viewer, (None, ()), Page())
            assert len(found) == seen and not more
        assert await store.find_namespace(tx, "private", OTHER) is None
        assert await store.find_namespace(tx, "private", OWNER) == private
        assert await store.find_namespace(tx, "public", OTHER) == public
        with pytest.raises(InvalidRequest, match="marker"):
            await store.list_namespaces(tx, OTHER, (None, ()), Page(marker="private"))


async def test_what_a_namespace_holds(db: Database) -> None:
    async with db.write() as tx:
        one, two = make_namespace("one"), make_namespace("two")
        for namespace in (one, two):
            await store.insert_namespace(tx, namespace)
            for name in ("b", "a"):
                await store.insert_item(tx, make_item(namespace, ItemKind.TAG, name))
        await store.insert_item(tx, make_item(one, ItemKind.RESOURCE_TYPE, "t", prefix="x"))
        kept = await store.list_items(tx, [one.id, two.id], [ItemKind.TAG])
        assert [item.name for item in kept] == ["a", "a", "b", "b"]
        typed, _ = await store.list_namespaces(tx, OWNER, (None, ["t", "u"]), Page())
        assert typed == [one]
        page = Page(limit=1, sorts=(("name", False),))
        first, more = await store.list_item_page(tx, one.id, ItemKind.TAG, page)
        assert [item.name for item in first] == ["a"] and more
        assert await store.count_items(tx, one.id) == 3
        assert await store.delete_items(tx, one.id, ItemKind.TAG, "a") == 1
        assert await store.delete_items(tx, one.id, ItemKind.TAG) == 1
        found = await store.find_item(tx, one.id, ItemKind.RESOURCE_TYPE, "t")
        assert found is not None and found.body == {"prefix": "x"}
        await store.delete_namespace(tx, two.id)
        assert await store.list_items(tx, [two.id], list(ItemKind)) == []
        assert await store.count_namespaces(tx) == 1


async def test_types_are_remembered_once(db: Database) -> None:
    async with db.write() as tx:
        for name in ("b", "a", "b"):
            await store.insert_resource_type(tx, name, now())
        assert [name for name, _ in await store.list_resource_types(tx)] == ["a", "b"]
