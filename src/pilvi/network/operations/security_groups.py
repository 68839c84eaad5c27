"""Security groups and their rules. In the caller's transaction."""

import dataclasses
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Conflict, InvalidRequest, NotFound
from pilvi.network.model.security_group import (
    DEFAULT_GROUP,
    RuleMatch,
    SecurityGroup,
)
from pilvi.network.operations.default_statefulness import is_stateful_by_default
from pilvi.network.operations.ownership import choose_project, require_owner
from pilvi.network.operations.quotas import check_quota
from pilvi.network.operations.wakes import touch_groups
from pilvi.network.store import address_groups, default_rules, logs, sharing
from pilvi.network.store import security_groups as store
from pilvi.network.store.tags import delete_tags


async def ensure_default_group(tx: Transaction, project_id: str) -> SecurityGroup:
    """A project's default group, made on its first use. Repeatable."""
    found = await store.find_default_group(tx, project_id)
    if found is None:
        words = {"name": DEFAULT_GROUP, "description": "Default security group"}
        await _insert_group(tx, project_id, words, default=True)
        found = await store.find_default_group(tx, project_id)
    assert found is not None
    return found


async def _insert_group(
    tx: Transaction, project_id: str, values: Mapping[str, Any], *, default: bool
) -> str:
    id, moment = str(uuid.uuid4()), now()
    if "is_stateful" not in values:
        values = {**values, "is_stateful": await is_stateful_by_default(tx, project_id)}
    await store.insert_group(
        tx,
        id=id,
        project_id=project_id,
        **values,
        default_of=project_id if default else None,
        applied_generation=1,
        created_at=moment,
        updated_at=moment,
    )
    await default_rules.ensure_first_rules(tx)
    rules = []
    for rule in await default_rules.list_for(tx, is_default=default):
        match = rule.match
        if rule.is_remote_parent:
            match = dataclasses.replace(match, remote_group_id=id)
        rules.append((match, rule.description))
    if rules:
        await _insert_rules(tx, project_id, id, rules)
    return id


async def _insert_rules(
    tx: Transaction, project_id: str, group_id: str, rules: Sequence[tuple[RuleMatch, str]]
) -> list[str]:
    moment = now()
    rows = [
        {
            "id": str(uuid.uuid4()),
            "project_id": project_id,
            "description": description,
            "created_at": moment,
            "updated_at": moment,
            "group_id": group_id,
            "direction": match.direction,
            "ethertype": match.ethertype,
            "protocol": match.protocol,
            "port_min": match.port_min,
            "port_max": match.port_max,
            "remote_group_id": match.remote_group_id,
            "remote_cidr": match.remote_cidr,
            "remote_address_group_id": match.remote_address_group_id,
            "key": match.key,
        }
        for match, description in rules
    ]
    await store.insert_rules(tx, rows)
    return [str(row["id"]) for row in rows]


async def create_security_group(tx: Transaction, caller: Caller, values: Mapping[str, Any]) -> str:
    """A new group with the default rules; returns its id. Raises `Conflict` for "default"."""
    owner = choose_project(caller, values.get("project_id"))
    await ensure_default_group(tx, owner)
    if values["name"] == DEFAULT_GROUP:
        raise Conflict("cannot name a security group 'default': the project has that one already")
    await check_quota(tx, owner, "security_group")
    kept = {name: value for name, value in values.items() if name != "project_id"}
    return await _insert_group(tx, owner, kept, default=False)


async def update_security_group(tx: Transaction, caller: Caller, id: str, **values: Any) -> None:
    """Change a group. Raises `Conflict` for the default group's name.

    A group that ports are in keeps its statefulness, because their hosts could not tell which of
    their connections would go on.
    """
    group = await store.get_group(tx, id, caller.visible_project_id)
    require_owner(caller, group.project_id, "this security group")
    changes_state = values.get("is_stateful", group.is_stateful) != group.is_stateful
    if changes_state and await store.is_group_used(tx, group.id):
        raise Conflict(f"cannot change stateful of security group {id}: ports are in it")
    name = values.get("name", group.name)
    if name != group.name and (group.is_default or name == DEFAULT_GROUP):
        raise Conflict("cannot rename the default security group, nor another one to 'default'")
    if values:
        await store.update_group(
            tx, group.id, **values, updated_at=now(), generation=group.generation + 1
        )
        await touch_groups(tx, group.id)


