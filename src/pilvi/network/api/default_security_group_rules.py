"""The rules that new security groups begin with."""

from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.security_group_rules import match_of, render_match
from pilvi.network.api.wire import ABSENT, Absent, Name, given, require
from pilvi.network.model.security_group import PARENT, DefaultRule
from pilvi.network.operations import default_rules as operations
from pilvi.network.store import default_rules as store


class DefaultRuleFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a default rule is made of."""

    direction: str | Absent = ABSENT
    ethertype: str | None | Absent = ABSENT
    protocol: str | int | None | Absent = ABSENT
    port_range_min: int | str | None | Absent = ABSENT
    port_range_max: int | str | None | Absent = ABSENT
    remote_group_id: str | None | Absent = ABSENT
    remote_ip_prefix: str | None | Absent = ABSENT
    remote_address_group_id: str | None | Absent = ABSENT
    description: Name | None | Absent = ABSENT
    is_for_default: bool | Absent = msgspec.field(default=ABSENT, name="used_in_default_sg")
    is_for_others: bool | Absent = msgspec.field(default=ABSENT, name="used_in_non_default_sg")


class DefaultRuleBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST."""

    default_security_group_rule: DefaultRuleFields


def _render(rule: DefaultRule) -> dict[str, Any]:
    body = {"id": rule.id, "description": rule.description, **render_match(rule.match)}
    if rule.is_remote_parent:
        body["remote_group_id"] = PARENT
    return {
        **body,
        "used_in_default_sg": rule.is_for_default,
        "used_in_non_default_sg": rule.is_for_others,
    }


async def list_default_security_group_rules(call: Call[None]) -> dict[str, Any]:
    """Every default rule. The first look writes those that a cloud begins with."""
    async with call.db.read() as tx:
        known = await operations.has_first_rules(tx)
    if not known:
        async with call.db.write() as tx:
            await operations.ensure_first_rules(tx)
    async with call.db.read() as tx:
        found, more = await store.list_default_rules(tx, parse_listing(call))
    return page_of(call, "default_security_group_rules", [_render(r) for r in found], more)


async def show_default_security_group_rule(call: Call[None]) -> dict[str, Any]:
    """One default rule."""
    found = await store.get_default_rule(call.tx, call.path["default_rule_id"])
    return {"default_security_group_rule": select_fields(call, _render(found))}


async def create_default_security_group_rule(call: Call[DefaultRuleBody]) -> dict[str, Any]:
    """A rule for groups that are made from now on."""
    values = given(call.payload.default_security_group_rule)
    require(values, "direction")
    is_parent = values.get("remote_group_id") == PARENT
    if is_parent:
        values["remote_group_id"] = None
    match = match_of(values)
    id = await operations.create_default_rule(call.tx, match, values, is_remote_parent=is_parent)
    made = await store.get_default_rule(call.tx, id)
    return {"default_security_group_rule": _render(made)}


async def delete_default_security_group_rule(call: Call[None]) -> None:
    """Remove a default rule."""
    await operations.delete_default_rule(call.tx, call.path["default_rule_id"])
