"""What projects may have and what they have. In the caller's transaction."""

from collections.abc import Mapping

from pilvi.block_storage.model.quota import (
    DEFAULTS,
    OF_TYPES,
    UNLIMITED,
    Used,
    shortfall,
    too_large,
)
from pilvi.block_storage.store import quotas as store
from pilvi.block_storage.store.backups import sum_backups
from pilvi.block_storage.store.groups import count_groups
from pilvi.block_storage.store.snapshots import sum_snapshots
from pilvi.block_storage.store.volume_types import list_names
from pilvi.block_storage.store.volumes import sum_by_type, sum_of_project
from pilvi.core.db import Transaction
from pilvi.errors import InvalidRequest, QuotaExceeded

DEFAULT_CLASS = "default"


async def list_defaults(tx: Transaction) -> dict[str, int]:
    """What a project may have of which nobody said otherwise, by name."""
    of_types = {
        f"{name}_{volume_type}": UNLIMITED
        for volume_type in (await list_names(tx)).values()
        for name in OF_TYPES
    }
    return {**DEFAULTS, **of_types, **await store.list_class(tx, DEFAULT_CLASS)}


async def list_class(tx: Transaction, class_name: str) -> dict[str, int]:
    """What was set for a class, by name."""
    return await store.list_class(tx, class_name)


async def list_limits(tx: Transaction, project_id: str) -> dict[str, int]:
    """What a project may have, by name."""
    return {**await list_defaults(tx), **await store.list_quotas(tx, project_id)}


async def find_used(tx: Transaction, project_id: str) -> Used:
    """What a project has; a thing counts until it is gone."""
    volumes = await sum_of_project(tx, project_id)
    snapshots = await sum_snapshots(tx, project_id)
    backups = await sum_backups(tx, project_id)
    return Used(
        volumes=volumes.volumes,
        gigabytes=volumes.gigabytes + snapshots.gigabytes,
        snapshots=snapshots.snapshots,
        backups=backups.backups,
        backup_gigabytes=backups.backup_gigabytes,
        groups=await count_groups(tx, project_id),
    )


async def check_room(
    tx: Transaction,
    project_id: str,
    *,
    size_gib: int | None = None,
    volume_type: str | None = None,
    **asked: int,
) -> None:
    """Let a project have so much more, by name of quota, one volume of it `size_gib` large.

    What is of a type (its name) counts for the type's own quotas as well. Raises `QuotaExceeded`
    that says what was asked, used and allowed.
    """
    limits = await list_limits(tx, project_id)
    used = (await find_used(tx, project_id)).by_name
    if volume_type is not None:
        used |= await find_used_of_types(tx, project_id)
        names = [name for name in asked if name in OF_TYPES]
        asked |= {f"{name}_{volume_type}": asked[name] for name in names}
    why = "" if size_gib is None else too_large(limits, size_gib)
    why = why or shortfall(limits, used, asked)
    if why:
        raise QuotaExceeded(f"cannot exceed the project's quota: {why}")


async def find_used_of_types(tx: Transaction, project_id: str) -> dict[str, int]:
    """What a project has of each type, by the name of the type's quota."""
    names = await list_names(tx)
    found: dict[str, int] = {}
    for type_id, used in (await sum_by_type(tx, project_id)).items():
        name = names[type_id]
        found[f"volumes_{name}"] = used.volumes
        found[f"gigabytes_{name}"] = used.gigabytes
        found[f"snapshots_{name}"] = used.snapshots
    return found


async def set_limits(tx: Transaction, project_id: str, wanted: Mapping[str, int]) -> None:
    """Say what a project may have. Raises `InvalidRequest` for an unknown name or value."""
    await _check_figures(tx, wanted)
    await store.save_quotas(tx, project_id, wanted)


async def set_class(tx: Transaction, class_name: str, wanted: Mapping[str, int]) -> dict[str, int]:
    """Say what projects may have of which nobody said otherwise; the whole class as it is then.

    Only the class `default` counts, as in Cinder. Raises `InvalidRequest`.
    """
    await _check_figures(tx, wanted)
    await store.save_class(tx, class_name, wanted)
    return {**await list_defaults(tx), **await store.list_class(tx, class_name)}


async def _check_figures(tx: Transaction, wanted: Mapping[str, int]) -> None:
    known = await list_defaults(tx)
    for name, value in wanted.items():
        if name not in known:
            raise InvalidRequest(f"cannot find the quota '{name}'; there are {', '.join(known)}")
        if not UNLIMITED <= value <= 2_147_483_647:
            raise InvalidRequest(f"cannot set {name} to {value}: it is -1 (no limit) or more")


async def reset_limits(tx: Transaction, project_id: str) -> None:
    """Give a project the defaults again. Repeatable."""
    await store.delete_quotas(tx, project_id)
