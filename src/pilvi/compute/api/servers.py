"""Servers."""

import dataclasses
import secrets
from collections.abc import Sequence
from typing import Any

from pilvi.compute.api.links import actor, next_link, self_links
from pilvi.compute.api.server_query import read_filter, read_page, wanted_addresses
from pilvi.compute.api.server_view import (
    Surroundings,
    look_around,
    render_brief,
    render_server,
)
from pilvi.compute.api.server_wire import ServerCreate, ServerUpdate
from pilvi.compute.api.server_wish import is_set, read_address, read_disk_config, read_wish
from pilvi.compute.model.server import Server
from pilvi.compute.model.server_name import check_hostname
from pilvi.compute.operations import server_create
from pilvi.compute.operations import servers as operations
from pilvi.compute.operations.aggregates import check_pin
from pilvi.compute.store import server_lists
from pilvi.compute.store import servers as store
from pilvi.compute.store.server_groups import find_group_of
from pilvi.compute.store.server_lists import ServerFilter
from pilvi.core.http import Call, Reply
from pilvi.core.paging import Page
from pilvi.errors import InvalidRequest
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.network.operations.topologies import ensure_network

# Random bytes of a password that nobody chose. Lower: it can be guessed; higher: hard to type.
PASSWORD_BYTES = 9


async def get_called(call: Call[Any]) -> Server:
    """The server that the path names; another project's does not exist."""
    return await store.get_server(call.tx, call.path["server_id"], call.caller.visible_project_id)


async def create_server(call: Call[ServerCreate]) -> Reply:
    """New servers; several answer a reservation where that is asked for."""
    wish = read_wish(
        call.payload,
        is_admin=call.caller.is_admin,
        allows_domain="domain-hostname" in call.flags,
    )
    call.caller.own_project_id  # noqa: B018  # an unscoped caller has nowhere to put a server
    password = wish.admin_password or secrets.token_urlsafe(PASSWORD_BYTES)
    wish = dataclasses.replace(wish, admin_password=password)
    if call.payload.server.networks == "auto":
        await ensure_network(call.tx, call.caller)
    made = await server_create.create_server(call.tx, actor(call), wish)
    if call.payload.server.return_reservation_id in (True, "True", "true", "1"):
        return Reply({"reservation_id": made[0].reservation_id})
    links = self_links(call, "servers", made[0].id)
    body = {
        "id": made[0].id,
        "links": links,
        "OS-DCF:diskConfig": made[0].disk_config,
        "adminPass": password,
        "security_groups": [{"name": name} for name in made[0].security_groups],
    }
    return Reply({"server": body}, headers={"location": links[0]["href"]})


async def _at_host(call: Call[None], wanted: ServerFilter) -> ServerFilter:
    """The filter with the host that an admin names in the query."""
    names = [call.query[one] for one in ("host", "node") if one in call.query]
    if not names or not call.caller.is_admin:
        return wanted
    ids = [str(host.id) for host in await list_hosts(call.tx) if {host.name} == set(names)]
    return dataclasses.replace(wanted, equal={**wanted.equal, "host_id": ids or [""]})


async def read_list(
    call: Call[None],
) -> tuple[Sequence[Server], Surroundings | None, bool, Page]:
    """The servers of a list, what was read around them, whether more follow, and the page."""
    page, wanted = read_page(call), await _at_host(call, read_filter(call))
    ip, ip6 = wanted_addresses(call)
    if page.limit == 0:
        return [], None, False, page
    if ip is None and ip6 is None:
        found, more = await server_lists.list_servers(call.tx, wanted, page)
        return found, None, more, page
    everything, _ = await server_lists.list_servers(
        call.tx, wanted, Page(limit=None, sorts=page.sorts)
    )
    around = await look_around(call, everything)
    matching = [one for one in everything if _has_address(around, one, ip, ip6)]
    cut, more = _cut(matching, page)
    return cut, around, more, page


def _cut(servers: Sequence[Server], page: Page) -> tuple[Sequence[Server], bool]:
    """One page of a list that could not be paged in SQL."""
    if page.marker is not None:
        places = [place for place, one in enumerate(servers) if one.id == page.marker]
        if not places:
            raise InvalidRequest(f"cannot find the marker '{page.marker}' in this list")
        servers = servers[places[0] + 1 :]
    if page.limit is None:
        return servers, False
    return servers[: page.limit], len(servers) > page.limit


def _has_address(around: Surroundings, server: Server, ip: str | None, ip6: str | None) -> bool:
    """Whether a server has an address with each of the parts asked for."""
    addresses = [
        address
        for port in around.ports.get(server.id, [])
        for _, address in (*port.fixed_ips, *((None, one) for one, _ in port.floating_ips))
    ]
    return all(
        any(part.strip("^$").replace("\\", "") in address for address in addresses)
        for part in (ip, ip6)
        if part is not None
    )


def link_next(
    call: Call[None], path: str, found: Sequence[Server], more: bool, page: Page
) -> dict[str, Any]:
    """Where the list goes on, if it does."""
    return {"servers_links": next_link(call, path, found[-1].id, page)} if more else {}


async def list_servers(call: Call[None]) -> dict[str, Any]:
    """Servers by id and name."""
    found, _, more, page = await read_list(call)
    rows = [render_brief(call, server) for server in found]
    return {"servers": rows, **link_next(call, "servers", found, more, page)}


async def list_servers_detail(call: Call[None]) -> dict[str, Any]:
    """Servers, each whole."""
    found, around, more, page = await read_list(call)
    around = around or await look_around(call, found)
    rows = [render_server(call, server, around) for server in found]
    return {"servers": rows, **link_next(call, "servers/detail", found, more, page)}


async def render_whole(call: Call[Any], server: Server) -> dict[str, Any]:
    """One server as GET and PUT answer it."""
    around = await look_around(call, [server])
    group = await find_group_of(call.tx, server.id)
    groups = [] if group is None else [group.id]
    return {"server": {**render_server(call, server, around), "server_groups": groups}}


async def show_server(call: Call[None]) -> dict[str, Any]:
    """One server."""
    return await render_whole(call, await get_called(call))


async def update_server(call: Call[ServerUpdate]) -> dict[str, Any]:
    """Change a server's name, description, host name or access addresses."""
    fields, changes = call.payload.server, dict[str, Any]()
    if is_set(fields.name):
        changes["name"] = str(fields.name).strip()
        if not changes["name"]:
            raise InvalidRequest("cannot give a server a blank name")
    if is_set(fields.description):
        changes["description"] = fields.description
    if is_set(fields.hostname):
        allows_domain = "domain-hostname" in call.flags
        changes["hostname"] = check_hostname(str(fields.hostname), allows_domain=allows_domain)
    for name, version in (("accessIPv4", 4), ("accessIPv6", 6)):
        if is_set(value := getattr(fields, name)):
            changes[f"access_ipv{version}"] = read_address(value, version)
    if is_set(fields.disk_config):
        changes["disk_config"] = read_disk_config(str(fields.disk_config))
    if is_set(zone := fields.pinned_availability_zone):
        if zone is not None:
            await check_pin(call.tx, str(zone), (await get_called(call)).host_id)
        changes["availability_zone"] = zone
    server = await operations.update_server(call.tx, await get_called(call), **changes)
    return await render_whole(call, server)


async def delete_server(call: Call[None]) -> None:
    """Wish a server away."""
    await operations.delete_server(call.tx, await get_called(call), actor(call))
