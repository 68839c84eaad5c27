"""Tags of any resource that has them."""

from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.operations import tags as operations


class TagsBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT and POST …/tags."""

    tags: list[str]


async def list_tags(call: Call[None]) -> dict[str, Any]:
    """A resource's tags."""
    path = call.path
    return {
        "tags": await operations.list_tags(call.tx, call.caller, path["collection"], path["id"])
    }


async def replace_tags(call: Call[TagsBody]) -> dict[str, Any]:
    """Give a resource exactly these tags."""
    collection, id = call.path["collection"], call.path["id"]
    wanted = call.payload.tags
    return {"tags": await operations.replace_tags(call.tx, call.caller, collection, id, wanted)}


async def add_tags(call: Call[TagsBody]) -> dict[str, Any]:
    """Give a resource these tags beside those that it has."""
    collection, id = call.path["collection"], call.path["id"]
    have = await operations.list_tags(call.tx, call.caller, collection, id)
    wanted = [*have, *call.payload.tags]
    return {"tags": await operations.replace_tags(call.tx, call.caller, collection, id, wanted)}


async def delete_tags(call: Call[None]) -> None:
    """Take every tag from a resource."""
    collection, id = call.path["collection"], call.path["id"]
    await operations.replace_tags(call.tx, call.caller, collection, id, [])


async def show_tag(call: Call[None]) -> None:
    """Whether a resource has a tag: 204 or 404."""
    collection, id, tag = call.path["collection"], call.path["id"], call.path["tag"]
    await operations.check_tag(call.tx, call.caller, collection, id, tag)


async def add_tag(call: Call[None]) -> None:
    """Give a resource one more tag."""
    collection, id = call.path["collection"], call.path["id"]
    have = await operations.list_tags(call.tx, call.caller, collection, id)
    wanted = [*have, call.path["tag"]]
    await operations.replace_tags(call.tx, call.caller, collection, id, wanted)


async def delete_tag(call: Call[None]) -> None:
    """Take one tag from a resource."""
    collection, id = call.path["collection"], call.path["id"]
    await operations.delete_tag(call.tx, call.caller, collection, id, call.path["tag"])
