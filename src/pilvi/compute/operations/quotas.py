"""Quotas: what a project may use, and uses. In the caller's transaction."""

from collections.abc import Mapping

from pilvi.compute.model.flavor import Flavor
from pilvi.compute.model.quota import DEFAULTS, PER_USER, headroom, is_above
from pilvi.compute.store import keypairs, server_groups
from pilvi.compute.store import quotas as store
from pilvi.core.db import Transaction
from pilvi.errors import InvalidRequest, QuotaExceeded


async def list_defaults(tx: Transaction) -> dict[str, int]:
    """Every limit of a project for which none was set."""
    return await list_class_limits(tx, store.DEFAULT_CLASS)


async def list_limits(
    tx: Transaction, project_id: str, user_id: str | None = None
) -> dict[str, int]:
    """Every limit in force for a project, or for one of its users."""
    limits = {**await list_defaults(tx), **await store.list_limits(tx, project_id)}
    if user_id is None:
        return limits
    return {**limits, **await store.list_user_limits(tx, project_id, user_id)}


async def sum_usage(tx: Transaction, project_id: str, user_id: str | None = None) -> dict[str, int]:
    """What a project, or one of its users, uses of every resource.

    What is limited per server, group or user counts as 0; key pairs count for a user alone.
    """
    used = {**dict.fromkeys(DEFAULTS, 0), **await store.sum_usage(tx, project_id, user_id)}
    used["server_groups"] = await server_groups.count_server_groups(tx, project_id, user_id)
    if user_id is not None:
        used["key_pairs"] = await keypairs.count_keypairs(tx, user_id)
    return used


async def set_limits(
    tx: Transaction,
    project_id: str,
    limits: Mapping[str, int],
    *,
    user_id: str | None = None,
    force: bool,
) -> dict[str, int]:
    """Change limits of a project or of one of its users; returns all that are in force.

    Raises `InvalidRequest` below what is used, unless forced, and where a user's limit would be
    above the project's.
    """
    used = await sum_usage(tx, project_id, user_id)
    whole = await list_limits(tx, project_id)
    greatest = {} if user_id else await store.list_greatest_user_limits(tx, project_id)
    for resource, limit in limits.items():
        if limit < -1:
            raise InvalidRequest(f"cannot set {resource} to {limit}: it is -1 (none) or more")
        if 0 <= limit < used[resource] and not force:
            raise InvalidRequest(
                f"cannot set {resource} to {limit}: {used[resource]} are in use; force it if meant"
            )
        if user_id is not None and is_above(limit, whole[resource]):
            raise InvalidRequest(
                f"cannot set {resource} of the user to {limit}: the project has {whole[resource]}"
            )
        if 0 <= limit < greatest.get(resource, 0) and not force:
            raise InvalidRequest(
                f"cannot set {resource} to {limit}: one of the project's users has "
                f"{greatest[resource]}; force it if meant"
            )
    for resource, limit in limits.items():
        if user_id is None or resource not in PER_USER:
            await store.set_limit(tx, project_id, resource, limit)
        else:
            await store.set_user_limit(tx, project_id, user_id, resource, limit)
    return await list_limits(tx, project_id, user_id)


async def delete_limits(tx: Transaction, project_id: str, user_id: str | None = None) -> None:
    """Give a project the default limits again, or a user the project's. Repeatable."""
    if user_id is None:
        await store.delete_limits(tx, project_id)
    else:
        await store.delete_user_limits(tx, project_id, user_id)


async def list_class_limits(tx: Transaction, name: str) -> dict[str, int]:
    """Every limit of a class; what was not set for it is as it comes."""
    return {**DEFAULTS, **await store.list_class_limits(tx, name)}


async def set_class_limits(tx: Transaction, name: str, limits: Mapping[str, int]) -> dict[str, int]:
    """Change limits of a class; those of `default` hold for every project without its own."""
    for resource, limit in limits.items():
        await store.set_class_limit(tx, name, resource, limit)
    return await list_class_limits(tx, name)


async def check_room(
    tx: Transaction,
    project_id: str,
    flavor: Flavor,
    at_least: int,
    at_most: int,
    user_id: str | None = None,
) -> int:
    """How many servers of a flavor may be made, up to `at_most`. Raises `QuotaExceeded`."""
    count = await _count_room(tx, project_id, None, flavor, (at_least, at_most))
    if user_id is not None and await store.list_user_limits(tx, project_id, user_id):
        return await _count_room(tx, project_id, user_id, flavor, (at_least, count))
    return count


async def _count_room(
    tx: Transaction, project_id: str, user_id: str | None, flavor: Flavor, counts: tuple[int, int]
) -> int:
    at_least, at_most = counts
    limits = await list_limits(tx, project_id, user_id)
    used = await store.sum_usage(tx, project_id, user_id)
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


async def check_growth(
    tx: Transaction, project_id: str, before: Flavor, after: Flavor, user_id: str | None = None
) -> None:
    """Raise `QuotaExceeded` when a server may not grow from one flavor to another."""
    more = {
        "cores": after.vcpus - before.vcpus,
        "ram": after.memory_mib - before.memory_mib,
    }
    for whose in (None,) if user_id is None else (None, user_id):
        limits = await list_limits(tx, project_id, whose)
        used = await store.sum_usage(tx, project_id, whose)
        for resource, amount in more.items():
            room = headroom(limits[resource], used[resource])
            if room is not None and amount > max(room, 0):
                raise QuotaExceeded(
                    f"cannot resize the server: quota exceeded for {resource}: requested {amount} "
                    f"more, but already used {used[resource]} of {limits[resource]}"
                )


def check_metadata_quota(limits: Mapping[str, int], metadata: Mapping[str, str]) -> None:
    """Raise `QuotaExceeded` for more metadata items than a server may have. Pure."""
    limit = limits["metadata_items"]
    if 0 <= limit < len(metadata):
        raise QuotaExceeded(f"cannot keep {len(metadata)} metadata items: {limit} are allowed")
