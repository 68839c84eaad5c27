"""How hosts are called on the wire: by number before 2.53, by UUID since."""

from typing import Any

from pilvi.core.db import now
from pilvi.core.http import Call
from pilvi.errors import NotFound
from pilvi.hosts.model.host import Host
from pilvi.hosts.operations.hosts import list_hosts

BINARY = "nova-compute"


def is_alive(call: Call[Any], host: Host) -> bool:
    """Whether a host reports in time, and nobody said that it is down."""
    return host.is_alive(now(), call.settings.host_lease_s)


async def number_hosts(call: Call[Any]) -> dict[str, int]:
    """The number of each host, for versions that know no UUIDs: by age."""
    hosts = sorted(await list_hosts(call.tx), key=lambda host: (host.created_at, host.id))
    return {host.id: place for place, host in enumerate(hosts, 1)}


def host_id(call: Call[Any], host: Host, numbers: dict[str, int]) -> str | int:
    """The id of a host at the version asked for."""
    return host.id if "host-uuids" in call.flags else numbers[host.id]


async def find_host_by_name(call: Call[Any], name: str) -> Host:
    """The host of that name. Raises `NotFound`."""
    found = next((host for host in await list_hosts(call.tx) if host.name == name), None)
    if found is None:
        raise NotFound(f"cannot find the host '{name[:80]}'")
    return found
