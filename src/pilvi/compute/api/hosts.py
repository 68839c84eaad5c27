"""os-hosts: hosts as the API showed them before there were hypervisors (until 2.42)."""

from typing import Any

import msgspec

from pilvi.compute.api.host_ids import find_host_by_name
from pilvi.compute.model.aggregate import zone_of
from pilvi.compute.operations import services as operations
from pilvi.compute.store.aggregates import list_zones
from pilvi.compute.store.host_use import list_use
from pilvi.core.http import Call
from pilvi.errors import InvalidRequest, Unsupported
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.placement.model.inventory import Usage
from pilvi.placement.operations.usages import list_usages

_WORDS = {"enable": True, "disable": False}


class HostUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /os-hosts/{host}."""

    status: str | None = None
    maintenance_mode: str | None = None


async def list_compute_hosts(call: Call[None]) -> dict[str, Any]:
    """The hosts with their availability zones."""
    zones, zone = await list_zones(call.tx), call.query.get("zone")
    service = call.query.get("service")
    rows = [
        {"host_name": host.name, "service": "compute", "zone": zone_of(zones, host.id)}
        for host in await list_hosts(call.tx)
        if zone in (None, "", zone_of(zones, host.id)) and service in (None, "compute")
    ]
    return {"hosts": rows}


async def show_compute_host(call: Call[None]) -> dict[str, Any]:
    """What a host has, and what of it is used in all and by each project."""
    host = await find_host_by_name(call, call.path["id"])
    usage = (await list_usages(call.tx)).get(host.id, Usage())
    by_project = await list_use(call.tx, host.id)
    whole = [sum(used[place] for used in by_project.values()) for place in range(3)]
    rows = {
        "(total)": _amounts(usage.total),
        "(used_now)": _amounts(usage.used),
        "(used_max)": (whole[0], whole[1], whole[2]),
        **by_project,
    }
    return {
        "host": [
            {
                "resource": {
                    "host": host.name,
                    "project": project,
                    "cpu": cpu,
                    "memory_mb": memory_mib,
                    "disk_gb": disk_gib,
                }
            }
            for project, (cpu, memory_mib, disk_gib) in rows.items()
        ]
    }


def _amounts(amounts: Any) -> tuple[int, int, int]:
    return amounts.get("VCPU", 0), amounts.get("MEMORY_MB", 0), amounts.get("DISK_GB", 0)


async def update_compute_host(call: Call[HostUpdate]) -> dict[str, Any]:
    """Open or close a host for new servers; there is no other maintenance mode."""
    fields = call.payload
    status, mode = _word("status", fields.status), fields.maintenance_mode
    _word("maintenance_mode", mode)
    if status is None and mode is None:
        raise InvalidRequest("cannot update the host; send status")
    host = await find_host_by_name(call, call.path["id"])
    if mode is not None:
        raise Unsupported(
            "cannot use maintenance_mode: close the host with status, and migrate its servers"
        )
    assert status is not None
    await operations.update_service(call.tx, host, enabled=status)
    return {"host": host.name, "status": "enabled" if status else "disabled"}


def _word(name: str, value: str | None) -> bool | None:
    if value is None:
        return None
    found = _WORDS.get(value.strip().lower())
    if found is None:
        raise InvalidRequest(f"cannot read '{name}': it is enable or disable")
    return found


async def refuse_host_power(call: Call[None]) -> None:
    """The power of a host is not ours to switch."""
    host = await find_host_by_name(call, call.path["id"])
    raise Unsupported(
        f"cannot switch the power of the host {host.name} through this API; use its own console"
    )
