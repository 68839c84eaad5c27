"""Flavors of routers and their service profiles."""

from typing import Annotated, Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import ABSENT, Absent, Id, Name, given, require
from pilvi.network.model.flavor import Flavor, ServiceProfile
from pilvi.network.operations import flavors as operations
from pilvi.network.store import flavors as store

_Text = Annotated[str, msgspec.Meta(max_length=1024)]
_MetaInfo = Annotated[str, msgspec.Meta(max_length=4096)]


class FlavorFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a flavor is made of."""

    name: Name | Absent = ABSENT
    description: _Text | None | Absent = ABSENT
    service_type: Name | Absent = ABSENT
    is_enabled: bool | Absent = msgspec.field(default=ABSENT, name="enabled")
    service_profiles: list[Id] | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT


class FlavorBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    flavor: FlavorFields


class ServiceProfileFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a service profile is made of."""

    description: _Text | None | Absent = ABSENT
    driver: _Text | Absent = ABSENT
    is_enabled: bool | Absent = msgspec.field(default=ABSENT, name="enabled")
    metainfo: _MetaInfo | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT


class ServiceProfileBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    service_profile: ServiceProfileFields


class ProfileId(msgspec.Struct, forbid_unknown_fields=True):
    """Which profile."""

    id: Id
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT


class BindingBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /flavors/{id}/service_profiles."""

    service_profile: ProfileId


def _values(fields: msgspec.Struct, fixed: dict[str, Any] | None = None) -> dict[str, Any]:
    """Flavors belong to no project; clients name their own all the same."""
    values = given(fields, fixed)
    values.pop("project_id", None)
    if "description" in values:
        values["description"] = values["description"] or ""
    return values


def _render(flavor: Flavor) -> dict[str, Any]:
    return {
        "id": flavor.id,
        "name": flavor.name,
        "description": flavor.description,
        "service_type": flavor.service_type,
        "enabled": flavor.is_enabled,
        "service_profiles": list(flavor.profile_ids),
    }


def _render_profile(profile: ServiceProfile) -> dict[str, Any]:
    return {
        "id": profile.id,
        "description": profile.description,
        "driver": profile.driver,
        "enabled": profile.is_enabled,
        "metainfo": profile.metainfo,
    }


async def list_flavors(call: Call[None]) -> dict[str, Any]:
    """Every flavor."""
    found, more = await store.list_flavors(call.tx, parse_listing(call))
    return page_of(call, "flavors", [_render(flavor) for flavor in found], more)


async def _show(call: Call[Any], id: str) -> dict[str, Any]:
    return {"flavor": select_fields(call, _render(await store.get_flavor(call.tx, id)))}


async def show_network_flavor(call: Call[None]) -> dict[str, Any]:
    """One flavor."""
    return await _show(call, call.path["network_flavor_id"])


async def create_network_flavor(call: Call[FlavorBody]) -> dict[str, Any]:
    """A new flavor."""
    values = _values(call.payload.flavor)
    require(values, "service_type")
    return await _show(call, await operations.create_flavor(call.tx, values))


async def update_network_flavor(call: Call[FlavorBody]) -> dict[str, Any]:
    """Change a flavor; the service that it is of stays."""
    values = _values(call.payload.flavor, {"service_type": ()})
    id = call.path["network_flavor_id"]
    await operations.update_flavor(call.tx, id, values)
    return await _show(call, id)


async def delete_network_flavor(call: Call[None]) -> None:
    """Remove a flavor that no router is of."""
    await operations.delete_flavor(call.tx, call.path["network_flavor_id"])


async def bind_service_profile(call: Call[BindingBody]) -> dict[str, Any]:
    """Give a flavor one more profile."""
    id, profile_id = call.path["network_flavor_id"], call.payload.service_profile.id
    await operations.bind_service_profile(call.tx, id, profile_id)
    return {"service_profile": {"id": profile_id}}


async def show_service_profile_binding(call: Call[None]) -> dict[str, Any]:
    """Whether a flavor has a profile."""
    profile_id = call.path["service_profile_id"]
    await operations.get_binding(call.tx, call.path["network_flavor_id"], profile_id)
    return {"service_profile": {"id": profile_id}}


async def unbind_service_profile(call: Call[None]) -> None:
    """Take a profile from a flavor."""
    id, profile_id = call.path["network_flavor_id"], call.path["service_profile_id"]
    await operations.unbind_service_profile(call.tx, id, profile_id)


async def list_service_profiles(call: Call[None]) -> dict[str, Any]:
    """Every service profile."""
    found, more = await store.list_profiles(call.tx, parse_listing(call))
    return page_of(call, "service_profiles", [_render_profile(one) for one in found], more)


async def _show_profile(call: Call[Any], id: str) -> dict[str, Any]:
    found = await store.get_profile(call.tx, id)
    return {"service_profile": select_fields(call, _render_profile(found))}


async def show_service_profile(call: Call[None]) -> dict[str, Any]:
    """One service profile."""
    return await _show_profile(call, call.path["service_profile_id"])


async def create_service_profile(call: Call[ServiceProfileBody]) -> dict[str, Any]:
    """A new service profile."""
    values = _values(call.payload.service_profile)
    return await _show_profile(call, await operations.create_service_profile(call.tx, values))


async def update_service_profile(call: Call[ServiceProfileBody]) -> dict[str, Any]:
    """Change a service profile that no flavor has."""
    id = call.path["service_profile_id"]
    values = _values(call.payload.service_profile)
    await operations.update_service_profile(call.tx, id, values)
    return await _show_profile(call, id)


async def delete_service_profile(call: Call[None]) -> None:
    """Remove a service profile that no flavor has."""
    await operations.delete_service_profile(call.tx, call.path["service_profile_id"])
