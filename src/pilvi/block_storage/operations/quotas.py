"""What projects may have and what they have. In the caller's transaction."""

from collections.abc import Mapping

from pilvi.block_storage.model.quota import DEFAULTS, UNLIMITED, Used, shortfall, too_large
from pilvi.block_storage.store import quotas as store
from pilvi.block_storage.store.volumes import VolumeFilter, sum_volumes
from pilvi.core.db import Transaction
from pilvi.errors import InvalidRequest, QuotaExceeded


async def list_limits(tx: Transaction, project_id: str) -> dict[str, int]:
    """What a project may have, by name."""
    return {**DEFAULTS, **await store.list_quotas(tx, project_id)}


async def find_used(tx: Transaction, project_id: str) -> Used:
    """What a project has; a volume counts until it is gone."""
    return await sum_volumes(tx, VolumeFilter(project_id=project_id))


async def check_room(
    tx: Transaction,
    project_id: str,
    *,
    volumes: int = 0,
    gigabytes: int = 0,
    size_gib: int | None = None,
) -> None:
    """Let a project have so much more, one volume of it `size_gib` large (None: all of it).

    Raises `QuotaExceeded` that says what was asked, used and allowed.
    """
    limits = await list_limits(tx, project_id)
    why = too_large(limits, gigabytes if size_gib is None else size_gib)
    why = why or shortfall(
        limits, await find_used(tx, project_id), volumes=volumes, gigabytes=gigabytes
    )
    if why:
        raise QuotaExceeded(f"cannot go over the project's quota: {why}")


async def set_limits(tx: Transaction, project_id: str, wanted: Mapping[str, int]) -> None:
    """Say what a project may have. Raises `InvalidRequest` for an unknown name or value."""
    for name, value in wanted.items():
        if name not in DEFAULTS:
            raise InvalidRequest(f"cannot find the quota '{name}'; there are {', '.join(DEFAULTS)}")
        if not UNLIMITED <= value <= 2_147_483_647:
            raise InvalidRequest(f"cannot set {name} to {value}: it is -1 (no limit) or more")
    await store.save_quotas(tx, project_id, wanted)


async def reset_limits(tx: Transaction, project_id: str) -> None:
    """Give a project the defaults again. Repeatable."""
    await store.delete_quotas(tx, project_id)
