"""Clusters of services that share a backend: there are none, as each host keeps its own disks."""

from typing import Any

import msgspec

from pilvi.block_storage.api.volumes import Name
from pilvi.core.http import Call
from pilvi.errors import InvalidRequest, NotFound

_FILTERS = {"name", "binary", "is_up", "disabled", "num_hosts", "num_down_hosts"}
_NEWER_FILTERS = {"replication_status", "frozen", "active_backend_id"}


class ClusterChange(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /clusters/enable and /clusters/disable."""

    name: Name
    binary: Name | None = None
    disabled_reason: Name | None = None


async def list_clusters(call: Call[None]) -> dict[str, Any]:
    """No clusters."""
    known = _FILTERS | (_NEWER_FILTERS if "cluster_replication" in call.flags else set())
    strange = sorted(set(call.query) - known)
    if strange:
        raise InvalidRequest(f"cannot list clusters by {', '.join(strange)[:80]}")
    return {"clusters": []}


async def show_cluster(call: Call[None]) -> None:
    """There is none of any name."""
    raise NotFound(f"cannot find the cluster '{call.path['name'][:80]}'")


async def change_cluster(call: Call[ClusterChange]) -> None:
    """There is none of any name."""
    raise NotFound(f"cannot find the cluster '{call.payload.name[:80]}'")
