"""Hypervisors, services and availability zones: hosts as Nova shows them."""

import datetime
from typing import Any

import msgspec

from pilvi.compute.api.links import check_query, microseconds, next_link
from pilvi.compute.store import servers
from pilvi.core.db import now
from pilvi.core.http import Call
from pilvi.core.paging import Page, parse_page
from pilvi.errors import InvalidRequest, NotFound
from pilvi.hosts.model.host import Host, HostId
from pilvi.hosts.operations.hosts import list_hosts, set_enabled
from pilvi.placement.model.inventory import Usage
from pilvi.placement.operations.usages import list_usages
from pilvi.scheduler.candidates import AVAILABILITY_ZONE

_QUERY = frozenset({"limit", "marker", "hypervisor_hostname_pattern", "with_servers"})
BINARY = "nova-compute"


class ServiceUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT os-services/{id}."""

    status: str | None = None
    disabled_reason: str | None = None
    forced_down: bool | None = None


def _is_alive(call: Call[Any], host: Host) -> bool:
    return host.is_alive(now(), call.settings.host_lease_s)


async def _number(call: Call[Any]) -> dict[str, int]:
    """The number of each host, for versions that know no UUIDs: by age."""
    hosts = sorted(await list_hosts(call.tx), key=lambda host: (host.created_at, host.id))
    return {host.id: place for place, host in enumerate(hosts, 1)}


def _id(call: Call[Any], host: Host, numbers: dict[str, int]) -> str | int:
    return host.id if "host-uuids" in call.flags else numbers[host.id]


async def _known(call: Call[Any]) -> list[Host]:
    """The hosts that have reported at least once, by name."""
    return [host for host in await list_hosts(call.tx) if host.facts is not None]


async def _chosen(call: Call[None]) -> tuple[list[Host], bool, Page]:
    """The hosts that the query asks for."""
    hosts, page = await _known(call), Page(limit=None)
    if "hypervisor-paging" in call.flags:
        check_query(call, _QUERY)
        page = parse_page(call.query)
    pattern = call.query.get("hypervisor_hostname_pattern")
    if pattern is not None and "host-uuids" in call.flags:
        hosts = [host for host in hosts if pattern.lower() in host.name.lower()]
        if not hosts:
            raise NotFound(f"cannot find a hypervisor whose name holds '{pattern}'")
    if page.marker is not None:
        numbers = await _number(call)
        places = [i for i, host in enumerate(hosts) if str(_id(call, host, numbers)) == page.marker]
        if not places:
            raise InvalidRequest(f"cannot find the marker '{page.marker}' in this list")
        hosts = hosts[places[0] + 1 :]
    more = page.limit is not None and len(hosts) > page.limit
    return hosts[: page.limit], more, page


async def _list(call: Call[None], path: str, *, whole: bool) -> dict[str, Any]:
    hosts, more, page = await _chosen(call)
    render = await _renderer(call, whole=whole)
    rows = [render(host) for host in hosts]
    body: dict[str, Any] = {"hypervisors": rows}
    if more:
        body["hypervisors_links"] = next_link(call, path, str(rows[-1]["id"]), page)
    return body


async def list_hypervisors(call: Call[None]) -> dict[str, Any]:
    """The hosts by name."""
    return await _list(call, "os-hypervisors", whole=False)


async def list_hypervisors_detail(call: Call[None]) -> dict[str, Any]:
    """The hosts, each whole."""
    return await _list(call, "os-hypervisors/detail", whole=True)


async def show_hypervisor(call: Call[None]) -> dict[str, Any]:
    """One host, whole."""
    host = await _find(call, call.path["id"])
    render = await _renderer(call, whole=True)
    return {"hypervisor": render(host)}


async def _find(call: Call[Any], id: str) -> Host:
    numbers = await _number(call)
    for host in await _known(call):
        if str(_id(call, host, numbers)) == id:
            return host
    raise NotFound(f"cannot find the hypervisor '{id}'")


async def search_hypervisors(call: Call[None]) -> dict[str, Any]:
    """The hosts whose name holds a text (before 2.53)."""
    return await _search(call, with_servers=False)


async def list_hypervisor_servers(call: Call[None]) -> dict[str, Any]:
    """The hosts whose name holds a text, with their servers (before 2.53)."""
    return await _search(call, with_servers=True)


async def _search(call: Call[None], *, with_servers: bool) -> dict[str, Any]:
    text = call.path["id"]
    hosts = [host for host in await _known(call) if text.lower() in host.name.lower()]
    if not hosts:
        raise NotFound(f"cannot find a hypervisor whose name holds '{text}'")
    render = await _renderer(call, whole=False, with_servers=with_servers)
    return {"hypervisors": [render(host) for host in hosts]}


async def show_hypervisor_uptime(call: Call[None]) -> dict[str, Any]:
    """Hosts do not report how long they have been up."""
    host = await _find(call, call.path["id"])
    render = await _renderer(call, whole=False)
    return {"hypervisor": {**render(host), "uptime": ""}}


async def show_hypervisor_statistics(call: Call[None]) -> dict[str, Any]:
    """Sums over all hosts."""
    usages, placed = await list_usages(call.tx), await servers.list_on_hosts(call.tx)
    hosts = await _known(call)
    rows = [_usage(host, usages.get(host.id, Usage()), placed) for host in hosts]
    names = _usage_names()
    sums = {name: sum(row[name] for row in rows) for name in names}
    return {"hypervisor_statistics": {"count": len(hosts), **sums}}


def _usage_names() -> tuple[str, ...]:
    return (
        "vcpus",
        "vcpus_used",
        "memory_mb",
        "memory_mb_used",
        "free_ram_mb",
        "local_gb",
        "local_gb_used",
        "free_disk_gb",
        "disk_available_least",
        "current_workload",
        "running_vms",
    )


def _usage(host: Host, usage: Usage, placed: list[tuple[str, str, str, str]]) -> dict[str, int]:
    """What a host has and what of it is used: by its servers' flavors, exactly."""
    total, used = usage.total, usage.used
    memory, disk = total.get("MEMORY_MB", 0), total.get("DISK_GB", 0)
    memory_used, disk_used = used.get("MEMORY_MB", 0), used.get("DISK_GB", 0)
    return {
        "vcpus": total.get("VCPU", 0),
        "vcpus_used": used.get("VCPU", 0),
        "memory_mb": memory,
        "memory_mb_used": memory_used,
        "free_ram_mb": memory - memory_used,
        "local_gb": disk,
        "local_gb_used": disk_used,
        "free_disk_gb": disk - disk_used,
        "disk_available_least": host.facts.disk_free_gib if host.facts else 0,
        "current_workload": 0,
        "running_vms": sum(1 for one in placed if one[0] == host.id and one[3] == "active"),
    }


