"""Quotas: what a project may have of each thing. In the caller's transaction."""

from collections.abc import Mapping
from typing import Any

from pilvi.core.db import Transaction
from pilvi.errors import InvalidRequest, QuotaExceeded
from pilvi.network.model.quota import DEFAULTS, UNLIMITED
from pilvi.network.store import quotas as store


async def check_quota(tx: Transaction, project_id: str, resource: str, wanted: int = 1) -> None:
    """Raise `QuotaExceeded` when a project may not have so many more of a resource."""
    used, own = await store.read_usage(tx, project_id, resource)
    limit = DEFAULTS[resource] if own is None else own
    if limit != UNLIMITED and used + wanted > limit:
        raise QuotaExceeded(
            f"cannot make {wanted} more of {resource}: the project has {used} of {limit}; delete "
            "some or ask an admin for a higher quota"
        )


async def read_limits(tx: Transaction, project_id: str) -> dict[str, int]:
    """The limits in force for a project."""
    own = await store.list_limits(tx, project_id)
    return {**DEFAULTS, **own.get(project_id, {})}


async def list_own_limits(tx: Transaction) -> dict[str, dict[str, int]]:
    """The limits in force for every project that has some of its own."""
    found = await store.list_limits(tx)
    return {project_id: {**DEFAULTS, **own} for project_id, own in found.items()}


def parse_limits(given: Mapping[str, Any]) -> dict[str, int]:
    """Limits as a caller gives them. Raises `InvalidRequest`. Pure."""
    limits: dict[str, int] = {}
    for resource, limit in given.items():
        if resource not in DEFAULTS:
            known = ", ".join(sorted(DEFAULTS))
            raise InvalidRequest(f"cannot set a quota of '{resource}'; use one of: {known}")
        if type(limit) is not int or not UNLIMITED <= limit <= 2**31 - 1:
            raise InvalidRequest(f"cannot use {limit!r} as a quota: it is -1 (no limit), 0 or more")
        limits[resource] = limit
    return limits


async def update_quota(tx: Transaction, project_id: str, limits: Mapping[str, int]) -> None:
    """Give a project limits of its own. Repeatable."""
    await store.set_limits(tx, project_id, limits)


async def delete_quota(tx: Transaction, project_id: str) -> None:
    """Give a project the default limits again. Repeatable."""
    await store.delete_limits(tx, project_id)
