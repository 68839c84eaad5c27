"""Subnet pools."""

from collections.abc import Sequence
from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import (
    ABSENT,
    Absent,
    Id,
    Name,
    given,
    render_common,
    require,
)
from pilvi.network.model.subnetpool import SubnetPool
from pilvi.network.operations import subnetpools as operations
from pilvi.network.store import subnetpools as store
from pilvi.network.store.sharing import list_shared
from pilvi.network.store.tags import list_tags


class SubnetPoolFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a subnet pool is made of."""

    name: Name | Absent = ABSENT
    description: Name | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT
    prefixes: list[str] | str | Absent = ABSENT
    default_prefixlen: int | Absent = ABSENT
    min_prefixlen: int | Absent = ABSENT
    max_prefixlen: int | Absent = ABSENT
    default_quota: int | None | Absent = ABSENT
    is_shared: bool | Absent = msgspec.field(default=ABSENT, name="shared")
    is_default: bool | Absent = ABSENT
    address_scope_id: Id | None | Absent = ABSENT


class SubnetPoolBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    subnetpool: SubnetPoolFields


class PrefixesBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of add_prefixes and remove_prefixes."""

    prefixes: list[str]


class OnboardBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of onboard_network_subnets."""

    network_id: Id
    ip_version: int = 4


def _values(fields: SubnetPoolFields, fixed: dict[str, Any] | None = None) -> dict[str, Any]:
    values = given(fields, fixed)
    if isinstance(values.get("prefixes"), str):
        # One prefix may stand without its list ("Create subnet pool").
        values["prefixes"] = [values["prefixes"]]
    return values


def _render_one(pool: SubnetPool, tags: Sequence[str], *, is_shared: bool) -> dict[str, Any]:
    return {
        **render_common(pool, tags),
        "name": pool.name,
        "ip_version": pool.ip_version,
        "prefixes": pool.prefixes,
        "default_prefixlen": pool.default_prefixlen,
        "min_prefixlen": pool.min_prefixlen,
        "max_prefixlen": pool.max_prefixlen,
        "default_quota": pool.default_quota,
        "shared": is_shared,
        "is_default": pool.is_default,
        "address_scope_id": pool.address_scope_id,
    }


async def _render(call: Call[Any], found: Sequence[SubnetPool]) -> list[dict[str, Any]]:
    ids = [pool.id for pool in found]
    tags = await list_tags(call.tx, ids)
    shared = await list_shared(call.tx, ids, call.caller.project_id)
    return [_render_one(p, tags.get(p.id, ()), is_shared=p.id in shared) for p in found]


async def list_subnetpools(call: Call[None]) -> dict[str, Any]:
    """Own and shared subnet pools; all for admins."""
    found, more = await store.list_subnetpools(call.tx, parse_listing(call))
    return page_of(call, "subnetpools", await _render(call, found), more)


async def show_subnetpool(call: Call[None]) -> dict[str, Any]:
    """One subnet pool."""
    return await _show(call)


async def _show(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    id, project_id = call.path["subnetpool_id"], call.caller.visible_project_id
    found = await store.get_subnetpool(call.tx, id, project_id)
    return {"subnetpool": select_fields(call, (await _render(call, [found]))[0])}


async def create_subnetpool(call: Call[SubnetPoolBody]) -> dict[str, Any]:
    """A new subnet pool."""
    values = _values(call.payload.subnetpool)
    require(values, "name", "prefixes")
    id = await operations.create_subnetpool(call.tx, call.caller, values)
    made = await store.get_subnetpool(call.tx, id, None)
    return {"subnetpool": (await _render(call, [made]))[0]}


async def update_subnetpool(call: Call[SubnetPoolBody]) -> dict[str, Any]:
    """Change a subnet pool."""
    values = _values(call.payload.subnetpool, {"project_id": ()})
    await operations.update_subnetpool(call.tx, call.caller, call.path["subnetpool_id"], values)
    return await _show(call)


async def add_prefixes(call: Call[PrefixesBody]) -> dict[str, Any]:
    """Add prefixes to a subnet pool."""
    id, prefixes = call.path["subnetpool_id"], call.payload.prefixes
    return {"prefixes": await operations.add_prefixes(call.tx, call.caller, id, prefixes)}


async def remove_prefixes(call: Call[PrefixesBody]) -> dict[str, Any]:
    """Take prefixes from a subnet pool."""
    id, prefixes = call.path["subnetpool_id"], call.payload.prefixes
    return {"prefixes": await operations.remove_prefixes(call.tx, call.caller, id, prefixes)}


async def onboard_network_subnets(call: Call[OnboardBody]) -> dict[str, Any]:
    """Make a network's subnets a subnet pool's."""
    id, asked = call.path["subnetpool_id"], call.payload
    await operations.onboard_network_subnets(
        call.tx, call.caller, id, asked.network_id, asked.ip_version
    )
    return {}


async def delete_subnetpool(call: Call[None]) -> None:
    """Remove a subnet pool."""
    await operations.delete_subnetpool(call.tx, call.caller, call.path["subnetpool_id"])
