"""Flavors, their extra specs, and who may use private ones."""

import re
import uuid
from typing import Annotated, Any

import msgspec

from pilvi.compute.api.links import check_query, next_link, parse_flag, self_links
from pilvi.compute.model.extra_specs import check_extra_specs
from pilvi.compute.model.flavor import Flavor
from pilvi.compute.operations import flavors as operations
from pilvi.compute.store import flavors as store
from pilvi.core.http import Call
from pilvi.core.numbers import parse_whole
from pilvi.core.paging import parse_page
from pilvi.errors import InvalidRequest, NotFound

INTEGER_MAX = 2_147_483_647
_ID = re.compile(r"^[a-zA-Z0-9. _-]{1,255}$")
_SPEC_KEY = re.compile(r"^[a-zA-Z0-9-_:. ]{1,255}$")
_QUERY = frozenset({"is_public", "limit", "marker", "minDisk", "minRam", "sort_dir", "sort_key"})

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Description = Annotated[str, msgspec.Meta(max_length=65535)]
Amount = int | Annotated[str, msgspec.Meta(pattern="^[0-9]+$")]


class FlavorFields(msgspec.Struct, forbid_unknown_fields=True):
    """A new flavor."""

    name: Text
    ram: Amount
    vcpus: Amount
    disk: Amount
    id: str | int | None = None
    swap: Amount = 0
    ephemeral: Amount = msgspec.field(name="OS-FLV-EXT-DATA:ephemeral", default=0)
    rxtx_factor: float | str | msgspec.UnsetType = msgspec.UNSET
    is_public: bool | str = msgspec.field(name="os-flavor-access:is_public", default=True)
    description: Description | None = None


class FlavorCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /flavors."""

    flavor: FlavorFields


class FlavorChange(msgspec.Struct, forbid_unknown_fields=True):
    """What can be changed."""

    description: Description | None


class FlavorUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /flavors/{id}."""

    flavor: FlavorChange


