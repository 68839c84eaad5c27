"""Rules of policies of quality of service: limits of bandwidth and markings.

Each kind is reached below its policy, and by its own id alone ("QoS rules alias API"). The kinds
that are rates stand in `qos_rate_rules`.
"""

from dataclasses import replace
from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.errors import NotFound
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import ABSENT, Absent, Id, given
from pilvi.network.model.qos import RULE_FIELDS, QosRule, RuleKind
from pilvi.network.operations import qos as operations
from pilvi.network.store import qos as store
from pilvi.network.store.listing import Listing


class LimitFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a limit of bandwidth is made of."""

    direction: str | Absent = ABSENT
    max_kbps: int | Absent = ABSENT
    max_burst_kbps: int | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT


class LimitBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT below a policy."""

    bandwidth_limit_rule: LimitFields


class LimitAliasBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT of a rule by its own id."""

    alias_bandwidth_limit_rule: LimitFields


class MarkFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a marking is made of."""

    dscp_mark: int | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT


class MarkBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT below a policy."""

    dscp_marking_rule: MarkFields


class MarkAliasBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT of a rule by its own id."""

    alias_dscp_marking_rule: MarkFields


def render_rule(rule: QosRule) -> dict[str, Any]:
    """A rule as the API shows it."""
    body: dict[str, Any] = {"id": rule.id}
    for name in RULE_FIELDS[rule.kind]:
        value = getattr(rule, name)
        body[name] = 0 if value is None else value
    return body


async def list_rules(call: Call[None], kind: RuleKind) -> dict[str, Any]:
    """One page of a policy's rules of a kind."""
    policy_id, asked = call.path["policy_id"], parse_listing(call)
    await store.get_policy(call.tx, policy_id, asked.project_id)
    values = {**asked.values, "policy_id": [policy_id], "kind": [kind]}
    return await _page(call, f"{kind}_rules", replace(asked, values=values))


async def list_alias_rules(call: Call[None], kind: RuleKind) -> dict[str, Any]:
    """One page of the rules of a kind of every policy that the caller sees."""
    asked = parse_listing(call)
    values = {**asked.values, "kind": [kind]}
    return await _page(call, f"alias_{kind}_rules", replace(asked, values=values))


async def _page(call: Call[None], name: str, listing: Listing) -> dict[str, Any]:
    found, more = await store.list_rules(call.tx, listing)
    return page_of(call, name, [render_rule(rule) for rule in found], more)


async def show_rule(
    call: Call[Any], kind: RuleKind, policy_id: str, alias: str = ""
) -> dict[str, Any]:
    """The rule of a policy that the path names, as it is now."""
    await store.get_policy(call.tx, policy_id, call.caller.visible_project_id)
    rule = await store.get_rule(call.tx, policy_id, kind, call.path[f"{kind}_rule_id"])
    return {f"{alias}{kind}_rule": select_fields(call, render_rule(rule))}


async def create_rule(call: Call[Any], kind: RuleKind, fields: msgspec.Struct) -> dict[str, Any]:
    """A new rule of the policy in the path."""
    policy_id = call.path["policy_id"]
    values = given(fields)
    id = await operations.create_qos_rule(call.tx, call.caller, policy_id, kind, values)
    made = await store.get_rule(call.tx, policy_id, kind, id)
    return {f"{kind}_rule": render_rule(made)}


async def update_rule(
    call: Call[Any], kind: RuleKind, policy_id: str, fields: msgspec.Struct
) -> None:
    """Change the rule of a policy that the path names."""
    path = (policy_id, kind, call.path[f"{kind}_rule_id"])
    await operations.update_qos_rule(call.tx, call.caller, path, given(fields))


async def delete_rule(call: Call[None], kind: RuleKind, policy_id: str) -> None:
    """Remove the rule of a policy that the path names."""
    id = call.path[f"{kind}_rule_id"]
    await operations.delete_qos_rule(call.tx, call.caller, policy_id, kind, id)


async def policy_of_rule(call: Call[Any], kind: RuleKind) -> str:
    """The policy of the rule in the path, if the caller may see it. Raises `NotFound`."""
    id = call.path[f"{kind}_rule_id"]
    policy_id = await store.find_policy_of_rule(call.tx, id)
    if policy_id is None:
        raise NotFound(f"cannot find the QoS rule '{id}'")
    return (await store.get_policy(call.tx, policy_id, call.caller.visible_project_id)).id


async def list_bandwidth_limit_rules(call: Call[None]) -> dict[str, Any]:
    """A policy's limits of bandwidth."""
    return await list_rules(call, RuleKind.BANDWIDTH_LIMIT)


