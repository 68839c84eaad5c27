"""Definitions of metadata: the handlers of namespaces and of the types of resources."""

from typing import Any
from urllib.parse import quote, urlencode

from pilvi.core.http import Call, Reply
from pilvi.core.paging import Page, parse_page
from pilvi.errors import InvalidRequest
from pilvi.image.api.images import viewer
from pilvi.image.api.metadef_types import (
    Association,
    NamespaceCreate,
    NamespaceFields,
    namespace_fields,
    new_item,
    new_items,
    render_item,
    render_namespace,
)
from pilvi.image.model.metadef import (
    ItemKind,
    Namespace,
    NamespaceVisibility,
    add_prefix,
)
from pilvi.image.operations import metadefs as operations

_ALL = Page(limit=None, sorts=(("created_at", False),))


async def list_namespaces(call: Call[None]) -> dict[str, Any]:
    """One page of the namespaces that the caller may see."""
    items = call.query.multi_items()
    page = parse_page(call.query)
    visibility = call.query.get("visibility")
    if visibility is not None and visibility not in list(NamespaceVisibility):
        raise InvalidRequest(f"cannot filter by visibility '{visibility}'; use public or private")
    types = [name for name in (call.query.get("resource_types") or "").split(",") if name]
    wanted = (None if visibility is None else NamespaceVisibility(visibility), types)
    found, more = await operations.list_namespaces(call.tx, viewer(call), wanted, page)
    body = {
        "namespaces": [render_namespace(one, associated) for one, associated in found],
        "schema": "/v2/schemas/metadefs/namespaces",
    }
    last = found[-1][0].name if found else ""
    return {**body, **links("/v2/metadefs/namespaces", items, last if more else None)}


def links(path: str, items: list[tuple[str, str]], last: str | None) -> dict[str, str]:
    """Where a list begins, and where it goes on after its last name."""
    kept = [(name, value) for name, value in items if name != "marker"]
    found = {"first": path + (f"?{urlencode(kept)}" if kept else "")}
    if last is not None:
        found["next"] = f"{path}?{urlencode([*kept, ('marker', last)])}"
    return found


async def create_namespace(call: Call[NamespaceCreate]) -> Reply:
    """A new namespace with all that it shall hold."""
    body = call.payload
    namespace = await operations.create_namespace(
        call.tx, viewer(call), namespace_fields(body), new_items(body)
    )
    path = f"metadefs/namespaces/{quote(namespace.name, safe=':')}"
    headers = {"location": f"{call.service_url}/{path}"}
    return Reply(await _render_whole(call, namespace), headers=headers)


async def show_namespace(call: Call[None]) -> dict[str, Any]:
    """A namespace with all that it holds, named as a type of resource has it."""
    namespace = await operations.get_namespace(call.tx, viewer(call), call.path["namespace_name"])
    body = await _render_whole(call, namespace)
    prefix = await read_prefix(call, namespace)
    if "properties" in body:
        body["properties"] = add_prefix(body["properties"], prefix)
    for one in body.get("objects", ()):
        one["properties"] = add_prefix(one["properties"], prefix)
        one["required"] = [prefix + name for name in one["required"]]
    return body


async def update_namespace(call: Call[NamespaceFields]) -> dict[str, Any]:
    """Change a namespace."""
    fields = namespace_fields(call.payload)
    name = call.path["namespace_name"]
    namespace = await operations.update_namespace(call.tx, viewer(call), name, fields)
    return render_namespace(namespace, [])


async def delete_namespace(call: Call[None]) -> None:
    """Remove a namespace with all that it holds."""
    await operations.delete_namespace(call.tx, viewer(call), call.path["namespace_name"])


async def list_resource_types(call: Call[None]) -> dict[str, Any]:
    """Every type of resource that is known."""
    names = await operations.list_resource_types(call.tx)
    return {"resource_types": [{"name": name} for name in names]}


async def list_associations(call: Call[None]) -> dict[str, Any]:
    """The types of resources that a namespace is for."""
    found, _ = await operations.list_items(
        call.tx, viewer(call), call.path["namespace_name"], ItemKind.RESOURCE_TYPE, _ALL
    )
    return {"resource_type_associations": [render_item(item) for item in found]}


async def create_association(call: Call[Association]) -> dict[str, Any]:
    """Have a namespace be for a type of resource."""
    new = new_item(ItemKind.RESOURCE_TYPE, call.payload)
    return render_item(await operations.create_item(call.tx, await own(call), new))


async def delete_association(call: Call[None]) -> None:
    """Have a namespace not be for a type of resource any more."""
    name = call.path["resource_type"]
    await operations.delete_item(call.tx, await own(call), ItemKind.RESOURCE_TYPE, name)


async def own(call: Call[Any]) -> Namespace:
    """The namespace of the path, which the caller may change."""
    name = call.path["namespace_name"]
    return await operations.require_own_namespace(call.tx, viewer(call), name)


async def read_prefix(call: Call[Any], namespace: Namespace) -> str:
    """What the type of resource that the query names puts before the names of properties."""
    name = call.query.get("resource_type")
    if not name:
        return ""
    found = await operations.get_item(call.tx, namespace, ItemKind.RESOURCE_TYPE, name)
    return str(found.body.get("prefix", ""))


async def _render_whole(call: Call[Any], namespace: Namespace) -> dict[str, Any]:
    return render_namespace(namespace, await operations.list_all_items(call.tx, namespace))
