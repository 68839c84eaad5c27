"""Paths that the compute API had once: each is answered as gone, at every version."""

from typing import Any

from pilvi.compute.api.faults import gone
from pilvi.compute.api.servers import get_called
from pilvi.core.http import Call, Reply
from pilvi.errors import InvalidRequest, Unsupported

_COLLECTION, _ITEM = ("GET", "POST"), ("GET", "PUT", "DELETE")

PATHS: dict[str, tuple[str, ...]] = {
    "/os-agents": _COLLECTION,
    "/os-agents/{id}": ("PUT", "DELETE"),
    "/os-cells": _COLLECTION,
    "/os-cells/capacities": ("GET",),
    "/os-cells/detail": ("GET",),
    "/os-cells/info": ("GET",),
    "/os-cells/sync_instances": ("POST",),
    "/os-cells/{id}": _ITEM,
    "/os-cells/{id}/capacities": ("GET",),
    "/os-certificates": ("POST",),
    "/os-certificates/{id}": ("GET",),
    "/os-cloudpipe": _COLLECTION,
    "/os-cloudpipe/{id}": ("PUT",),
    "/os-fixed-ips/{id}": ("GET",),
    "/os-fixed-ips/{id}/action": ("POST",),
    "/os-floating-ip-dns": ("GET",),
    "/os-floating-ip-dns/{id}": ("PUT", "DELETE"),
    "/os-floating-ip-dns/{domain}/entries/{id}": _ITEM,
    "/os-floating-ips-bulk": _COLLECTION,
    "/os-floating-ips-bulk/{id}": ("GET", "PUT"),
    "/os-fping": ("GET",),
    "/os-fping/{id}": ("GET",),
    "/os-networks": ("POST",),
    "/os-networks/add": ("POST",),
    "/os-networks/{network_id}": ("DELETE",),
    "/os-networks/{network_id}/action": ("POST",),
    "/os-security-group-default-rules": _COLLECTION,
    "/os-security-group-default-rules/{id}": ("GET", "DELETE"),
    "/os-tenant-networks": ("POST",),
    "/os-tenant-networks/{network_id}": ("DELETE",),
    "/servers/{server_id}/consoles": _COLLECTION,
    "/servers/{server_id}/consoles/{id}": ("GET", "DELETE"),
    "/servers/{server_id}/os-virtual-interfaces": ("GET",),
}
"""Each path with the methods that it had."""


async def refuse_gone(call: Call[Any]) -> Reply:
    """A part of the API that no cloud of today serves."""
    return gone("cannot serve this path: it is no longer a part of the compute API")


async def refuse_nodes(call: Call[None]) -> None:
    """Nodes of a bare metal service: this cloud has none (until 2.35)."""
    raise Unsupported("cannot list bare metal nodes: this cloud has no bare metal service")


async def refuse_node_changes(call: Call[Any]) -> None:
    """Bare metal nodes were never changed through this API (until 2.35)."""
    raise InvalidRequest("cannot change bare metal nodes here; use a bare metal service's own API")


async def refuse_shares(call: Call[Any]) -> None:
    """Shares of a file system service: this cloud has none (since 2.97)."""
    await get_called(call)
    raise Unsupported("cannot attach shares: this cloud has no shared file system service")
