"""Rules of policies of quality of service: limits of bandwidth and markings.

Each kind is reached below its policy, and by its own id alone ("QoS rules alias API").
"""

from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.errors import NotFound
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import ABSENT, Absent, Id, given
from pilvi.network.model.qos import QosRule, RuleKind
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
    if rule.kind is RuleKind.DSCP_MARKING:
        return {"id": rule.id, "dscp_mark": rule.dscp_mark}
    return {
        "id": rule.id,
        "direction": rule.direction,
        "max_kbps": rule.max_kbps,
        "max_burst_kbps": rule.max_burst_kbps or 0,
    }


async def _list(call: Call[None], kind: RuleKind) -> dict[str, Any]:
    policy_id, asked = call.path["policy_id"], parse_listing(call)
    await store.get_policy(call.tx, policy_id, asked.project_id)
    values = {**asked.values, "policy_id": [policy_id], "kind": [kind]}
    listing = Listing(project_id=asked.project_id, page=asked.page, values=values)
    found, more = await store.list_rules(call.tx, listing)
    return page_of(call, f"{kind}_rules", [render_rule(rule) for rule in found], more)


async def _show(call: Call[Any], kind: RuleKind, policy_id: str, alias: str = "") -> dict[str, Any]:
    await store.get_policy(call.tx, policy_id, call.caller.visible_project_id)
    rule = await store.get_rule(call.tx, policy_id, kind, call.path["qos_rule_id"])
    return {f"{alias}{kind}_rule": select_fields(call, render_rule(rule))}


async def _create(call: Call[Any], kind: RuleKind, fields: msgspec.Struct) -> dict[str, Any]:
    policy_id = call.path["policy_id"]
    values = given(fields)
    id = await operations.create_qos_rule(call.tx, call.caller, policy_id, kind, values)
    made = await store.get_rule(call.tx, policy_id, kind, id)
    return {f"{kind}_rule": render_rule(made)}


async def _update(call: Call[Any], kind: RuleKind, policy_id: str, fields: msgspec.Struct) -> None:
    path = (policy_id, kind, call.path["qos_rule_id"])
    await operations.update_qos_rule(call.tx, call.caller, path, given(fields))


async def _delete(call: Call[None], kind: RuleKind, policy_id: str) -> None:
    id = call.path["qos_rule_id"]
    await operations.delete_qos_rule(call.tx, call.caller, policy_id, kind, id)


async def _policy_of(call: Call[Any]) -> str:
    """The policy of the rule in the path, if the caller may see it. Raises `NotFound`."""
    policy_id = await store.find_policy_of_rule(call.tx, call.path["qos_rule_id"])
    if policy_id is None:
        raise NotFound(f"cannot find the QoS rule '{call.path['qos_rule_id']}'")
    return (await store.get_policy(call.tx, policy_id, call.caller.visible_project_id)).id


async def list_bandwidth_limit_rules(call: Call[None]) -> dict[str, Any]:
    """A policy's limits of bandwidth."""
    return await _list(call, RuleKind.BANDWIDTH_LIMIT)


async def show_bandwidth_limit_rule(call: Call[None]) -> dict[str, Any]:
    """One of a policy's limits of bandwidth."""
    return await _show(call, RuleKind.BANDWIDTH_LIMIT, call.path["policy_id"])


async def create_bandwidth_limit_rule(call: Call[LimitBody]) -> dict[str, Any]:
    """Limit the bandwidth of a policy's ports in one direction."""
    return await _create(call, RuleKind.BANDWIDTH_LIMIT, call.payload.bandwidth_limit_rule)


async def update_bandwidth_limit_rule(call: Call[LimitBody]) -> dict[str, Any]:
    """Change a limit of bandwidth."""
    policy_id, kind = call.path["policy_id"], RuleKind.BANDWIDTH_LIMIT
    await _update(call, kind, policy_id, call.payload.bandwidth_limit_rule)
    return await _show(call, kind, policy_id)


async def delete_bandwidth_limit_rule(call: Call[None]) -> None:
    """Remove a limit of bandwidth."""
    await _delete(call, RuleKind.BANDWIDTH_LIMIT, call.path["policy_id"])


async def show_alias_bandwidth_limit_rule(call: Call[None]) -> dict[str, Any]:
    """A limit of bandwidth, by its own id."""
    return await _show(call, RuleKind.BANDWIDTH_LIMIT, await _policy_of(call), "alias_")


async def update_alias_bandwidth_limit_rule(call: Call[LimitAliasBody]) -> dict[str, Any]:
    """Change a limit of bandwidth, by its own id."""
    policy_id, kind = await _policy_of(call), RuleKind.BANDWIDTH_LIMIT
    await _update(call, kind, policy_id, call.payload.alias_bandwidth_limit_rule)
    return await _show(call, kind, policy_id, "alias_")


async def delete_alias_bandwidth_limit_rule(call: Call[None]) -> None:
    """Remove a limit of bandwidth, by its own id."""
    await _delete(call, RuleKind.BANDWIDTH_LIMIT, await _policy_of(call))


async def list_dscp_marking_rules(call: Call[None]) -> dict[str, Any]:
    """A policy's marking, in a list."""
    return await _list(call, RuleKind.DSCP_MARKING)


async def show_dscp_marking_rule(call: Call[None]) -> dict[str, Any]:
    """A policy's marking."""
    return await _show(call, RuleKind.DSCP_MARKING, call.path["policy_id"])


async def create_dscp_marking_rule(call: Call[MarkBody]) -> dict[str, Any]:
    """Mark what the guests of a policy's ports send."""
    return await _create(call, RuleKind.DSCP_MARKING, call.payload.dscp_marking_rule)


async def update_dscp_marking_rule(call: Call[MarkBody]) -> dict[str, Any]:
    """Change a marking."""
    policy_id, kind = call.path["policy_id"], RuleKind.DSCP_MARKING
    await _update(call, kind, policy_id, call.payload.dscp_marking_rule)
    return await _show(call, kind, policy_id)


async def delete_dscp_marking_rule(call: Call[None]) -> None:
    """Remove a marking."""
    await _delete(call, RuleKind.DSCP_MARKING, call.path["policy_id"])


async def show_alias_dscp_marking_rule(call: Call[None]) -> dict[str, Any]:
    """A marking, by its own id."""
    return await _show(call, RuleKind.DSCP_MARKING, await _policy_of(call), "alias_")


async def update_alias_dscp_marking_rule(call: Call[MarkAliasBody]) -> dict[str, Any]:
    """Change a marking, by its own id."""
    policy_id, kind = await _policy_of(call), RuleKind.DSCP_MARKING
    await _update(call, kind, policy_id, call.payload.alias_dscp_marking_rule)
    return await _show(call, kind, policy_id, "alias_")


async def delete_alias_dscp_marking_rule(call: Call[None]) -> None:
    """Remove a marking, by its own id."""
    await _delete(call, RuleKind.DSCP_MARKING, await _policy_of(call))
