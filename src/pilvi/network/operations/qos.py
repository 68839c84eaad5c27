"""Policies of quality of service. In the caller's transaction."""

import uuid
from collections.abc import Mapping
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Conflict, Forbidden, NotFound
from pilvi.network.model.qos import RULE_FIELDS, QosPolicy, RuleKind, conflict, rule_columns
from pilvi.network.model.sharing import ObjectType
from pilvi.network.operations.ownership import choose_project, require_owner
from pilvi.network.operations.sharing import share_with_everybody
from pilvi.network.operations.wakes import touch_ports
from pilvi.network.store import qos as store
from pilvi.network.store import sharing
from pilvi.network.store.tags import delete_tags


async def create_qos_policy(tx: Transaction, caller: Caller, values: Mapping[str, Any]) -> str:
    """A new policy without rules; returns its id."""
    project_id = choose_project(caller, values.get("project_id"))
    is_default = values.get("is_default", False)
    if is_default:
        await _refuse_second_default(tx, project_id)
    id, moment = str(uuid.uuid4()), now()
    await store.insert_policy(
        tx,
        id=id,
        project_id=project_id,
        name=values["name"],
        description=values.get("description", ""),
        is_default=is_default,
        created_at=moment,
        updated_at=moment,
    )
    if values.get("is_shared"):
        await share_with_everybody(tx, ObjectType.QOS_POLICY, id, project_id)
    return id


async def _refuse_second_default(tx: Transaction, project_id: str) -> None:
    default = await store.find_default_policy(tx, project_id)
    if default is not None:
        raise Conflict(f"cannot make another default QoS policy: the project has {default.id}")


async def get_usable_policy(tx: Transaction, caller: Caller, id: str) -> QosPolicy:
    """A policy that the caller may name in a port or network. Raises `NotFound`."""
    return await store.get_policy(tx, id, caller.visible_project_id)


async def check_change(tx: Transaction, caller: Caller, before: str | None, after: Any) -> None:
    """Whether the caller may put one policy in the place of another; None is no policy.

    Raises `NotFound` for a new one that it does not see, and `Forbidden` to take away such a one.
    """
    if before == after:
        return
    if after is not None:
        await get_usable_policy(tx, caller, after)
    if before is None:
        return
    try:
        await get_usable_policy(tx, caller, before)
    except NotFound:
        raise Forbidden("cannot take this QoS policy away: only admins do") from None


async def update_qos_policy(
    tx: Transaction, caller: Caller, id: str, values: Mapping[str, Any]
) -> None:
    """Change what a policy says of itself."""
    policy = await _get_own(tx, caller, id)
    if values.get("is_default") and not policy.is_default:
        await _refuse_second_default(tx, policy.project_id)
    if "is_shared" in values:
        await share_with_everybody(
            tx, ObjectType.QOS_POLICY, policy.id, policy.project_id, wanted=values["is_shared"]
        )
    changed = {name: value for name, value in values.items() if name != "is_shared"}
    await _touch(tx, policy, **changed)


async def _get_own(tx: Transaction, caller: Caller, id: str) -> QosPolicy:
    policy = await store.get_policy(tx, id, caller.visible_project_id)
    require_owner(caller, policy.project_id, "this QoS policy")
    return policy


async def _touch(tx: Transaction, policy: QosPolicy, **changed: Any) -> None:
    """Count a change of a policy; the ports that it is in force for are looked at again."""
    changed |= {"updated_at": now(), "generation": policy.generation + 1}
    await store.update_policy(tx, policy.id, **changed)
    await touch_ports(tx, *await store.list_ports_of_policy(tx, policy.id))


async def delete_qos_policy(tx: Transaction, caller: Caller, id: str) -> None:
    """Remove a policy. Raises `Conflict` while a port or a network names it."""
    policy = await _get_own(tx, caller, id)
    if await store.is_policy_used(tx, policy.id):
        raise Conflict(f"cannot delete QoS policy {policy.id}: ports or networks use it")
    await sharing.delete_policies_of(tx, policy.id)
    await delete_tags(tx, [policy.id])
    await store.delete_policy(tx, policy.id)


async def create_qos_rule(
    tx: Transaction, caller: Caller, policy_id: str, kind: RuleKind, values: Mapping[str, Any]
) -> str:
    """A new rule of a policy; returns its id. Raises `Conflict` for a second one of its kind."""
    policy = await _get_own(tx, caller, policy_id)
    row = rule_columns(kind, values)
    rules = (await store.list_rules_of(tx, [policy.id])).get(policy.id, [])
    reason = conflict(kind, row, rules)
    if reason is not None:
        raise Conflict(f"cannot add this rule to QoS policy {policy.id}: {reason}")
    id, moment = str(uuid.uuid4()), now()
    await store.insert_rule(
        tx,
        id=id,
        project_id=policy.project_id,
        policy_id=policy.id,
        kind=kind,
        created_at=moment,
        updated_at=moment,
        **row,
    )
    await _touch(tx, policy)
    return id


async def update_qos_rule(
    tx: Transaction,
    caller: Caller,
    path: tuple[str, RuleKind, str],
    values: Mapping[str, Any],
) -> None:
    """Change a rule, named by its policy, kind and id. Raises `NotFound`, `Conflict`."""
    policy_id, kind, id = path
    policy = await _get_own(tx, caller, policy_id)
    rule = await store.get_rule(tx, policy.id, kind, id)
    kept = {name: getattr(rule, name) for name in RULE_FIELDS[kind]}
    row = rule_columns(kind, {**kept, **values})
    rules = (await store.list_rules_of(tx, [policy.id])).get(policy.id, [])
    reason = conflict(kind, row, [one for one in rules if one.id != rule.id])
    if reason is not None:
        raise Conflict(f"cannot change this rule of QoS policy {policy.id}: {reason}")
    await store.update_rule(tx, rule.id, **row, updated_at=now())
    await _touch(tx, policy)


async def delete_qos_rule(
    tx: Transaction, caller: Caller, policy_id: str, kind: RuleKind, id: str
) -> None:
    """Remove a rule of a policy."""
    policy = await _get_own(tx, caller, policy_id)
    rule = await store.get_rule(tx, policy.id, kind, id)
    await store.delete_rule(tx, rule.id)
    await _touch(tx, policy)
