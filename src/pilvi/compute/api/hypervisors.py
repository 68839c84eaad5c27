"""Hypervisors: hosts as they run guests."""

from typing import Any

from pilvi.compute.api.host_ids import host_id, is_alive, number_hosts
from pilvi.compute.api.links import check_query, next_link
from pilvi.compute.store import servers
from pilvi.core.db import now
from pilvi.core.http import Call
from pilvi.core.paging import Page, parse_page
from pilvi.errors import InvalidRequest, NotFound
from pilvi.hosts.model.host import Host
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.placement.model.inventory import Usage
from pilvi.placement.operations.usages import list_usages

_QUERY = frozenset({"limit", "marker", "hypervisor_hostname_pattern", "with_servers"})


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
        numbers = await number_hosts(call)
        places = [
            i for i, host in enumerate(hosts) if str(host_id(call, host, numbers)) == page.marker
        ]
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
    numbers = await number_hosts(call)
    for host in await _known(call):
        if str(host_id(call, host, numbers)) == id:
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
    """How long a host has been up (before 2.88)."""
    host = await _find(call, call.path["id"])
    if not is_alive(call, host):
        raise InvalidRequest(f"cannot tell how long {host.name} has been up: it is down")
    render = await _renderer(call, whole=False)
    return {"hypervisor": {**render(host), "uptime": print_uptime(host) or ""}}


def print_uptime(host: Host) -> str | None:
    """The time, and for how long a host has been up, as the command uptime begins; or None."""
    if host.facts is None or not host.facts.booted_at:
        return None
    moment = now()
    minutes = int(moment.timestamp() - host.facts.booted_at) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    return f" {moment:%H:%M:%S} up {days} days, {hours:2}:{minutes % 60:02}"


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
    numbers, placed = await number_hosts(call), await servers.list_on_hosts(call.tx)
    usages = await list_usages(call.tx) if whole and "no-usage-sums" not in call.flags else {}
    if with_servers is None:
        asked = call.query.get("with_servers", "").lower() in ("true", "1")
        with_servers = asked and "host-uuids" in call.flags

    def render(host: Host) -> dict[str, Any]:
        body: dict[str, Any] = {
            "id": host_id(call, host, numbers),
            "hypervisor_hostname": host.name,
            "state": "up" if is_alive(call, host) else "down",
            "status": "enabled" if host.enabled else "disabled",
        }
        if whole:
            body |= _details(host, body["id"])
            if "no-usage-sums" in call.flags:
                body["uptime"] = print_uptime(host) if is_alive(call, host) else None
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