async def show_bandwidth_limit_rule(call: Call[None]) -> dict[str, Any]:
    """One of a policy's limits of bandwidth."""
    return await show_rule(call, RuleKind.BANDWIDTH_LIMIT, call.path["policy_id"])


async def create_bandwidth_limit_rule(call: Call[LimitBody]) -> dict[str, Any]:
    """Limit the bandwidth of a policy's ports in one direction."""
    return await create_rule(call, RuleKind.BANDWIDTH_LIMIT, call.payload.bandwidth_limit_rule)


async def update_bandwidth_limit_rule(call: Call[LimitBody]) -> dict[str, Any]:
    """Change a limit of bandwidth."""
    policy_id, kind = call.path["policy_id"], RuleKind.BANDWIDTH_LIMIT
    await update_rule(call, kind, policy_id, call.payload.bandwidth_limit_rule)
    return await show_rule(call, kind, policy_id)


async def delete_bandwidth_limit_rule(call: Call[None]) -> None:
    """Remove a limit of bandwidth."""
    await delete_rule(call, RuleKind.BANDWIDTH_LIMIT, call.path["policy_id"])


async def list_alias_bandwidth_limit_rules(call: Call[None]) -> dict[str, Any]:
    """The limits of bandwidth of every policy that one sees."""
    return await list_alias_rules(call, RuleKind.BANDWIDTH_LIMIT)


async def show_alias_bandwidth_limit_rule(call: Call[None]) -> dict[str, Any]:
    """A limit of bandwidth, by its own id."""
    kind = RuleKind.BANDWIDTH_LIMIT
    return await show_rule(call, kind, await policy_of_rule(call, kind), "alias_")


async def update_alias_bandwidth_limit_rule(call: Call[LimitAliasBody]) -> dict[str, Any]:
    """Change a limit of bandwidth, by its own id."""
    kind = RuleKind.BANDWIDTH_LIMIT
    policy_id = await policy_of_rule(call, kind)
    await update_rule(call, kind, policy_id, call.payload.alias_bandwidth_limit_rule)
    return await show_rule(call, kind, policy_id, "alias_")


async def delete_alias_bandwidth_limit_rule(call: Call[None]) -> None:
    """Remove a limit of bandwidth, by its own id."""
    kind = RuleKind.BANDWIDTH_LIMIT
    await delete_rule(call, kind, await policy_of_rule(call, kind))


async def list_dscp_marking_rules(call: Call[None]) -> dict[str, Any]:
    """A policy's marking, in a list."""
    return await list_rules(call, RuleKind.DSCP_MARKING)


async def show_dscp_marking_rule(call: Call[None]) -> dict[str, Any]:
    """A policy's marking."""
    return await show_rule(call, RuleKind.DSCP_MARKING, call.path["policy_id"])


async def create_dscp_marking_rule(call: Call[MarkBody]) -> dict[str, Any]:
    """Mark what the guests of a policy's ports send."""
    return await create_rule(call, RuleKind.DSCP_MARKING, call.payload.dscp_marking_rule)


async def update_dscp_marking_rule(call: Call[MarkBody]) -> dict[str, Any]:
    """Change a marking."""
    policy_id, kind = call.path["policy_id"], RuleKind.DSCP_MARKING
    await update_rule(call, kind, policy_id, call.payload.dscp_marking_rule)
    return await show_rule(call, kind, policy_id)


async def delete_dscp_marking_rule(call: Call[None]) -> None:
    """Remove a marking."""
    await delete_rule(call, RuleKind.DSCP_MARKING, call.path["policy_id"])


async def list_alias_dscp_marking_rules(call: Call[None]) -> dict[str, Any]:
    """The markings of every policy that one sees."""
    return await list_alias_rules(call, RuleKind.DSCP_MARKING)


async def show_alias_dscp_marking_rule(call: Call[None]) -> dict[str, Any]:
    """A marking, by its own id."""
    kind = RuleKind.DSCP_MARKING
    return await show_rule(call, kind, await policy_of_rule(call, kind), "alias_")


async def update_alias_dscp_marking_rule(call: Call[MarkAliasBody]) -> dict[str, Any]:
    """Change a marking, by its own id."""
    kind = RuleKind.DSCP_MARKING
    policy_id = await policy_of_rule(call, kind)
    await update_rule(call, kind, policy_id, call.payload.alias_dscp_marking_rule)
    return await show_rule(call, kind, policy_id, "alias_")


async def delete_alias_dscp_marking_rule(call: Call[None]) -> None:
    """Remove a marking, by its own id."""
    kind = RuleKind.DSCP_MARKING
    await delete_rule(call, kind, await policy_of_rule(call, kind))
