"""Volume types: wire types and handlers."""

from typing import Annotated, Any

import msgspec

from pilvi.block_storage.api.views import cut_page, next_links, read_offset, read_word
from pilvi.block_storage.api.volume_filters import read_literal
from pilvi.block_storage.model.volume_type import VolumeType
from pilvi.block_storage.operations import volume_types as operations
from pilvi.block_storage.store import volume_types as store
from pilvi.core.http import Call
from pilvi.core.paging import parse_page
from pilvi.errors import InvalidRequest, NotFound

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=r"\S")]
Text = Annotated[str, msgspec.Meta(max_length=255)]
Key = Annotated[str, msgspec.Meta(pattern="^[a-zA-Z0-9-_:. ]{1,255}$")]
Specs = dict[Key, Text]

_VISIBLE_SPECS = frozenset({"RESKEY:availability_zones", "multiattach", "replication_enabled"})
"""What of the extra specs is every user's business, as Cinder has it."""


class TypeFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a new type is to be."""

    name: Name
    description: Text | None = None
    extra_specs: Specs | None = None
    is_public: bool | str = msgspec.field(name="os-volume-type-access:is_public", default=True)


class TypeCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /types."""

    volume_type: TypeFields


class TypeChanges(msgspec.Struct, forbid_unknown_fields=True):
    """What can be changed of a type."""

    name: Name | None = None
    description: Text | None | msgspec.UnsetType = msgspec.UNSET
    is_public: bool | str | None = None


class TypeUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /types/{id}."""

    volume_type: TypeChanges


class SpecsBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /types/{id}/extra_specs."""

    extra_specs: Specs


class ProjectAccess(msgspec.Struct, forbid_unknown_fields=True):
    """Of addProjectAccess and removeProjectAccess."""

    project: Name


def _render(call: Call[Any], volume_type: VolumeType) -> dict[str, Any]:
    specs = dict(volume_type.extra_specs)
    row: dict[str, Any] = {
        "id": volume_type.id,
        "name": volume_type.name,
        "description": volume_type.description,
        "is_public": volume_type.is_public,
        "os-volume-type-access:is_public": volume_type.is_public,
        "extra_specs": specs,
    }
    if call.caller.is_admin:
        row["qos_specs_id"] = volume_type.qos_specs_id
    else:
        row["extra_specs"] = {k: v for k, v in specs.items() if k in _VISIBLE_SPECS}
    return row


async def _get(call: Call[Any]) -> VolumeType:
    project_id = call.caller.visible_project_id
    return await operations.get_type(call.tx, call.path["type_id"], project_id)


def _read_flag(value: bool | str | None) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text not in ("true", "false", "1", "0", "yes", "no"):
        raise InvalidRequest(f"cannot read '{value}': it is true or false")
    return text in ("true", "1", "yes")


async def list_volume_types(call: Call[None]) -> dict[str, Any]:
    """The types that the caller may use; for admins the public ones unless they ask otherwise."""
    found = await store.list_volume_types(call.tx, call.caller.visible_project_id)
    if call.caller.is_admin and (call.query.get("is_public") or "").lower() != "none":
        is_public = read_word(call, "is_public", default=True)
        found = [one for one in found if one.is_public == is_public]
    if "extra_specs" in call.query and "extra_specs_filter" in call.flags:
        wanted = read_literal("extra_specs", call.query["extra_specs"])
        found = [one for one in found if wanted.items() <= dict(one.extra_specs).items()]
    if name := call.query.get("name"):
        found = [one for one in found if one.name == name]
    page = parse_page(call.query)
    rows, more = cut_page(_sort(found, page.sorts), page, read_offset(call))
    links = {"volume_type_links": next_links(call, "types", rows[-1].id)} if more and rows else {}
    return {"volume_types": [_render(call, one) for one in rows], **links}


def _sort(found: list[VolumeType], sorts: tuple[tuple[str, bool], ...]) -> list[VolumeType]:
    for key, descending in reversed(sorts):
        if key not in ("created_at", "name", "id", "description", "updated_at", "is_public"):
            raise InvalidRequest(f"cannot sort types by '{key}'")
        found = sorted(found, key=lambda one: str(getattr(one, key)), reverse=descending)
    return found


