"""The network service's security groups under the names that old compute clients know.

Only rules for what comes in are shown and made. API reference: "Security groups
(os-security-groups) (DEPRECATED)", "Rules for security group", both up to version 2.35.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from pilvi.compute.api.old_names import conflicts_are_bad_requests, parse_id
from pilvi.compute.api.servers import get_called
from pilvi.core.http import Call
from pilvi.core.paging import parse_page
from pilvi.errors import InvalidRequest
from pilvi.network.model.security_group import SecurityGroup, SecurityGroupRule, parse_match
from pilvi.network.operations import project_groups
from pilvi.network.operations import security_groups as operations
from pilvi.network.operations.project_groups import GroupWithRules

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Description = Annotated[str, msgspec.Meta(max_length=255)]
EVERYWHERE = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}


class GroupFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a security group is made of."""

    name: Name
    description: Description


class GroupBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    security_group: GroupFields


class RuleFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a rule is made of."""

    parent_group_id: str
    ip_protocol: str | int | None = None
    from_port: int | str | None = None
    to_port: int | str | None = None
    cidr: str | None = None
    group_id: str | None = None


class RuleBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST."""

    security_group_rule: RuleFields


async def list_security_groups(call: Call[None]) -> dict[str, Any]:
    """The project's security groups; those of all projects for an admin who asks."""
    is_everybodys = call.caller.is_admin and "all_tenants" in call.query
    project_id = None if is_everybodys else call.caller.project_id or ""
    found = await project_groups.list_project_groups(call.tx, project_id)
    if "limit" in call.query:
        found = found[: parse_page(call.query).limit]
    return {"security_groups": [await _render(call, one) for one in found]}


async def show_security_group(call: Call[None]) -> dict[str, Any]:
    """One security group."""
    id, project_id = parse_id(call.path["security_group_id"]), call.caller.visible_project_id
    found = await project_groups.get_project_group(call.tx, project_id, id)
    return {"security_group": await _render(call, found)}


async def create_security_group(call: Call[GroupBody]) -> dict[str, Any]:
    """A new security group."""
    values = _fields(call.payload)
    with conflicts_are_bad_requests():
        id = await operations.create_security_group(call.tx, call.caller, values)
    made = await project_groups.get_project_group(call.tx, None, id)
    return {"security_group": await _render(call, made)}


async def update_security_group(call: Call[GroupBody]) -> dict[str, Any]:
    """Change a security group's name and description."""
    id = parse_id(call.path["security_group_id"])
    with conflicts_are_bad_requests():
        fields = _fields(call.payload)
        await operations.update_security_group(call.tx, call.caller, id, **fields)
    changed = await project_groups.get_project_group(call.tx, None, id)
    return {"security_group": await _render(call, changed)}


async def delete_security_group(call: Call[None]) -> None:
    """Remove a security group."""
    with conflicts_are_bad_requests():
        await operations.delete_security_group(
            call.tx, call.caller, parse_id(call.path["security_group_id"])
        )


async def create_security_group_rule(call: Call[RuleBody]) -> dict[str, Any]:
    """A new rule for what comes in."""
    fields = call.payload.security_group_rule
    group_id = parse_id(fields.parent_group_id)
    cidr = fields.cidr or (None if fields.group_id else EVERYWHERE["IPv4"])
    family = "IPv6" if ":" in (cidr or "") else "IPv4"
    ports = (_port(fields.from_port), _port(fields.to_port))
    remote = (fields.group_id, cidr, None)
    match = parse_match("ingress", family, fields.ip_protocol, ports, remote)
    with conflicts_are_bad_requests():
        ids = await operations.create_security_group_rules(
            call.tx, call.caller, [(group_id, match, "")]
        )
    _, rules = await project_groups.get_project_group(call.tx, None, group_id)
    (made,) = (rule for rule in rules if rule.id in ids)
    named = await project_groups.name_groups(call.tx, _remotes(made))
    return {"security_group_rule": _render_rule(made, named)}


async def delete_security_group_rule(call: Call[None]) -> None:
    """Remove a rule."""
    id = parse_id(call.path["rule_id"])
    await operations.delete_security_group_rule(call.tx, call.caller, id)


async def list_groups_of_server(call: Call[None]) -> dict[str, Any]:
    """The security groups of a server's ports."""
    server = await get_called(call)
    found = await project_groups.list_server_groups(call.tx, server.id)
    return {"security_groups": [await _render(call, one) for one in found]}


def _fields(body: GroupBody) -> dict[str, str]:
    group = body.security_group
    if not group.name.strip():
        raise InvalidRequest("cannot name a security group with spaces alone")
    return {"name": group.name, "description": group.description}


def _port(value: int | str | None) -> int | str | None:
    """-1 stands for all."""
    return None if value in (-1, "-1") else value


def _remotes(*rules: SecurityGroupRule) -> list[str]:
    return sorted({r.match.remote_group_id for r in rules if r.match.remote_group_id})


async def _render(call: Call[Any], found: GroupWithRules) -> dict[str, Any]:
    group, rules = found
    incoming = [rule for rule in rules if rule.match.direction == "ingress"]
    named = await project_groups.name_groups(call.tx, _remotes(*incoming))
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "tenant_id": group.project_id,
        "rules": [_render_rule(rule, named) for rule in incoming],
    }


def _render_rule(rule: SecurityGroupRule, named: Mapping[str, SecurityGroup]) -> dict[str, Any]:
    match = rule.match
    remote = named.get(match.remote_group_id or "")
    is_icmp = match.protocol in ("icmp", "ipv6-icmp")
    cidr = match.remote_cidr or EVERYWHERE[match.ethertype]
    return {
        "id": rule.id,
        "parent_group_id": rule.group_id,
        "ip_protocol": match.protocol,
        "from_port": -1 if is_icmp and match.port_min is None else match.port_min,
        "to_port": -1 if is_icmp and match.port_max is None else match.port_max,
        "group": {"name": remote.name, "tenant_id": remote.project_id} if remote else {},
        "ip_range": {} if match.remote_group_id else {"cidr": cidr},
    }
