"""Definitions of metadata: the handlers of the objects, properties and tags of a namespace."""

from typing import Any
from urllib.parse import quote

from pilvi.core.http import Call, Reply
from pilvi.core.http.bodies import convert
from pilvi.core.paging import Page, parse_page
from pilvi.image.api.images import viewer
from pilvi.image.api.metadef_types import (
    Name,
    ObjectFields,
    Property,
    TagFields,
    TagList,
    new_item,
    render_item,
    render_object,
    render_property,
)
from pilvi.image.api.metadefs import links, own, read_prefix
from pilvi.image.model.metadef import Item, ItemKind, Namespace
from pilvi.image.operations import metadefs as operations
from pilvi.image.operations.metadefs import NewItem

_ALL = Page(limit=None, sorts=(("name", False),))


async def list_objects(call: Call[None]) -> dict[str, Any]:
    """One page of the objects of a namespace."""
    namespace, found, more = await _read_list(call, ItemKind.OBJECT)
    body = {
        "objects": [render_object(namespace, item) for item in found],
        "schema": "/v2/schemas/metadefs/objects",
    }
    return {**body, **_links(call, "objects", found if more else [])}


async def create_object(call: Call[ObjectFields]) -> Reply:
    """Add an object."""
    namespace = await own(call)
    item = await operations.create_item(call.tx, namespace, new_item(ItemKind.OBJECT, call.payload))
    headers = {"location": _location(call, namespace, "objects", item)}
    return Reply(render_object(namespace.name, item), headers=headers)


async def show_object(call: Call[None]) -> dict[str, Any]:
    """One object."""
    item = await _get(call, ItemKind.OBJECT, call.path["object_name"])
    return render_object(call.path["namespace_name"], item)


async def update_object(call: Call[ObjectFields]) -> dict[str, Any]:
    """Change an object."""
    namespace = await own(call)
    new = new_item(ItemKind.OBJECT, call.payload)
    item = await operations.update_item(call.tx, namespace, call.path["object_name"], new)
    return render_object(namespace.name, item)


async def delete_object(call: Call[None]) -> None:
    """Remove an object."""
    name = call.path["object_name"]
    await operations.delete_item(call.tx, await own(call), ItemKind.OBJECT, name)


async def delete_objects(call: Call[None]) -> None:
    """Remove every object of a namespace."""
    await operations.delete_items(call.tx, await own(call), ItemKind.OBJECT)


async def list_properties(call: Call[None]) -> dict[str, Any]:
    """Every property of a namespace, by name."""
    found, _ = await operations.list_items(
        call.tx, viewer(call), call.path["namespace_name"], ItemKind.PROPERTY, _ALL
    )
    return {
        "properties": {item.name: render_property(item) for item in found},
        "schema": "/v2/schemas/metadefs/properties",
    }


async def create_property(call: Call[Property]) -> Reply:
    """Add a property."""
    namespace = await own(call)
    item = await operations.create_item(
        call.tx, namespace, new_item(ItemKind.PROPERTY, call.payload)
    )
    headers = {"location": _location(call, namespace, "properties", item)}
    return Reply(render_property(item), headers=headers)


async def show_property(call: Call[None]) -> dict[str, Any]:
    """One property, asked for by the name that a type of resource has for it or its own."""
    namespace = await operations.get_namespace(call.tx, viewer(call), call.path["namespace_name"])
    name = call.path["property_name"]
    prefix = await read_prefix(call, namespace)
    own_name = name.removeprefix(prefix)
    item = await operations.get_item(call.tx, namespace, ItemKind.PROPERTY, own_name)
    return {**render_property(item), "name": prefix + item.name}


async def update_property(call: Call[Property]) -> dict[str, Any]:
    """Change a property."""
    new = new_item(ItemKind.PROPERTY, call.payload)
    name = call.path["property_name"]
    return render_property(await operations.update_item(call.tx, await own(call), name, new))


async def delete_property(call: Call[None]) -> None:
    """Remove a property."""
    name = call.path["property_name"]
    await operations.delete_item(call.tx, await own(call), ItemKind.PROPERTY, name)


async def delete_properties(call: Call[None]) -> None:
    """Remove every property of a namespace."""
    await operations.delete_items(call.tx, await own(call), ItemKind.PROPERTY)


async def list_metadef_tags(call: Call[None]) -> dict[str, Any]:
    """One page of the tags of a namespace."""
    _, found, more = await _read_list(call, ItemKind.TAG)
    body = {
        "tags": [{"name": item.name} for item in found],
        "schema": "/v2/schemas/metadefs/tags",
    }
    return {**body, **_links(call, "tags", found if more else [])}


async def create_metadef_tags(call: Call[TagList]) -> dict[str, Any]:
    """Give a namespace tags in the place of its own; besides them with x-openstack-append."""
    is_more = call.headers.get("x-openstack-append", "").lower() == "true"
    names = [tag.name for tag in call.payload.tags]
    made = await operations.set_tags(call.tx, await own(call), names, is_more=is_more)
    return {"tags": [{"name": item.name} for item in made]}


async def create_metadef_tag(call: Call[None]) -> Reply:
    """Add a tag."""
    namespace = await own(call)
    name = convert(call.path["tag_name"], Name)
    item = await operations.create_item(call.tx, namespace, NewItem(ItemKind.TAG, name))
    headers = {"location": _location(call, namespace, "tags", item)}
    return Reply(render_item(item), headers=headers)


async def show_metadef_tag(call: Call[None]) -> dict[str, Any]:
    """One tag."""
    return render_item(await _get(call, ItemKind.TAG, call.path["tag_name"]))


async def update_metadef_tag(call: Call[TagFields]) -> dict[str, Any]:
    """Give a tag another name."""
    new = new_item(ItemKind.TAG, call.payload)
    name = call.path["tag_name"]
    return render_item(await operations.update_item(call.tx, await own(call), name, new))


async def delete_metadef_tag(call: Call[None]) -> None:
    """Remove a tag."""
    name = call.path["tag_name"]
    await operations.delete_item(call.tx, await own(call), ItemKind.TAG, name)


async def delete_metadef_tags(call: Call[None]) -> None:
    """Remove every tag of a namespace."""
    await operations.delete_items(call.tx, await own(call), ItemKind.TAG)


async def _get(call: Call[Any], kind: ItemKind, name: str) -> Item:
    namespace = await operations.get_namespace(call.tx, viewer(call), call.path["namespace_name"])
    return await operations.get_item(call.tx, namespace, kind, name)


async def _read_list(call: Call[Any], kind: ItemKind) -> tuple[str, list[Item], bool]:
    name = call.path["namespace_name"]
    page = parse_page(call.query)
    found, more = await operations.list_items(call.tx, viewer(call), name, kind, page)
    return name, found, more


def _links(call: Call[Any], collection: str, followed: list[Item]) -> dict[str, str]:
    path = f"/v2/metadefs/namespaces/{call.path['namespace_name']}/{collection}"
    return links(path, call.query.multi_items(), followed[-1].name if followed else None)


def _location(call: Call[Any], namespace: Namespace, collection: str, item: Item) -> str:
    names = (quote(name, safe=":") for name in (namespace.name, collection, item.name))
    return f"{call.service_url}/metadefs/namespaces/{'/'.join(names)}"
