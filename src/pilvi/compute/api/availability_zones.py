"""Availability zones: names that aggregates give to groups of hosts."""

from typing import Any

from pilvi.compute.api.host_ids import BINARY, is_alive
from pilvi.compute.api.links import microseconds
from pilvi.compute.model.aggregate import zone_of
from pilvi.compute.operations.aggregates import list_zone_names
from pilvi.compute.store.aggregates import list_zones as list_zones_of_hosts
from pilvi.core.http import Call
from pilvi.hosts.model.host import Host
from pilvi.hosts.operations.hosts import list_hosts


async def _hosts_by_zone(call: Call[None]) -> dict[str, list[Host]]:
    """The hosts of each zone; the default one is there without hosts only if it is the only one."""
    zones, hosts = await list_zones_of_hosts(call.tx), await list_hosts(call.tx)
    found = {
        name: [host for host in hosts if zone_of(zones, host.id) == name]
        for name in await list_zone_names(call.tx)
    }
    kept = {name: there for name, there in found.items() if there}
    return kept or found


def _zone(call: Call[None], name: str, hosts: list[Host]) -> dict[str, Any]:
    is_open = any(host.enabled and is_alive(call, host) for host in hosts)
    return {"zoneName": name, "zoneState": {"available": is_open}}


async def list_zones(call: Call[None]) -> dict[str, Any]:
    """The availability zones."""
    rows = [
        {**_zone(call, name, hosts), "hosts": None}
        for name, hosts in (await _hosts_by_zone(call)).items()
    ]
    return {"availabilityZoneInfo": rows}


async def list_zones_detail(call: Call[None]) -> dict[str, Any]:
    """The availability zones with their hosts."""
    rows = [
        {**_zone(call, name, hosts), "hosts": {host.name: _services(call, host) for host in hosts}}
        for name, hosts in (await _hosts_by_zone(call)).items()
    ]
    return {"availabilityZoneInfo": rows}


def _services(call: Call[None], host: Host) -> dict[str, Any]:
    return {
        BINARY: {
            "available": is_alive(call, host),
            "active": host.enabled,
            "updated_at": microseconds(host.seen_at),
        }
    }