async def delete_security_group(tx: Transaction, caller: Caller, id: str) -> None:
    """Remove a group; rules that name it as remote go with it. Raises `Conflict` when in use."""
    group = await store.get_group(tx, id, caller.visible_project_id)
    require_owner(caller, group.project_id, "this security group")
    if group.is_default and not caller.is_admin:
        raise Conflict(
            "cannot delete the default security group: a project always has one; delete its rules "
            "instead"
        )
    if await store.is_group_used(tx, group.id):
        raise Conflict(
            f"cannot delete the security group {id}: ports are in it; take it from them first"
        )
    await sharing.delete_policies_of(tx, group.id)
    naming = await store.list_groups_naming(tx, group.id)
    rules = (await store.list_rules_of(tx, [group.id])).get(group.id, [])
    await store.delete_group(tx, group.id)
    await logs.delete_logs_of(tx, group.id)
    await delete_tags(tx, [group.id, *(rule.id for rule in rules)])
    await touch_groups(tx, *naming)


async def create_security_group_rules(
    tx: Transaction, caller: Caller, asked: Sequence[tuple[str, RuleMatch, str]]
) -> list[str]:
    """New rules, each a group id, what it allows, and a description; returns their ids.

    Raises `NotFound` for a group that the caller may not see, `Conflict` for a rule that the group
    has already.
    """
    ids = []
    for group_id, match, description in asked:
        group = await store.get_group(tx, group_id, caller.visible_project_id)
        require_owner(caller, group.project_id, "the rules of this security group")
        await _check_remote(tx, caller, match)
        twin = await store.find_rule_by_key(tx, group.id, match.key)
        if twin is not None:
            raise Conflict(
                f"cannot add this rule to the security group {group.id}: security group rule "
                f"already exists. Rule id is {twin}."
            )
        await check_quota(tx, group.project_id, "security_group_rule")
        ids += await _insert_rules(tx, group.project_id, group.id, [(match, description)])
        await touch_groups(tx, group.id)
    return ids


async def _check_remote(tx: Transaction, caller: Caller, match: RuleMatch) -> None:
    """Raise `NotFound` for a remote that the caller may not see."""
    if match.remote_group_id is not None:
        await store.get_group(tx, match.remote_group_id, caller.visible_project_id)
    if match.remote_address_group_id is not None:
        id = match.remote_address_group_id
        await address_groups.get_address_group(tx, id, caller.visible_project_id)


async def delete_security_group_rule(tx: Transaction, caller: Caller, id: str) -> None:
    """Remove a rule."""
    rule = await store.get_rule(tx, id, caller.visible_project_id)
    await store.delete_rule(tx, rule.id)
    await delete_tags(tx, [rule.id])
    await touch_groups(tx, rule.group_id)


async def check_groups(tx: Transaction, project_id: str | None, ids: Collection[str]) -> list[str]:
    """The groups of these ids, which a project (None: any) must have. Raises `NotFound`."""
    found = {group.id for group in await store.list_groups_named(tx, project_id, ids)}
    for id in ids:
        if id not in found:
            raise NotFound(f"cannot find the security group '{id}'")
    return sorted(found & set(ids))


async def refuse_mixed(tx: Transaction, ids: Collection[str]) -> None:
    """Raise `Conflict` when some of a port's groups are stateful and some are not."""
    groups = await store.list_groups_named(tx, None, ids) if len(ids) > 1 else []
    if len({group.is_stateful for group in groups}) > 1:
        raise Conflict("cannot use stateful and stateless security groups on one port")


async def resolve_groups(
    tx: Transaction, project_id: str, names: Collection[str] | None
) -> list[str]:
    """Ids of a project's groups by id or name; None or none is the default group.

    Raises `InvalidRequest` for an unknown one, `Conflict` for a name that several groups have.
    """
    if not names:
        return [(await ensure_default_group(tx, project_id)).id]
    if DEFAULT_GROUP in names:
        await ensure_default_group(tx, project_id)
    groups = await store.list_groups_named(tx, project_id, names)
    chosen = set()
    for name in names:
        matching = [g for g in groups if g.id == name] or [g for g in groups if g.name == name]
        if not matching:
            raise InvalidRequest(f"cannot find the security group '{name}' in the project")
        if len(matching) > 1:
            raise Conflict(f"cannot choose a security group: several are named '{name}'; use an id")
        chosen.add(str(matching[0].id))
    return sorted(chosen)
