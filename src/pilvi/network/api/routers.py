"""Routers, their interfaces and their routes."""

from collections.abc import Sequence
from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.ports import FixedIpFields
from pilvi.network.api.wire import (
    ABSENT,
    Absent,
    Id,
    Name,
    Route,
    check_zones,
    given,
    render_common,
)
from pilvi.network.model.network import ACTIVE, AVAILABILITY_ZONE
from pilvi.network.model.port import AskedIp, Port
from pilvi.network.model.router import Router
from pilvi.network.operations import router_interfaces as interfaces
from pilvi.network.operations import routers as operations
from pilvi.network.store import routers as store
from pilvi.network.store.ports import list_gateways
from pilvi.network.store.tags import list_tags


class Gateway(msgspec.Struct, forbid_unknown_fields=True):
    """How a router is joined to an external network."""

    network_id: Id | None | Absent = ABSENT
    enable_snat: bool | Absent = ABSENT
    external_fixed_ips: list[FixedIpFields] | Absent = ABSENT
    qos_policy_id: str | None | Absent = ABSENT


class RouterFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a router is made of."""

    name: Name | Absent = ABSENT
    description: Name | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT
    admin_state_up: bool | Absent = ABSENT
    gateway: Gateway | None | Absent = msgspec.field(default=ABSENT, name="external_gateway_info")
    routes: list[Route] | None | Absent = ABSENT
    availability_zone_hints: list[str] | Absent = ABSENT
    distributed: bool | None | Absent = ABSENT
    ha: bool | None | Absent = ABSENT
    flavor_id: str | None | Absent = ABSENT
    enable_ndp_proxy: bool | None | Absent = ABSENT


class RouterBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    router: RouterFields


class InterfaceBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of add_router_interface and remove_router_interface."""

    subnet_id: str | None = None
    port_id: str | None = None


class RoutesFields(msgspec.Struct, forbid_unknown_fields=True):
    """Routes to add or remove."""

    routes: list[Route]


class RoutesBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of add_extraroutes and remove_extraroutes."""

    router: RoutesFields


_FIXED: dict[str, Any] = {
    "distributed": (False, None),
    "ha": (False, None),
}


def _values(fields: RouterFields, fixed: dict[str, Any]) -> dict[str, Any]:
    values = given(fields, fixed)
    if values.get("enable_ndp_proxy", ABSENT) is None:
        values.pop("enable_ndp_proxy")
    if values.get("gateway"):
        values["gateway"] = gateway_values(values["gateway"])
    if "routes" in values:
        values["routes"] = _routes(values["routes"] or [])
    check_zones(values)
    return values


def gateway_values(fields: Gateway) -> dict[str, Any]:
    """What a caller says of a gateway."""
    gateway = given(fields, {"qos_policy_id": (None,)})
    if "external_fixed_ips" in gateway:
        gateway["external_fixed_ips"] = [
            AskedIp(subnet_id=wish.subnet_id, address=wish.ip_address)
            for wish in gateway["external_fixed_ips"]
        ]
    return gateway


def _routes(routes: Sequence[Route]) -> list[tuple[str, str]]:
    return [(route.destination, route.nexthop) for route in routes]


def _render_one(router: Router, gateway: Port | None, tags: Sequence[str]) -> dict[str, Any]:
    return {
        **render_common(router, tags),
        "name": router.name,
        "status": ACTIVE,
        "admin_state_up": router.admin_state_up,
        "external_gateway_info": None if gateway is None else _render_gateway(router, gateway),
        "routes": [{"destination": to, "nexthop": via} for to, via in router.routes],
        "availability_zones": [AVAILABILITY_ZONE],
        "availability_zone_hints": router.availability_zone_hints,
        "distributed": False,
        "ha": False,
        "flavor_id": router.flavor_id,
        "enable_ndp_proxy": router.enable_ndp_proxy,
    }


def _render_gateway(router: Router, gateway: Port) -> dict[str, Any]:
    return {
        "network_id": gateway.network_id,
        "enable_snat": router.enable_snat,
        "external_fixed_ips": [
            {"subnet_id": fixed.subnet_id, "ip_address": fixed.address}
            for fixed in gateway.fixed_ips
        ],
    }


async def render_routers(call: Call[Any], found: Sequence[Router]) -> list[dict[str, Any]]:
    """Bodies of some routers."""
    ids = [router.id for router in found]
    gateways, tags = await list_gateways(call.tx, ids), await list_tags(call.tx, ids)
    return [
        _render_one(router, gateways.get(router.id), tags.get(router.id, ())) for router in found
    ]


async def list_routers(call: Call[None]) -> dict[str, Any]:
    """Own routers; all for admins."""
    found, more = await store.list_routers(call.tx, parse_listing(call))
    return page_of(call, "routers", await render_routers(call, found), more)


async def show_router(call: Call[None]) -> dict[str, Any]:
    """One router."""
    return await show_changed_router(call)


async def show_changed_router(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    id, project_id = call.path["router_id"], call.caller.visible_project_id
    found = await store.get_router(call.tx, id, project_id)
    return {"router": select_fields(call, (await render_routers(call, [found]))[0])}


async def create_router(call: Call[RouterBody]) -> dict[str, Any]:
    """A new router."""
    values = _values(call.payload.router, _FIXED | {"routes": ([], None)})
    id = await operations.create_router(call.tx, call.caller, values)
    made = await store.get_router(call.tx, id, None)
    return {"router": (await render_routers(call, [made]))[0]}


async def update_router(call: Call[RouterBody]) -> dict[str, Any]:
    """Change a router."""
    values = _values(call.payload.router, _FIXED | {"project_id": ()})
    await operations.update_router(call.tx, call.caller, call.path["router_id"], values)
    return await show_changed_router(call)


async def delete_router(call: Call[None]) -> None:
    """Remove a router."""
    await operations.delete_router(call.tx, call.caller, call.path["router_id"])


def _render_interface(router: Router, leg: Port) -> dict[str, Any]:
    subnet_ids = [fixed.subnet_id for fixed in leg.fixed_ips]
    return {
        "id": router.id,
        "project_id": router.project_id,
        "tenant_id": router.project_id,
        "network_id": leg.network_id,
        "port_id": leg.id,
        "subnet_id": subnet_ids[0],
        "subnet_ids": subnet_ids,
        "tags": [],
    }


async def add_router_interface(call: Call[InterfaceBody]) -> dict[str, Any]:
    """Give a router a leg in a subnet."""
    asked, id = call.payload, call.path["router_id"]
    done = await interfaces.add_router_interface(
        call.tx, call.caller, id, asked.subnet_id, asked.port_id
    )
    return _render_interface(*done)


async def remove_router_interface(call: Call[InterfaceBody]) -> dict[str, Any]:
    """Take a leg in a subnet from a router."""
    asked, id = call.payload, call.path["router_id"]
    done = await interfaces.remove_router_interface(
        call.tx, call.caller, id, asked.subnet_id, asked.port_id
    )
    return _render_interface(*done)


async def add_extraroutes(call: Call[RoutesBody]) -> dict[str, Any]:
    """Add routes to a router."""
    routes = _routes(call.payload.router.routes)
    await operations.add_extraroutes(call.tx, call.caller, call.path["router_id"], routes)
    return await show_changed_router(call)


async def remove_extraroutes(call: Call[RoutesBody]) -> dict[str, Any]:
    """Take routes from a router."""
    routes = _routes(call.payload.router.routes)
    await operations.remove_extraroutes(call.tx, call.caller, call.path["router_id"], routes)
    return await show_changed_router(call)
