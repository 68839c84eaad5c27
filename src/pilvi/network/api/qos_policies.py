"""Policies of quality of service."""

from collections.abc import Sequence
from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.errors import NotFound
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.qos_rules import render_rule
from pilvi.network.api.wire import ABSENT, Absent, Id, Name, given, render_common, require
from pilvi.network.model.qos import (
    DSCP_MARKS,
    OBEYED,
    RATE_MAX,
    RULE_FIELDS,
    QosPolicy,
    RuleKind,
)
from pilvi.network.operations import qos as operations
from pilvi.network.store import qos as store
from pilvi.network.store.sharing import list_shared
from pilvi.network.store.tags import list_tags


class QosPolicyFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a policy is made of."""

    name: Name | Absent = ABSENT
    description: Name | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT
    is_shared: bool | Absent = msgspec.field(default=ABSENT, name="shared")
    is_default: bool | Absent = ABSENT


class QosPolicyBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    policy: QosPolicyFields


async def _render(call: Call[Any], found: Sequence[QosPolicy]) -> list[dict[str, Any]]:
    ids = [policy.id for policy in found]
    rules, tags = await store.list_rules_of(call.tx, ids), await list_tags(call.tx, ids)
    shared = await list_shared(call.tx, ids, call.caller.project_id)
    return [
        {
            **render_common(policy, tags.get(policy.id, ())),
            "name": policy.name,
            "shared": policy.id in shared,
            "is_default": policy.is_default,
            "rules": [
                {**render_rule(rule), "type": rule.kind, "qos_policy_id": rule.policy_id}
                for rule in rules.get(policy.id, ())
            ],
        }
        for policy in found
    ]


async def list_qos_policies(call: Call[None]) -> dict[str, Any]:
    """Own and shared policies; all for admins."""
    found, more = await store.list_policies(call.tx, parse_listing(call))
    return page_of(call, "policies", await _render(call, found), more)


async def show_qos_policy(call: Call[None]) -> dict[str, Any]:
    """One policy with its rules."""
    return await _show(call)


async def _show(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    id, project_id = call.path["policy_id"], call.caller.visible_project_id
    found = await store.get_policy(call.tx, id, project_id)
    return {"policy": select_fields(call, (await _render(call, [found]))[0])}


async def create_qos_policy(call: Call[QosPolicyBody]) -> dict[str, Any]:
    """A new policy without rules."""
    values = given(call.payload.policy)
    require(values, "name")
    id = await operations.create_qos_policy(call.tx, call.caller, values)
    made = await store.get_policy(call.tx, id, None)
    return {"policy": (await _render(call, [made]))[0]}


async def update_qos_policy(call: Call[QosPolicyBody]) -> dict[str, Any]:
    """Change what a policy says of itself."""
    values = given(call.payload.policy, {"project_id": ()})
    await operations.update_qos_policy(call.tx, call.caller, call.path["policy_id"], values)
    return await _show(call)


async def delete_qos_policy(call: Call[None]) -> None:
    """Remove a policy that nothing uses."""
    await operations.delete_qos_policy(call.tx, call.caller, call.path["policy_id"])


def _drivers(kind: RuleKind) -> list[dict[str, Any]]:
    """What obeys rules of a kind: nothing, where rules are only kept."""
    if kind not in OBEYED:
        return []
    known: list[dict[str, Any]] = []
    for name in RULE_FIELDS[kind]:
        values: Any = {"start": 0, "end": RATE_MAX}
        if name in ("direction", "dscp_mark"):
            values = DSCP_MARKS if name == "dscp_mark" else ["ingress", "egress"]
        parameter_type = "choices" if isinstance(values, list) else "range"
        known.append(
            {
                "parameter_name": name,
                "parameter_type": parameter_type,
                "parameter_values": values,
            }
        )
    return [{"name": "nftables", "supported_parameters": known}]


async def list_qos_rule_types(call: Call[None]) -> dict[str, Any]:
    """The kinds of rules that hosts obey; with `all_rules`, those that are only kept too."""
    is_all = (call.query.get("all_rules") or "").lower() in ("true", "1")
    return {"rule_types": [{"type": kind} for kind in (RuleKind if is_all else OBEYED)]}


async def show_qos_rule_type(call: Call[None]) -> dict[str, Any]:
    """What one kind of rules takes."""
    for kind in RuleKind:
        if kind == call.path["rule_type"]:
            return {"rule_type": {"type": kind, "drivers": _drivers(kind)}}
    raise NotFound(f"cannot find the QoS rule type '{call.path['rule_type']}'")
