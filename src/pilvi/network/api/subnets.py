"""Subnets."""

from collections.abc import Sequence
from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.errors import InvalidRequest
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import (
    ABSENT,
    Absent,
    Id,
    Name,
    Route,
    given,
    pick,
    render_common,
    require,
)
from pilvi.network.model.address import to_address
from pilvi.network.model.network import Subnet
from pilvi.network.operations import subnets as operations
from pilvi.network.store import subnets as store
from pilvi.network.store.tags import list_tags


class Pool(msgspec.Struct, forbid_unknown_fields=True):
    """A range of addresses that ports are given."""

    start: str
    end: str


class SubnetFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a subnet is made of."""

    network_id: Id | Absent = ABSENT
    name: Name | Absent = ABSENT
    description: Name | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT
    ip_version: int | Absent = ABSENT
    cidr: str | None | Absent = ABSENT
    gateway_ip: str | None | Absent = ABSENT
    enable_dhcp: bool | Absent = ABSENT
    pools: list[Pool] | None | Absent = msgspec.field(default=ABSENT, name="allocation_pools")
    dns_nameservers: list[str] | None | Absent = ABSENT
    host_routes: list[Route] | None | Absent = ABSENT
    address_mode: str | None | Absent = msgspec.field(default=ABSENT, name="ipv6_address_mode")
    ra_mode: str | None | Absent = msgspec.field(default=ABSENT, name="ipv6_ra_mode")
    subnetpool_id: str | None | Absent = ABSENT
    use_default_subnetpool: bool | None | Absent = ABSENT
    prefixlen: int | None | Absent = ABSENT
    segment_id: str | None | Absent = ABSENT
    service_types: list[str] | Absent = ABSENT
    dns_publish_fixed_ip: bool | Absent = ABSENT


class SubnetBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT; a list makes several at once, all or none."""

    subnet: SubnetFields | Absent = ABSENT
    subnets: list[SubnetFields] | Absent = ABSENT


_FIXED: dict[str, Any] = {
    "segment_id": (None,),
    "service_types": ([],),
    "dns_publish_fixed_ip": (False,),
}


def _values(fields: SubnetFields, fixed: dict[str, Any]) -> dict[str, Any]:
    values = given(fields, fixed)
    if values.get("pools", ABSENT) is None:
        values.pop("pools")
    if "pools" in values:
        values["pools"] = [(pool.start, pool.end) for pool in values["pools"]]
    if "host_routes" in values:
        routes = values["host_routes"] or []
        values["host_routes"] = [(route.destination, route.nexthop) for route in routes]
    if "dns_nameservers" in values:
        values["dns_nameservers"] = values["dns_nameservers"] or []
    return values


def _check_version(values: dict[str, Any]) -> None:
    if values.get("ip_version") not in (4, 6):
        raise InvalidRequest("cannot make a subnet without an ip_version of 4 or 6")


def _render_one(subnet: Subnet, tags: Sequence[str]) -> dict[str, Any]:
    version = subnet.ip_version
    return {
        **render_common(subnet, tags),
        "name": subnet.name,
        "network_id": subnet.network_id,
        "ip_version": subnet.ip_version,
        "cidr": subnet.cidr,
        "gateway_ip": subnet.gateway_ip,
        "enable_dhcp": subnet.enable_dhcp,
        "allocation_pools": [
            {"start": to_address(low, version), "end": to_address(high, version)}
            for low, high in subnet.pools
        ],
        "dns_nameservers": subnet.dns_nameservers,
        "host_routes": [
            {"destination": destination, "nexthop": via} for destination, via in subnet.host_routes
        ],
        "ipv6_address_mode": subnet.address_mode,
        "ipv6_ra_mode": subnet.ra_mode,
        "subnetpool_id": subnet.subnetpool_id,
        "segment_id": None,
        "service_types": [],
        "dns_publish_fixed_ip": False,
    }


async def _render(call: Call[Any], found: Sequence[Subnet]) -> list[dict[str, Any]]:
    tags = await list_tags(call.tx, [subnet.id for subnet in found])
    return [_render_one(subnet, tags.get(subnet.id, ())) for subnet in found]


async def list_subnets(call: Call[None]) -> dict[str, Any]:
    """Own subnets and those of shared networks; all for admins."""
    found, more = await store.list_subnets(call.tx, parse_listing(call))
    return page_of(call, "subnets", await _render(call, found), more)


async def show_subnet(call: Call[None]) -> dict[str, Any]:
    """One subnet."""
    return await _show(call)


async def _show(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    id, project_id = call.path["subnet_id"], call.caller.visible_project_id
    found = await store.get_subnet(call.tx, id, project_id)
    return {"subnet": select_fields(call, (await _render(call, [found]))[0])}


async def create_subnet(call: Call[SubnetBody]) -> dict[str, Any]:
    """A new subnet, or several."""
    ids = []
    for fields in pick(call.payload.subnet, call.payload.subnets, "subnet"):
        values = _values(fields, _FIXED)
        _check_version(values)
        require(values, "network_id")
        ids.append(await operations.create_subnet(call.tx, call.caller, values))
    made = await store.list_subnets_by_id(call.tx, ids)
    bodies = await _render(call, [made[id] for id in ids])
    return {"subnets": bodies} if call.payload.subnet is ABSENT else {"subnet": bodies[0]}


async def update_subnet(call: Call[SubnetBody]) -> dict[str, Any]:
    """Change a subnet; its range and its network stay."""
    (fields,) = pick(call.payload.subnet, ABSENT, "subnet")
    fixed = ("cidr", "network_id", "ip_version", "project_id", "ra_mode", "address_mode")
    pool = ("subnetpool_id", "use_default_subnetpool", "prefixlen")
    unchangeable: dict[str, Any] = dict.fromkeys((*fixed, *pool), ())
    values = _values(fields, _FIXED | unchangeable)
    await operations.update_subnet(call.tx, call.caller, call.path["subnet_id"], values)
    return await _show(call)


async def delete_subnet(call: Call[None]) -> None:
    """Remove a subnet."""
    await operations.delete_subnet(call.tx, call.caller, call.path["subnet_id"])
