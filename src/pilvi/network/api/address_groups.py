"""Address groups."""

from collections.abc import Sequence
from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import ABSENT, Absent, Id, Name, given, render_common
from pilvi.network.model.security_group import AddressGroup
from pilvi.network.operations import address_groups as operations
from pilvi.network.store import address_groups as store
from pilvi.network.store.sharing import list_shared
from pilvi.network.store.tags import list_tags


class AddressGroupFields(msgspec.Struct, forbid_unknown_fields=True):
    """What an address group is made of."""

    name: Name | Absent = ABSENT
    description: Name | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT
    addresses: list[str] | Absent = ABSENT
    is_shared: bool | Absent = msgspec.field(default=ABSENT, name="shared")


class AddressGroupBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    address_group: AddressGroupFields


class AddressesFields(msgspec.Struct, forbid_unknown_fields=True):
    """Addresses to add or remove."""

    addresses: list[str]


class AddressesBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of add_addresses and remove_addresses."""

    address_group: AddressesFields


async def _render(call: Call[Any], found: Sequence[AddressGroup]) -> list[dict[str, Any]]:
    ids = [group.id for group in found]
    tags = await list_tags(call.tx, ids)
    shared = await list_shared(call.tx, ids, call.caller.project_id)
    return [
        {
            **render_common(group, tags.get(group.id, ())),
            "name": group.name,
            "addresses": group.addresses,
            "shared": group.id in shared,
        }
        for group in found
    ]


async def list_address_groups(call: Call[None]) -> dict[str, Any]:
    """Own and shared address groups; all for admins."""
    found, more = await store.list_address_groups(call.tx, parse_listing(call))
    return page_of(call, "address_groups", await _render(call, found), more)


async def show_address_group(call: Call[None]) -> dict[str, Any]:
    """One address group."""
    return await _show(call)


async def _show(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    id, project_id = call.path["address_group_id"], call.caller.visible_project_id
    found = await store.get_address_group(call.tx, id, project_id)
    return {"address_group": select_fields(call, (await _render(call, [found]))[0])}


async def create_address_group(call: Call[AddressGroupBody]) -> dict[str, Any]:
    """A new address group."""
    values = given(call.payload.address_group)
    id = await operations.create_address_group(call.tx, call.caller, values)
    made = await store.get_address_group(call.tx, id, None)
    return {"address_group": (await _render(call, [made]))[0]}


async def update_address_group(call: Call[AddressGroupBody]) -> dict[str, Any]:
    """Change an address group's name or description."""
    fixed: dict[str, Any] = {"project_id": (), "addresses": (), "is_shared": ()}
    values = given(call.payload.address_group, fixed)
    id = call.path["address_group_id"]
    await operations.update_address_group(call.tx, call.caller, id, values)
    return await _show(call)


async def add_addresses(call: Call[AddressesBody]) -> dict[str, Any]:
    """Put addresses into an address group."""
    id, addresses = call.path["address_group_id"], call.payload.address_group.addresses
    await operations.add_addresses(call.tx, call.caller, id, addresses)
    return await _show(call)


async def remove_addresses(call: Call[AddressesBody]) -> dict[str, Any]:
    """Take addresses from an address group."""
    id, addresses = call.path["address_group_id"], call.payload.address_group.addresses
    await operations.remove_addresses(call.tx, call.caller, id, addresses)
    return await _show(call)


async def delete_address_group(call: Call[None]) -> None:
    """Remove an address group."""
    await operations.delete_address_group(call.tx, call.caller, call.path["address_group_id"])
