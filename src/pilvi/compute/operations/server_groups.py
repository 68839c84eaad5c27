"""Server groups: made by projects, joined by servers at birth. In the caller's transaction."""

import uuid
from collections.abc import Sequence
from typing import Any

from pilvi.compute.model.action import Actor
from pilvi.compute.model.server_group import Policy, ServerGroup
from pilvi.compute.operations.quotas import list_limits
from pilvi.compute.store import server_groups as store
from pilvi.core.db import Transaction, now
from pilvi.errors import InvalidRequest, NotFound, QuotaExceeded


async def create_server_group(
    tx: Transaction, by: Actor, name: str, policy: Policy, max_server_per_host: int | None
) -> ServerGroup:
    """A new server group without servers. Raises `QuotaExceeded`."""
    for user_id in (None, by.user_id):
        limit = (await list_limits(tx, by.project_id, user_id))["server_groups"]
        count = await store.count_server_groups(tx, by.project_id, user_id)
        if 0 <= limit <= count:
            raise QuotaExceeded(
                f"cannot create a server group: quota exceeded for server_groups: {count} of "
                f"{limit} are used; delete one or ask an admin for more"
            )
    group = ServerGroup(
        id=str(uuid.uuid4()),
        project_id=by.project_id,
        user_id=by.user_id,
        name=name,
        policy=policy,
        max_server_per_host=max_server_per_host,
        created_at=now(),
    )
    await store.insert_server_group(tx, group)
    return group


async def delete_server_group(tx: Transaction, id: str, project_id: str | None) -> None:
    """Remove a server group; its servers stay where they are. Raises `NotFound`."""
    group = await store.get_server_group(tx, id, project_id)
    await store.delete_server_group(tx, group.id)


async def join_server_group(
    tx: Transaction, by: Actor, hint: Any, server_ids: Sequence[str]
) -> None:
    """Put new servers into the group that the scheduler hint `group` names, if it names one.

    Raises `InvalidRequest` where there is no such group, and `QuotaExceeded`.
    """
    if hint is None:
        return
    if isinstance(hint, list) and len(hint) == 1:
        hint = hint[0]
    try:
        group = await store.get_server_group(
            tx, str(uuid.UUID(str(hint))), None if by.is_admin else by.project_id
        )
    except (ValueError, NotFound):
        raise InvalidRequest(
            f"cannot find the server group '{str(hint)[:80]}': the scheduler hint 'group' is the "
            "id of one"
        ) from None
    count = len((await store.list_members(tx, [group.id]))[group.id])
    limit = (await list_limits(tx, by.project_id))["server_group_members"]
    if 0 <= limit < count + len(server_ids):
        raise QuotaExceeded(
            f"cannot put {len(server_ids)} more servers into the group {group.id}: quota exceeded "
            f"for server_group_members: {count} of {limit} are used"
        )
    for server_id in server_ids:
        await store.insert_member(tx, group.id, server_id)
