"""Address scopes."""

from collections.abc import Sequence
from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import ABSENT, Absent, Id, Name, given, require
from pilvi.network.model.subnetpool import AddressScope
from pilvi.network.operations import subnetpools as operations
from pilvi.network.store import subnetpools as store
from pilvi.network.store.sharing import list_shared


class AddressScopeFields(msgspec.Struct, forbid_unknown_fields=True):
    """What an address scope is made of."""

    name: Name | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT
    ip_version: int | Absent = ABSENT
    is_shared: bool | Absent = msgspec.field(default=ABSENT, name="shared")


class AddressScopeBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    address_scope: AddressScopeFields


async def _render(call: Call[Any], found: Sequence[AddressScope]) -> list[dict[str, Any]]:
    shared = await list_shared(call.tx, [scope.id for scope in found], call.caller.project_id)
    return [
        {
            "id": scope.id,
            "project_id": scope.project_id,
            "tenant_id": scope.project_id,
            "name": scope.name,
            "ip_version": scope.ip_version,
            "shared": scope.id in shared,
        }
        for scope in found
    ]


async def list_address_scopes(call: Call[None]) -> dict[str, Any]:
    """Own and shared address scopes; all for admins."""
    found, more = await store.list_address_scopes(call.tx, parse_listing(call))
    return page_of(call, "address_scopes", await _render(call, found), more)


async def show_address_scope(call: Call[None]) -> dict[str, Any]:
    """One address scope."""
    return await _show(call)


async def _show(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    id, project_id = call.path["address_scope_id"], call.caller.visible_project_id
    found = await store.get_address_scope(call.tx, id, project_id)
    return {"address_scope": select_fields(call, (await _render(call, [found]))[0])}


async def create_address_scope(call: Call[AddressScopeBody]) -> dict[str, Any]:
    """A new address scope."""
    values = given(call.payload.address_scope)
    require(values, "name", "ip_version")
    id = await operations.create_address_scope(call.tx, call.caller, values)
    made = await store.get_address_scope(call.tx, id, None)
    return {"address_scope": (await _render(call, [made]))[0]}


async def update_address_scope(call: Call[AddressScopeBody]) -> dict[str, Any]:
    """Change an address scope; its IP version stays."""
    values = given(call.payload.address_scope, {"project_id": (), "ip_version": ()})
    id = call.path["address_scope_id"]
    await operations.update_address_scope(call.tx, call.caller, id, values)
    return await _show(call)


async def delete_address_scope(call: Call[None]) -> None:
    """Remove an address scope."""
    await operations.delete_address_scope(call.tx, call.caller, call.path["address_scope_id"])