async def _renderer(call: Call[Any], *, whole: bool, with_servers: bool | None = None) -> Any:
    """A function that renders one host, with what it needs read once for all."""
    numbers, placed = await _number(call), await servers.list_on_hosts(call.tx)
    usages = await list_usages(call.tx) if whole and "no-usage-sums" not in call.flags else {}
    if with_servers is None:
        asked = call.query.get("with_servers", "").lower() in ("true", "1")
        with_servers = asked and "host-uuids" in call.flags

    def render(host: Host) -> dict[str, Any]:
        body: dict[str, Any] = {
            "id": _id(call, host, numbers),
            "hypervisor_hostname": host.name,
            "state": "up" if _is_alive(call, host) else "down",
            "status": "enabled" if host.enabled else "disabled",
        }
        if whole:
            body |= _details(host, body["id"])
            if "no-usage-sums" in call.flags:
                body["uptime"] = None
            else:
                body["cpu_info"] = {}
                body |= _usage(host, usages.get(host.id, Usage()), placed)
        mine = [{"uuid": one[1], "name": one[2]} for one in placed if one[0] == host.id]
        if with_servers and (mine or "strict-query" in call.flags):
            body["servers"] = mine
        return body

    return render


def _details(host: Host, id: str | int) -> dict[str, Any]:
    assert host.facts is not None
    return {
        "host_ip": next(iter(host.facts.addresses), ""),
        "hypervisor_type": "QEMU",
        "hypervisor_version": _version_number(host.facts.hypervisor_version),
        "service": {"host": host.name, "id": id, "disabled_reason": host.disabled_reason},
    }


def _version_number(text: str) -> int:
    """7.2.22 as 7002022, as Nova prints it. Pure."""
    parts = [int(part) for part in text.split(".")[:3] if part.isdigit()]
    major, minor, micro = (*parts, 0, 0, 0)[:3]
    return major * 1_000_000 + minor * 1_000 + micro


def _service(call: Call[Any], host: Host, numbers: dict[str, int]) -> dict[str, Any]:
    return {
        "id": _id(call, host, numbers),
        "binary": BINARY,
        "host": host.name,
        "zone": AVAILABILITY_ZONE,
        "status": "enabled" if host.enabled else "disabled",
        "state": "up" if _is_alive(call, host) else "down",
        "updated_at": microseconds(host.seen_at),
        "disabled_reason": host.disabled_reason,
        "forced_down": False,
    }


async def list_services(call: Call[None]) -> dict[str, Any]:
    """One nova-compute for each host."""
    numbers, query = await _number(call), call.query
    rows = [
        _service(call, host, numbers)
        for host in await list_hosts(call.tx)
        if query.get("host") in (None, host.name) and query.get("binary") in (None, BINARY)
    ]
    return {"services": rows}


async def update_service(call: Call[ServiceUpdate]) -> dict[str, Any]:
    """Open or close a host for new servers."""
    fields, numbers = call.payload, await _number(call)
    host = next((one for one in await list_hosts(call.tx) if one.id == call.path["id"]), None)
    if host is None:
        raise NotFound(f"cannot find the service '{call.path['id']}'")
    if fields.forced_down is not None or fields.status not in ("enabled", "disabled"):
        raise InvalidRequest("cannot update the service: status is enabled or disabled")
    reason = fields.disabled_reason
    if reason is not None and fields.status == "enabled":
        raise InvalidRequest("cannot give a reason for an enabled service")
    await set_enabled(call.tx, HostId(host.id), fields.status == "enabled", reason)
    changed = next(one for one in await list_hosts(call.tx) if one.id == host.id)
    return {"service": _service(call, changed, numbers)}


async def list_zones(call: Call[None]) -> dict[str, Any]:
    """The availability zones."""
    return {"availabilityZoneInfo": [{**_zone(await _is_open(call)), "hosts": None}]}


async def _is_open(call: Call[Any]) -> bool:
    return any(host.enabled and _is_alive(call, host) for host in await list_hosts(call.tx))


def _zone(is_open: bool) -> dict[str, Any]:
    return {"zoneName": AVAILABILITY_ZONE, "zoneState": {"available": is_open}}


async def list_zones_detail(call: Call[None]) -> dict[str, Any]:
    """The availability zones with their hosts."""
    hosts = {
        host.name: {
            BINARY: {
                "available": _is_alive(call, host),
                "active": host.enabled,
                "updated_at": _seen(host.seen_at),
            }
        }
        for host in await list_hosts(call.tx)
    }
    return {"availabilityZoneInfo": [{**_zone(await _is_open(call)), "hosts": hosts}]}


def _seen(moment: datetime.datetime | None) -> str | None:
    return microseconds(moment)
