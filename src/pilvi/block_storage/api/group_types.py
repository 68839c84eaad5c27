"""Kinds of groups: wire types and handlers."""

from typing import Annotated, Any

import msgspec

from pilvi.block_storage.api.views import cut_page, next_links, read_flag, read_offset, read_word
from pilvi.block_storage.model.group import GroupType
from pilvi.block_storage.operations import groups as operations
from pilvi.block_storage.store import groups as store
from pilvi.core.http import Call
from pilvi.core.paging import parse_page
from pilvi.errors import InvalidRequest, NotFound

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=r"\S")]
Text = Annotated[str, msgspec.Meta(max_length=255)]
Key = Annotated[str, msgspec.Meta(pattern="^[a-zA-Z0-9-_:. ]{1,255}$")]
Specs = dict[Key, Text]


class NewGroupType(msgspec.Struct, forbid_unknown_fields=True):
    """What a new type is to be."""

    name: Name
    description: Text | None = None
    is_public: bool | str | None = None
    group_specs: Specs | None = None


class GroupTypeCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /group_types."""

    group_type: NewGroupType


class GroupTypeChanges(msgspec.Struct, forbid_unknown_fields=True):
    """What can be changed of a type."""

    name: Name | None = None
    description: Text | None | msgspec.UnsetType = msgspec.UNSET
    is_public: bool | str | None = None


class GroupTypeUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /group_types/{id}."""

    group_type: GroupTypeChanges


class GroupSpecs(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /group_types/{id}/group_specs."""

    group_specs: Specs


async def _get(call: Call[Any]) -> GroupType:
    is_admin = call.caller.is_admin
    id = call.path["group_type_id"]
    return await operations.get_group_type(call.tx, id, may_use_all=is_admin)


def _render(call: Call[Any], found: GroupType) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": found.id,
        "name": found.name,
        "description": found.description,
        "is_public": found.is_public,
    }
    if call.caller.is_admin:
        row["group_specs"] = dict(found.group_specs)
    return row


async def list_group_types(call: Call[None]) -> dict[str, Any]:
    """The types that the caller may use."""
    found = await store.list_group_types(call.tx)
    if not call.caller.is_admin:
        found = [one for one in found if one.is_public]
    elif (call.query.get("is_public") or "").lower() != "none":
        is_public = read_word(call, "is_public", default=True)
        found = [one for one in found if one.is_public == is_public]
    page = parse_page(call.query)
    for key, descending in reversed(page.sorts):
        if key not in ("created_at", "id", "name", "description", "is_public"):
            raise InvalidRequest(f"cannot sort group types by '{key}'")
        found = sorted(found, key=lambda one: str(getattr(one, key)), reverse=descending)
    rows, more = cut_page(found, page, read_offset(call))
    links = next_links(call, "group_types", rows[-1].id) if more and rows else []
    beside = {"group_type_links": links} if links else {}
    return {"group_types": [_render(call, one) for one in rows], **beside}


async def show_group_type(call: Call[None]) -> dict[str, Any]:
    """One type."""
    return {"group_type": _render(call, await _get(call))}


async def show_default_group_type(call: Call[None]) -> None:
    """There is none: a group names its type."""
    raise NotFound("cannot find a default group type; name one when you create a group")


async def create_group_type(call: Call[GroupTypeCreate]) -> dict[str, Any]:
    """A new type."""
    fields = call.payload.group_type
    found = await operations.create_group_type(
        call.tx,
        fields.name.strip(),
        description=fields.description,
        is_public=read_flag(fields.is_public, default=True),
        group_specs=fields.group_specs or {},
    )
    return {"group_type": _render(call, found)}


async def update_group_type(call: Call[GroupTypeUpdate]) -> dict[str, Any]:
    """Change a type."""
    found, fields = await _get(call), call.payload.group_type
    values: dict[str, Any] = {}
    if fields.name is not None:
        values["name"] = fields.name.strip()
    if fields.description is not msgspec.UNSET:
        values["description"] = fields.description
    if fields.is_public is not None:
        values["is_public"] = read_flag(fields.is_public)
    if not values:
        raise InvalidRequest("cannot update a group type with nothing")
    return {
        "group_type": _render(call, await operations.update_group_type(call.tx, found, **values))
    }


async def delete_group_type(call: Call[None]) -> None:
    """Remove a type."""
    await operations.delete_group_type(call.tx, await _get(call))


async def list_group_specs(call: Call[None]) -> dict[str, Any]:
    """What is said of a type."""
    return {"group_specs": dict((await _get(call)).group_specs)}


async def create_group_specs(call: Call[GroupSpecs]) -> dict[str, Any]:
    """Add to what is said of a type."""
    found = await _get(call)
    specs = {**found.group_specs, **call.payload.group_specs}
    await operations.update_group_type(call.tx, found, group_specs=specs)
    return {"group_specs": call.payload.group_specs}


async def show_group_spec(call: Call[None]) -> dict[str, Any]:
    """One value."""
    specs, key = (await _get(call)).group_specs, call.path["key"]
    if key not in specs:
        raise NotFound(f"cannot find the group spec '{key}' of this type")
    return {key: specs[key]}


async def update_group_spec(call: Call[Specs]) -> dict[str, Any]:
    """Set one value."""
    if list(call.payload) != [call.path["key"]]:
        raise InvalidRequest(f"cannot set '{call.path['key']}': the body names another key")
    found = await _get(call)
    specs = {**found.group_specs, **call.payload}
    await operations.update_group_type(call.tx, found, group_specs=specs)
    return call.payload


async def delete_group_spec(call: Call[None]) -> None:
    """Remove one value."""
    found, key = await _get(call), call.path["key"]
    if key not in found.group_specs:
        raise NotFound(f"cannot find the group spec '{key}' of this type")
    specs = {name: value for name, value in found.group_specs.items() if name != key}
    await operations.update_group_type(call.tx, found, group_specs=specs)
