"""Security groups."""

from collections.abc import Sequence
from typing import Any

import msgspec

from pilvi.core.db import Transaction
from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.security_group_rules import render_rule
from pilvi.network.api.wire import ABSENT, Absent, Id, Name, given, render_common, require
from pilvi.network.model.security_group import SecurityGroup, SecurityGroupRule
from pilvi.network.operations import security_groups as operations
from pilvi.network.store import security_groups as store
from pilvi.network.store.sharing import list_shared
from pilvi.network.store.tags import list_tags


class SecurityGroupFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a security group is made of."""

    name: Name | Absent = ABSENT
    description: Name | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT
    is_stateful: bool | Absent = msgspec.field(default=ABSENT, name="stateful")


class SecurityGroupBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    security_group: SecurityGroupFields


def _render_one(
    group: SecurityGroup,
    rules: Sequence[SecurityGroupRule],
    tags: Sequence[str],
    *,
    is_shared: bool,
) -> dict[str, Any]:
    return {
        **render_common(group, tags),
        "name": group.name,
        "stateful": group.is_stateful,
        "shared": is_shared,
        "security_group_rules": [render_rule(rule, ()) for rule in rules],
    }


async def _render(
    tx: Transaction, found: Sequence[SecurityGroup], project_id: str | None
) -> list[dict[str, Any]]:
    ids = [group.id for group in found]
    rules, tags = await store.list_rules_of(tx, ids), await list_tags(tx, ids)
    shared = await list_shared(tx, ids, project_id)
    return [
        _render_one(g, rules.get(g.id, ()), tags.get(g.id, ()), is_shared=g.id in shared)
        for g in found
    ]


async def list_security_groups(call: Call[None]) -> dict[str, Any]:
    """Own security groups; all for admins. The first look makes the default group."""
    project_id = call.caller.project_id
    if project_id is not None:
        async with call.db.read() as tx:
            known = await store.find_default_group(tx, project_id)
        if known is None:
            async with call.db.write() as tx:
                await operations.ensure_default_group(tx, project_id)
    async with call.db.read() as tx:
        found, more = await store.list_groups(tx, parse_listing(call))
        return page_of(call, "security_groups", await _render(tx, found, project_id), more)


async def show_security_group(call: Call[None]) -> dict[str, Any]:
    """One security group with its rules."""
    return await _show(call)


async def _show(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    id, project_id = call.path["security_group_id"], call.caller.visible_project_id
    found = await store.get_group(call.tx, id, project_id)
    bodies = await _render(call.tx, [found], call.caller.project_id)
    return {"security_group": select_fields(call, bodies[0])}


async def create_security_group(call: Call[SecurityGroupBody]) -> dict[str, Any]:
    """A new security group that lets everything out."""
    values = given(call.payload.security_group)
    require(values, "name")
    id = await operations.create_security_group(call.tx, call.caller, values)
    made = await store.get_group(call.tx, id, None)
    return {"security_group": (await _render(call.tx, [made], call.caller.project_id))[0]}


async def update_security_group(call: Call[SecurityGroupBody]) -> dict[str, Any]:
    """Change a security group's name or description."""
    values = given(call.payload.security_group, {"project_id": ()})
    id = call.path["security_group_id"]
    await operations.update_security_group(call.tx, call.caller, id, **values)
    return await _show(call)


async def delete_security_group(call: Call[None]) -> None:
    """Remove a security group."""
    await operations.delete_security_group(call.tx, call.caller, call.path["security_group_id"])
