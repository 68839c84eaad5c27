"""Rules of security groups."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import (
    ABSENT,
    Absent,
    Id,
    Name,
    given,
    pick,
    render_common,
    require,
)
from pilvi.network.model.security_group import (
    IPV4,
    IPV6,
    PROTOCOL_NUMBERS,
    RuleMatch,
    SecurityGroupRule,
    parse_match,
    parse_protocol,
)
from pilvi.network.operations import security_groups as operations
from pilvi.network.store import security_groups as store
from pilvi.network.store.listing import Listing
from pilvi.network.store.tags import list_tags


class RuleFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a rule is made of."""

    security_group_id: Id | Absent = ABSENT
    direction: str | Absent = ABSENT
    ethertype: str | None | Absent = ABSENT
    protocol: str | int | None | Absent = ABSENT
    port_range_min: int | str | None | Absent = ABSENT
    port_range_max: int | str | None | Absent = ABSENT
    remote_group_id: str | None | Absent = ABSENT
    remote_ip_prefix: str | None | Absent = ABSENT
    remote_address_group_id: str | None | Absent = ABSENT
    description: Name | None | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT


class RuleBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST; a list makes several at once, all or none."""

    security_group_rule: RuleFields | Absent = ABSENT
    security_group_rules: list[RuleFields] | Absent = ABSENT


def _parse(fields: RuleFields) -> tuple[str, RuleMatch, str]:
    """The group's id, what the rule allows, and its description."""
    values = given(fields)
    require(values, "security_group_id", "direction")
    return values["security_group_id"], match_of(values), values.get("description") or ""


def match_of(values: Mapping[str, Any]) -> RuleMatch:
    """What a rule allows. Raises `InvalidRequest`."""
    return parse_match(
        values["direction"],
        values.get("ethertype"),
        values.get("protocol"),
        (values.get("port_range_min"), values.get("port_range_max")),
        (
            values.get("remote_group_id") or None,
            values.get("remote_ip_prefix") or None,
            values.get("remote_address_group_id") or None,
        ),
    )


def render_rule(rule: SecurityGroupRule, tags: Sequence[str]) -> dict[str, Any]:
    """A rule as the API shows it."""
    return {
        **render_common(rule, tags),
        "security_group_id": rule.group_id,
        **render_match(rule.match),
    }


def render_match(match: RuleMatch) -> dict[str, Any]:
    """What a rule allows, as the API shows it."""
    return {
        "direction": match.direction,
        "ethertype": match.ethertype,
        "protocol": match.protocol,
        "port_range_min": match.port_min,
        "port_range_max": match.port_max,
        "remote_group_id": match.remote_group_id,
        "remote_ip_prefix": match.remote_cidr,
        "remote_address_group_id": match.remote_address_group_id,
    }


async def _render(call: Call[Any], found: Sequence[SecurityGroupRule]) -> list[dict[str, Any]]:
    tags = await list_tags(call.tx, [rule.id for rule in found])
    return [render_rule(rule, tags.get(rule.id, ())) for rule in found]


async def list_security_group_rules(call: Call[None]) -> dict[str, Any]:
    """Rules of own security groups; all for admins."""
    listing = parse_listing(call)
    if "protocol" in listing.values:
        named = [form for p in listing.values["protocol"] for form in _forms_of(p)]
        values = {**listing.values, "protocol": named}
        listing = Listing(project_id=listing.project_id, page=listing.page, values=values)
    found, more = await store.list_rules(call.tx, listing)
    return page_of(call, "security_group_rules", await _render(call, found), more)


def _forms_of(protocol: str) -> list[str]:
    """How rules may have named a protocol: as its name or its number. Raises `InvalidRequest`."""
    family = IPV6 if protocol.lower().startswith(("ipv6-", "icmpv6")) else IPV4
    name = parse_protocol(protocol, family) or ""
    number = PROTOCOL_NUMBERS.get(name)
    return [name] if number is None else [name, str(number)]


async def show_security_group_rule(call: Call[None]) -> dict[str, Any]:
    """One rule."""
    id, project_id = call.path["rule_id"], call.caller.visible_project_id
    found = await store.get_rule(call.tx, id, project_id)
    return {"security_group_rule": select_fields(call, (await _render(call, [found]))[0])}


async def create_security_group_rule(call: Call[RuleBody]) -> dict[str, Any]:
    """A new rule, or several."""
    body, name = call.payload, "security_group_rule"
    asked = [
        _parse(fields) for fields in pick(body.security_group_rule, body.security_group_rules, name)
    ]
    ids = await operations.create_security_group_rules(call.tx, call.caller, asked)
    made = [await store.get_rule(call.tx, id, None) for id in ids]
    bodies = await _render(call, made)
    return {f"{name}s": bodies} if body.security_group_rule is ABSENT else {name: bodies[0]}


async def delete_security_group_rule(call: Call[None]) -> None:
    """Remove a rule."""
    await operations.delete_security_group_rule(call.tx, call.caller, call.path["rule_id"])
