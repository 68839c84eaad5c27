"""NDP proxies."""

from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import ABSENT, Absent, Id, Name, given, render_common, require
from pilvi.network.model.router import NdpProxy
from pilvi.network.operations import ndp_proxies as operations
from pilvi.network.store import ndp_proxies as store


class NdpProxyFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a proxy is made of."""

    name: Name | Absent = ABSENT
    description: Name | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT
    router_id: Id | Absent = ABSENT
    port_id: Id | Absent = ABSENT
    address: str | None | Absent = msgspec.field(default=ABSENT, name="ip_address")


class NdpProxyBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    ndp_proxy: NdpProxyFields


def _render(proxy: NdpProxy) -> dict[str, Any]:
    body = render_common(proxy, ())
    del body["tags"]
    return {
        **body,
        "name": proxy.name,
        "router_id": proxy.router_id,
        "port_id": proxy.port_id,
        "ip_address": proxy.address,
    }


async def list_ndp_proxies(call: Call[None]) -> dict[str, Any]:
    """Own proxies; all for admins."""
    found, more = await store.list_proxies(call.tx, parse_listing(call))
    return page_of(call, "ndp_proxies", [_render(proxy) for proxy in found], more)


async def show_ndp_proxy(call: Call[None]) -> dict[str, Any]:
    """One proxy."""
    return await _show(call)


async def _show(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    id, project_id = call.path["ndp_proxy_id"], call.caller.visible_project_id
    found = await store.get_proxy(call.tx, id, project_id)
    return {"ndp_proxy": select_fields(call, _render(found))}


async def create_ndp_proxy(call: Call[NdpProxyBody]) -> dict[str, Any]:
    """Have a router answer outside for an inner IPv6 address."""
    values = given(call.payload.ndp_proxy)
    require(values, "router_id", "port_id")
    id = await operations.create_ndp_proxy(call.tx, call.caller, values)
    return {"ndp_proxy": _render(await store.get_proxy(call.tx, id, None))}


async def update_ndp_proxy(call: Call[NdpProxyBody]) -> dict[str, Any]:
    """Change what a proxy says of itself."""
    fixed: dict[str, Any] = {"project_id": (), "router_id": (), "port_id": (), "address": ()}
    values = given(call.payload.ndp_proxy, fixed)
    await operations.update_ndp_proxy(call.tx, call.caller, call.path["ndp_proxy_id"], values)
    return await _show(call)


async def delete_ndp_proxy(call: Call[None]) -> None:
    """Answer for an address no more."""
    await operations.delete_ndp_proxy(call.tx, call.caller, call.path["ndp_proxy_id"])