async def show_volume_type(call: Call[None]) -> dict[str, Any]:
    """One type."""
    return {"volume_type": _render(call, await _get(call))}


async def show_default_volume_type(call: Call[None]) -> dict[str, Any]:
    """The type of volumes for which none is named."""
    found = await operations.find_default_type(call.tx)
    return {"volume_type": _render(call, found)}


async def create_volume_type(call: Call[TypeCreate]) -> dict[str, Any]:
    """A new type."""
    fields = call.payload.volume_type
    found = await operations.create_type(
        call.tx,
        fields.name.strip(),
        description=fields.description,
        is_public=_read_flag(fields.is_public),
        extra_specs=fields.extra_specs,
    )
    return {"volume_type": _without(_render(call, found), "qos_specs_id")}


async def update_volume_type(call: Call[TypeUpdate]) -> dict[str, Any]:
    """Change a type."""
    fields = call.payload.volume_type
    values: dict[str, Any] = {}
    if fields.name is not None:
        values["name"] = fields.name.strip()
    if fields.description is not msgspec.UNSET:
        values["description"] = fields.description
    if fields.is_public is not None:
        values["is_public"] = _read_flag(fields.is_public)
    if not values:
        raise InvalidRequest("cannot update a type with nothing; give name, description, is_public")
    found = await operations.update_type(call.tx, await _get(call), **values)
    row = _render(call, found)
    return {"volume_type": _without(row, "qos_specs_id", "os-volume-type-access:is_public")}


def _without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    """What Cinder answers to changes: without what its extensions add elsewhere. Pure."""
    return {name: value for name, value in row.items() if name not in names}


async def delete_volume_type(call: Call[None]) -> None:
    """Remove a type."""
    await operations.delete_type(call.tx, await _get(call))


async def list_extra_specs(call: Call[None]) -> dict[str, Any]:
    """What is said of a type."""
    return {"extra_specs": _render(call, await _get(call))["extra_specs"]}


async def create_extra_specs(call: Call[SpecsBody]) -> dict[str, Any]:
    """Add to what is said of a type."""
    volume_type = await _get(call)
    specs = {**volume_type.extra_specs, **call.payload.extra_specs}
    await operations.update_type(call.tx, volume_type, extra_specs=specs)
    return {"extra_specs": call.payload.extra_specs}


async def show_extra_spec(call: Call[None]) -> dict[str, Any]:
    """One value."""
    specs, key = _render(call, await _get(call))["extra_specs"], call.path["key"]
    _check_key(specs, key)
    return {key: specs[key]}


async def update_extra_spec(call: Call[Specs]) -> dict[str, Any]:
    """Set one value."""
    if list(call.payload) != [call.path["key"]]:
        raise InvalidRequest(f"cannot set '{call.path['key']}': the body names another key")
    volume_type = await _get(call)
    specs = {**volume_type.extra_specs, **call.payload}
    await operations.update_type(call.tx, volume_type, extra_specs=specs)
    return call.payload


async def delete_extra_spec(call: Call[None]) -> None:
    """Remove one value."""
    volume_type = await _get(call)
    specs = dict(volume_type.extra_specs)
    _check_key(specs, call.path["key"])
    del specs[call.path["key"]]
    await operations.update_type(call.tx, volume_type, extra_specs=specs)


def _check_key(specs: dict[str, str], key: str) -> None:
    if key not in specs:
        raise NotFound(f"cannot find the extra spec '{key}' of this volume type")


async def list_type_access(call: Call[None]) -> dict[str, Any]:
    """Who may use a private type."""
    volume_type = await _get(call)
    if volume_type.is_public:
        raise NotFound("cannot list who may use a public volume type: everybody may")
    projects = await store.list_access(call.tx, volume_type.id)
    rows = [{"volume_type_id": volume_type.id, "project_id": id} for id in projects]
    return {"volume_type_access": rows}


async def add_project_access(call: Call[ProjectAccess]) -> None:
    """Let a project use a private type."""
    await operations.add_access(call.tx, await _get(call), call.payload.project)


async def remove_project_access(call: Call[ProjectAccess]) -> None:
    """Take a private type from a project."""
    await operations.remove_access(call.tx, await _get(call), call.payload.project)
