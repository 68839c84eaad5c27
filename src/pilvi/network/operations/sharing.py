"""What projects share with others. In the caller's transaction."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Conflict, Forbidden, InvalidRequest
from pilvi.network.model.network import Network
from pilvi.network.model.sharing import EVERYBODY, Action, ObjectType, RbacPolicy
from pilvi.network.operations.ownership import require_owner
from pilvi.network.operations.quotas import check_quota
from pilvi.network.store import (
    address_groups,
    networks,
    qos,
    security_groups,
    sharing,
    sharing_use,
    subnetpools,
)

_GET: dict[ObjectType, Callable[[Transaction, str, str | None], Awaitable[Any]]] = {
    ObjectType.NETWORK: networks.get_network,
    ObjectType.SUBNETPOOL: subnetpools.get_subnetpool,
    ObjectType.ADDRESS_SCOPE: subnetpools.get_address_scope,
    ObjectType.ADDRESS_GROUP: address_groups.get_address_group,
    ObjectType.SECURITY_GROUP: security_groups.get_group,
    ObjectType.QOS_POLICY: qos.get_policy,
}
"""How a thing of each type is found, as the caller may see it."""


async def may_use_network(tx: Transaction, network: Network, project_id: str | None) -> bool:
    """Whether a project may make ports on a network; None is an admin."""
    if project_id is None or network.project_id == project_id:
        return True
    return await sharing.is_shared_with(tx, network.id, project_id, Action.SHARED)


async def create_rbac_policy(
    tx: Transaction, caller: Caller, kind: str, object_id: str, action: str, target: str
) -> str:
    """Share a thing with a project, or with everybody (*); returns the policy's id.

    Raises `Forbidden` for what only admins do: sharing with everybody, and as external.
    """
    if kind not in list(ObjectType):
        raise InvalidRequest(f"cannot share a '{kind}'; use one of: {', '.join(ObjectType)}")
    object_type = ObjectType(kind)
    allowed = [Action.SHARED]
    if object_type is ObjectType.NETWORK:
        allowed.append(Action.EXTERNAL)
    if action not in allowed:
        raise InvalidRequest(
            f"cannot use the action '{action}' of a {kind}; use one of: {', '.join(allowed)}"
        )
    found = await _GET[object_type](tx, object_id, caller.visible_project_id)
    require_owner(caller, found.project_id, f"who may use this {kind}")
    _refuse_wide(caller, Action(action), target)
    await check_quota(tx, caller.own_project_id, "rbac_policy")
    if await sharing.find_policy(tx, object_id, Action(action), target) is not None:
        raise Conflict(f"cannot share {kind} {object_id} with '{target}': it is shared so already")
    owner = found.project_id
    return await _insert(tx, object_type, object_id, Action(action), target, owner)


def _refuse_wide(caller: Caller, action: Action, target: str) -> None:
    if not target:
        raise InvalidRequest("cannot share without a target_tenant: a project's id or *")
    if not caller.is_admin and (target == EVERYBODY or action is Action.EXTERNAL):
        raise Forbidden("cannot share with everybody or as external: only admins do")


async def _insert(
    tx: Transaction,
    object_type: ObjectType,
    object_id: str,
    action: Action,
    target: str,
    project_id: str,
) -> str:
    id, moment = str(uuid.uuid4()), now()
    await sharing.insert_policy(
        tx,
        id=id,
        project_id=project_id,
        object_type=object_type,
        object_id=object_id,
        action=action,
        target=target,
        created_at=moment,
        updated_at=moment,
    )
    await _derive(tx, object_type, object_id)
    return id


async def _derive(tx: Transaction, object_type: ObjectType, object_id: str) -> None:
    """Write what a network says of itself from its policies."""
    if object_type is not ObjectType.NETWORK:
        return
    there = await sharing.list_policies_of(tx, object_id)
    shared = any(p.action is Action.SHARED and p.target == EVERYBODY for p in there)
    external = any(p.action is Action.EXTERNAL for p in there)
    await networks.update_network(tx, object_id, is_shared=shared, is_external=external)


async def share_with_everybody(
    tx: Transaction,
    object_type: ObjectType,
    object_id: str,
    project_id: str,
    *,
    action: Action = Action.SHARED,
    wanted: bool = True,
) -> None:
    """Give everybody a thing, or take it back. Repeatable.

    Raises `Conflict` when a project would lose what it uses.
    """
    there = await sharing.find_policy(tx, object_id, action, EVERYBODY)
    if wanted and there is None:
        await _insert(tx, object_type, object_id, action, EVERYBODY, project_id)
    elif not wanted and there is not None:
        await _remove(tx, there)


async def update_rbac_policy(tx: Transaction, caller: Caller, id: str, target: str) -> None:
    """Share with another project instead. Raises `Conflict` while the former uses the thing."""
    policy = await sharing.get_policy(tx, id, caller.visible_project_id)
    _refuse_wide(caller, policy.action, target)
    if target == policy.target:
        return
    await _refuse_used(tx, policy)
    if await sharing.find_policy(tx, policy.object_id, policy.action, target) is not None:
        raise Conflict(f"cannot share with '{target}': it is shared so already")
    await sharing.update_policy(
        tx, policy.id, target=target, generation=policy.generation + 1, updated_at=now()
    )
    await _derive(tx, policy.object_type, policy.object_id)


async def delete_rbac_policy(tx: Transaction, caller: Caller, id: str) -> None:
    """Stop sharing. Raises `Conflict` while somebody uses the thing because of it."""
    policy = await sharing.get_policy(tx, id, caller.visible_project_id)
    await _remove(tx, policy)


async def _remove(tx: Transaction, policy: RbacPolicy) -> None:
    await _refuse_used(tx, policy)
    await sharing.delete_policy(tx, policy.id)
    await _derive(tx, policy.object_type, policy.object_id)


async def _refuse_used(tx: Transaction, policy: RbacPolicy) -> None:
    users = await sharing_use.list_users(tx, policy)
    others = [
        other
        for other in await sharing.list_policies_of(tx, policy.object_id)
        if other.id != policy.id and other.action == policy.action
    ]
    kept = {other.target for other in others}
    lost = sorted(users - kept) if EVERYBODY not in kept else []
    if lost:
        raise Conflict(
            f"cannot stop sharing {policy.object_type} {policy.object_id}: others use it, such as "
            f"project {lost[0]}"
        )
