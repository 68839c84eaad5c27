"""Parts of a server: metadata, tags, addresses, security groups."""

import urllib.parse
from typing import Any

import msgspec

from pilvi.compute.api.links import actor
from pilvi.compute.api.server_view import look_around, render_addresses
from pilvi.compute.api.server_wire import Metadata, Tag
from pilvi.compute.api.servers import get_called
from pilvi.compute.operations import servers as operations
from pilvi.core.http import Call, Reply
from pilvi.core.http.bodies import convert
from pilvi.errors import InvalidRequest, NotFound
from pilvi.hosts.operations.assignments import delete_password as forget_password
from pilvi.hosts.operations.assignments import read_password


class MetadataBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT metadata."""

    metadata: Metadata


class MetadataItem(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT metadata/{key}: one item."""

    meta: Metadata


class Tags(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT tags."""

    tags: list[Tag]


async def list_metadata(call: Call[None]) -> dict[str, Any]:
    """A server's metadata."""
    return {"metadata": (await get_called(call)).metadata}


async def update_metadata(call: Call[MetadataBody]) -> dict[str, Any]:
    """Add or replace items."""
    server = await get_called(call)
    merged = {**server.metadata, **call.payload.metadata}
    return {"metadata": await operations.set_metadata(call.tx, server, merged, actor(call))}


async def replace_metadata(call: Call[MetadataBody]) -> dict[str, Any]:
    """Replace all items."""
    given = dict(call.payload.metadata)
    server = await get_called(call)
    return {"metadata": await operations.set_metadata(call.tx, server, given, actor(call))}


async def show_metadata_item(call: Call[None]) -> dict[str, Any]:
    """One item."""
    server, key = await get_called(call), call.path["key"]
    if key not in server.metadata:
        raise NotFound(f"cannot find the metadata item '{key}' of server {server.id}")
    return {"meta": {key: server.metadata[key]}}


async def update_metadata_item(call: Call[MetadataItem]) -> dict[str, Any]:
    """Add or replace one item."""
    given = dict(call.payload.meta)
    if list(given) != [call.path["key"]]:
        raise InvalidRequest("cannot update the item: the body holds the key of the path, alone")
    server = await get_called(call)
    await operations.set_metadata(call.tx, server, {**server.metadata, **given}, actor(call))
    return {"meta": given}


async def delete_metadata_item(call: Call[None]) -> None:
    """Remove one item."""
    server = await get_called(call)
    await operations.delete_metadata_item(call.tx, server, call.path["key"], actor(call))


async def list_tags(call: Call[None]) -> dict[str, Any]:
    """A server's tags."""
    return {"tags": list((await get_called(call)).tags)}


async def show_tag(call: Call[None]) -> None:
    """Whether a server has a tag."""
    server, tag = await get_called(call), call.path["tag"]
    if tag not in server.tags:
        raise NotFound(f"cannot find the tag '{tag}' of server {server.id}")


async def replace_tags(call: Call[Tags]) -> dict[str, Any]:
    """Replace all tags."""
    server = await get_called(call)
    tags = await operations.set_tags(call.tx, server, list(call.payload.tags), actor(call))
    return {"tags": tags}


async def add_tag(call: Call[None]) -> Reply:
    """Give a server a tag."""
    server, tag = await get_called(call), convert(call.path["tag"], Tag)
    if tag in server.tags:
        return Reply(status=204)
    await operations.set_tags(call.tx, server, [*server.tags, tag], actor(call))
    quoted = urllib.parse.quote(tag)
    return Reply(
        status=201,
        headers={"location": f"{call.service_url}/servers/{server.id}/tags/{quoted}"},
    )


async def delete_tag(call: Call[None]) -> None:
    """Take a tag away."""
    server, tag = await get_called(call), call.path["tag"]
    if tag not in server.tags:
        raise NotFound(f"cannot find the tag '{tag}' of server {server.id}")
    kept = [one for one in server.tags if one != tag]
    await operations.set_tags(call.tx, server, kept, actor(call))


async def delete_tags(call: Call[None]) -> None:
    """Take all tags away."""
    await operations.set_tags(call.tx, await get_called(call), [], actor(call))


async def _addresses(call: Call[Any]) -> dict[str, list[dict[str, Any]]]:
    server = await get_called(call)
    around = await look_around(call, [server])
    return {
        network: [{"version": one["version"], "addr": one["addr"]} for one in addresses]
        for network, addresses in render_addresses(around.ports.get(server.id, [])).items()
    }


async def list_addresses(call: Call[None]) -> dict[str, Any]:
    """A server's addresses by network."""
    return {"addresses": await _addresses(call)}


async def show_addresses(call: Call[None]) -> dict[str, Any]:
    """A server's addresses on one network."""
    addresses, network = await _addresses(call), call.path["network"]
    if network not in addresses:
        raise NotFound(f"cannot find the network '{network}' on this server")
    return {network: addresses[network]}


async def show_topology(call: Call[None]) -> dict[str, Any]:
    """The NUMA topology of a guest: none is ever asked for here."""
    await get_called(call)
    return {"nodes": [], "pagesize_kb": None}


async def show_password(call: Call[None]) -> dict[str, Any]:
    """The password that a guest has posted to its metadata, encrypted for its owner."""
    server = await get_called(call)
    return {"password": await read_password(call.tx, server.id)}


async def delete_password(call: Call[None]) -> None:
    """Forget the password that a guest has posted."""
    server = await get_called(call)
    await forget_password(call.tx, server.id)
