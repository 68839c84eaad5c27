"""Quotas: what a project may use, and uses. In the caller's transaction."""

from collections.abc import Mapping

from pilvi.compute.model.flavor import Flavor
from pilvi.compute.model.quota import DEFAULTS, headroom
from pilvi.compute.store import quotas as store
from pilvi.core.db import Transaction
from pilvi.errors import InvalidRequest, QuotaExceeded


async def list_limits(tx: Transaction, project_id: str) -> dict[str, int]:
    """Every limit in force for a project."""
    return {**DEFAULTS, **await store.list_limits(tx, project_id)}


async def sum_usage(tx: Transaction, project_id: str) -> dict[str, int]:
    """What a project uses of every resource; what is limited per user or server counts as 0."""
    return {**dict.fromkeys(DEFAULTS, 0), **await store.sum_usage(tx, project_id)}


async def set_limits(
    tx: Transaction, project_id: str, limits: Mapping[str, int], *, force: bool
) -> dict[str, int]:
    """Change limits of a project. Raises `InvalidRequest` below what is used, unless forced."""
    used = await sum_usage(tx, project_id)
    for resource, limit in limits.items():
        if limit < -1:
            raise InvalidRequest(f"cannot set {resource} to {limit}: it is -1 (none) or more")
        if 0 <= limit < used[resource] and not force:
            raise InvalidRequest(
                f"cannot set {resource} to {limit}: {used[resource]} are in use; force it if meant"
            )
    for resource, limit in limits.items():
        await store.set_limit(tx, project_id, resource, limit)
    return await list_limits(tx, project_id)


async def delete_limits(tx: Transaction, project_id: str) -> None:
    """Give a project the default limits again. Repeatable."""
    await store.delete_limits(tx, project_id)


async def check_room(
    tx: Transaction, project_id: str, flavor: Flavor, at_least: int, at_most: int
) -> int:
    """How many servers of a flavor may be made, up to `at_most`. Raises `QuotaExceeded`."""
    limits, used = await list_limits(tx, project_id), await sum_usage(tx, project_id)
    each = {"instances": 1, "cores": flavor.vcpus, "ram": flavor.memory_mib}
    count, short = at_most, ""
    for resource, amount in each.items():
        room = headroom(limits[resource], used[resource])
        if room is not None and amount and room // amount < count:
            count, short = room // amount, resource
    if count < at_least:
        raise QuotaExceeded(
            f"cannot create the server: quota exceeded for {short}: requested "
            f"{each[short] * at_least}, but already used {used[short]} of {limits[short]} {short}; "
            "delete servers or ask an admin for more"
        )
    return count


def check_metadata_quota(limits: Mapping[str, int], metadata: Mapping[str, str]) -> None:
    """Raise `QuotaExceeded` for more metadata items than a server may have. Pure."""
    limit = limits["metadata_items"]
    if 0 <= limit < len(metadata):
        raise QuotaExceeded(f"cannot keep {len(metadata)} metadata items: {limit} are allowed")
