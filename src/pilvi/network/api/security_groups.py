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
from pilvi.network.store.tags import list_tags


class SecurityGroupFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a security group is made of."""

    name: Name | Absent = ABSENT
    description: Name | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT
    stateful: bool | Absent = ABSENT


class SecurityGroupBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    security_group: SecurityGroupFields


_FIXED: dict[str, Any] = {"stateful": (True,)}


def _render_one(
    group: SecurityGroup, rules: Sequence[SecurityGroupRule], tags: Sequence[str]
) -> dict[str, Any]:
    return {
        **render_common(group, tags),
        "name": group.name,
        "stateful": True,
        "shared": False,
        "security_group_rules": [render_rule(rule, ()) for rule in rules],
    }


async def _render(tx: Transaction, found: Sequence[SecurityGroup]) -> list[dict[str, Any]]:
    ids = [group.id for group in found]
    rules, tags = await store.list_rules_of(tx, ids), await list_tags(tx, ids)
    return [_render_one(g, rules.get(g.id, ()), tags.get(g.id, ())) for g in found]


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
        return page_of(call, "security_groups", await _render(tx, found), more)


async def show_security_group(call: Call[None]) -> dict[str, Any]:
    """One security group with its rules."""
    id, project_id = call.path["security_group_id"], call.caller.visible_project_id
    found = await store.get_group(call.tx, id, project_id)
    return {"security_group": select_fields(call, (await _render(call.tx, [found]))[0])}


async def create_security_group(call: Call[SecurityGroupBody]) -> dict[str, Any]:
    """A new security group that lets everything out."""
    values = given(call.payload.security_group, _FIXED)
    require(values, "name")
    id = await operations.create_security_group(
        call.tx,
        call.caller,
        values["name"],
        values.get("description", ""),
        values.get("project_id"),
    )
    made = await store.get_group(call.tx, id, None)
    return {"security_group": (await _render(call.tx, [made]))[0]}


async def update_security_group(call: Call[SecurityGroupBody]) -> dict[str, Any]:
    """Change a security group's name or description."""
    values = given(call.payload.security_group, _FIXED | {"project_id": ()})
    id = call.path["security_group_id"]
    await operations.update_security_group(call.tx, call.caller, id, **values)
    return await show_security_group(call)  # type: ignore[arg-type]


async def delete_security_group(call: Call[None]) -> None:
    """Remove a security group."""
    await operations.delete_security_group(call.tx, call.caller, call.path["security_group_id"])