class ExtraSpecs(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST os-extra_specs."""

    extra_specs: dict[str, str | int | float]


class TenantAccess(msgspec.Struct, forbid_unknown_fields=True):
    """Body below addTenantAccess and removeTenantAccess."""

    tenant: Annotated[str, msgspec.Meta(pattern="^[a-zA-Z0-9-]{1,255}$")]


def render_flavor(call: Call[Any], flavor: Flavor) -> dict[str, Any]:
    """A flavor, whole, as the newest version shows it."""
    body = {
        "id": flavor.id,
        "name": flavor.name,
        "ram": flavor.memory_mib,
        "disk": flavor.disk_gib,
        "swap": flavor.swap_mib,
        "vcpus": flavor.vcpus,
        "OS-FLV-EXT-DATA:ephemeral": flavor.ephemeral_gib,
        "OS-FLV-DISABLED:disabled": False,
        "os-flavor-access:is_public": flavor.is_public,
        "rxtx_factor": flavor.rxtx_factor,
        "description": flavor.description,
        "extra_specs": flavor.extra_specs,
        "links": self_links(call, "flavors", flavor.id),
    }
    if "brief-flavors" in call.flags:
        del body["OS-FLV-DISABLED:disabled"], body["rxtx_factor"]
    return body


def _brief(call: Call[Any], flavor: Flavor) -> dict[str, Any]:
    links = self_links(call, "flavors", flavor.id)
    return {
        "id": flavor.id,
        "name": flavor.name,
        "description": flavor.description,
        "links": links,
    }


async def _list(call: Call[None], path: str) -> tuple[list[Flavor], dict[str, Any]]:
    named = {"name"} if "brief-flavors" in call.flags else set[str]()
    check_query(call, _QUERY | named)
    page = parse_page(call.query, sorts=(("flavorid", False),))
    is_public: bool | None = True
    if call.caller.is_admin and (text := call.query.get("is_public")) is not None:
        is_public = None if text.lower() == "none" else parse_flag("is_public", text)
    elif not call.caller.is_admin:
        is_public = None
    found, more = await store.list_flavors(
        call.tx,
        call.caller.visible_project_id,
        page,
        is_public=is_public,
        min_disk_gib=_whole(call, "minDisk"),
        min_memory_mib=_whole(call, "minRam"),
        name=call.query.get("name") if named else None,
    )
    links = {"flavors_links": next_link(call, path, found[-1].id, page)} if more else {}
    return found, links


def _whole(call: Call[None], name: str) -> int:
    text = call.query.get(name) or "0"
    number = parse_whole(text, digits_max=9)
    if number is None:
        raise InvalidRequest(f"cannot read '{name}': it is a whole number")
    return number


async def list_flavors(call: Call[None]) -> dict[str, Any]:
    """The flavors that one may use."""
    found, links = await _list(call, "flavors")
    return {"flavors": [_brief(call, flavor) for flavor in found], **links}


async def list_flavors_detail(call: Call[None]) -> dict[str, Any]:
    """The flavors that one may use, each whole."""
    found, links = await _list(call, "flavors/detail")
    return {"flavors": [render_flavor(call, flavor) for flavor in found], **links}


async def show_flavor(call: Call[None]) -> dict[str, Any]:
    """One flavor."""
    flavor = await _get(call)
    return {"flavor": render_flavor(call, flavor)}


async def _get(call: Call[Any]) -> Flavor:
    return await store.get_flavor(call.tx, call.path["flavor_id"], call.caller.visible_project_id)


async def create_flavor(call: Call[FlavorCreate]) -> dict[str, Any]:
    """A new flavor; its id is given or made."""
    is_given = call.payload.flavor.rxtx_factor is not msgspec.UNSET
    if is_given and "brief-flavors" in call.flags:
        raise InvalidRequest("cannot use rxtx_factor at version 2.102 or later: leave it out")
    flavor = await operations.create_flavor(call.tx, read_flavor(call.payload.flavor))
    return {"flavor": render_flavor(call, flavor)}


def read_flavor(fields: FlavorFields) -> Flavor:
    """A flavor from its wire fields. Pure. Raises `InvalidRequest`."""
    id = str(uuid.uuid4()) if fields.id in (None, "auto") else str(fields.id)
    if not _ID.fullmatch(id) or id != id.strip():
        raise InvalidRequest(
            "cannot use this flavor id: it has letters, digits, '.', '_', '-' and inner spaces"
        )
    if not fields.name.strip():
        raise InvalidRequest("cannot create a flavor with a blank name")
    try:
        given = fields.rxtx_factor
        factor = 1.0 if isinstance(given, msgspec.UnsetType) else float(given)
    except ValueError:
        raise InvalidRequest("cannot read rxtx_factor: it is a number") from None
    if not 0 < factor < 1e38:
        raise InvalidRequest("cannot use this rxtx_factor: it is above 0")
    is_public = fields.is_public
    if isinstance(is_public, str):
        is_public = parse_flag("os-flavor-access:is_public", is_public)
    return Flavor(
        id=id,
        name=fields.name.strip(),
        vcpus=_amount("vcpus", fields.vcpus, 1),
        memory_mib=_amount("ram", fields.ram, 1),
        disk_gib=_amount("disk", fields.disk, 0),
        ephemeral_gib=_amount("OS-FLV-EXT-DATA:ephemeral", fields.ephemeral, 0),
        swap_mib=_amount("swap", fields.swap, 0),
        rxtx_factor=factor,
        is_public=is_public,
        description=fields.description,
    )


def _amount(name: str, value: int | str, minimum: int) -> int:
    number = int(value) if len(str(value)) <= 10 else INTEGER_MAX + 1
    if not minimum <= number <= INTEGER_MAX:
        raise InvalidRequest(f"cannot use {name} {value}: it is {minimum} to {INTEGER_MAX}")
    return number


async def update_flavor(call: Call[FlavorUpdate]) -> dict[str, Any]:
    """Change a flavor's description."""
    description = call.payload.flavor.description
    flavor = await operations.update_flavor(call.tx, call.path["flavor_id"], description)
    return {"flavor": render_flavor(call, flavor)}


async def delete_flavor(call: Call[None]) -> None:
    """Remove a flavor."""
    await operations.delete_flavor(call.tx, call.path["flavor_id"])


async def list_extra_specs(call: Call[None]) -> dict[str, Any]:
    """A flavor's extra specs."""
    return {"extra_specs": (await _get(call)).extra_specs}


async def show_extra_spec(call: Call[None]) -> dict[str, Any]:
    """One extra spec."""
    specs, key = (await _get(call)).extra_specs, call.path["key"]
    if key not in specs:
        raise NotFound(f"cannot find the extra spec '{key}' of this flavor")
    return {key: specs[key]}


def _check_specs(call: Call[Any], specs: dict[str, Any]) -> dict[str, str]:
    for key, value in specs.items():
        if not _SPEC_KEY.fullmatch(key) or len(str(value)) > 255 or isinstance(value, bool):
            raise InvalidRequest(
                f"cannot keep the extra spec '{key[:80]}': keys have letters, digits, spaces and "
                "- _ : . and values at most 255 characters"
            )
    given = {key: str(value) for key, value in specs.items()}
    if "checked-extra-specs" in call.flags:
        check_extra_specs(given)
    return given


async def create_extra_specs(call: Call[ExtraSpecs]) -> dict[str, Any]:
    """Add or replace extra specs."""
    given = _check_specs(call, dict(call.payload.extra_specs))
    specs = await operations.set_extra_specs(call.tx, call.path["flavor_id"], given)
    return {"extra_specs": specs}


async def update_extra_spec(call: Call[dict[str, str | int | float]]) -> dict[str, Any]:
    """Add or replace one extra spec."""
    if list(call.payload) != [call.path["key"]]:
        raise InvalidRequest("cannot update the extra spec: the body holds the key of the path")
    given = _check_specs(call, dict(call.payload))
    return await operations.set_extra_specs(call.tx, call.path["flavor_id"], given)


async def delete_extra_spec(call: Call[None]) -> None:
    """Remove one extra spec."""
    await operations.delete_extra_spec(call.tx, call.path["flavor_id"], call.path["key"])


def _access(id: str, project_ids: list[str]) -> dict[str, Any]:
    return {"flavor_access": [{"flavor_id": id, "tenant_id": one} for one in project_ids]}


async def list_flavor_access(call: Call[None]) -> dict[str, Any]:
    """Who may use a private flavor."""
    id = call.path["flavor_id"]
    return _access(id, await operations.list_access(call.tx, id))


async def add_tenant_access(call: Call[TenantAccess]) -> dict[str, Any]:
    """Let a project use a private flavor."""
    id, refuses = call.path["flavor_id"], "private-access-only" in call.flags
    tenant = call.payload.tenant
    return _access(id, await operations.add_access(call.tx, id, tenant, refuses_public=refuses))


async def remove_tenant_access(call: Call[TenantAccess]) -> dict[str, Any]:
    """Take a private flavor from a project."""
    id = call.path["flavor_id"]
    return _access(id, await operations.remove_access(call.tx, id, call.payload.tenant))
