"""RBAC policies: what is shared with whom."""

from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import ABSENT, Absent, Id, Name, given, require
from pilvi.network.model.sharing import RbacPolicy
from pilvi.network.operations import sharing as operations
from pilvi.network.store import sharing as store


class RbacPolicyFields(msgspec.Struct, forbid_unknown_fields=True):
    """What an RBAC policy is made of."""

    object_type: Name | Absent = ABSENT
    object_id: Id | Absent = ABSENT
    action: Name | Absent = ABSENT
    target_tenant: Id | Absent = ABSENT
    target_project: Id | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT


class RbacPolicyBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    rbac_policy: RbacPolicyFields


def _values(body: RbacPolicyBody, fixed: dict[str, Any]) -> dict[str, Any]:
    values = given(body.rbac_policy, fixed)
    if "target_project" in values:
        values.setdefault("target_tenant", values["target_project"])
    return values


def _render(policy: RbacPolicy) -> dict[str, Any]:
    return {
        "id": policy.id,
        "project_id": policy.project_id,
        "tenant_id": policy.project_id,
        "object_type": policy.object_type,
        "object_id": policy.object_id,
        "action": policy.action,
        "target_tenant": policy.target,
    }


async def list_rbac_policies(call: Call[None]) -> dict[str, Any]:
    """Own RBAC policies; all for admins."""
    found, more = await store.list_policies(call.tx, parse_listing(call))
    return page_of(call, "rbac_policies", [_render(policy) for policy in found], more)


async def show_rbac_policy(call: Call[None]) -> dict[str, Any]:
    """One RBAC policy."""
    return await _show(call)


async def _show(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    id, project_id = call.path["rbac_policy_id"], call.caller.visible_project_id
    found = await store.get_policy(call.tx, id, project_id)
    return {"rbac_policy": select_fields(call, _render(found))}


async def create_rbac_policy(call: Call[RbacPolicyBody]) -> dict[str, Any]:
    """Share a thing with a project, or with everybody."""
    values = _values(call.payload, {})
    names = ("object_type", "object_id", "action", "target_tenant")
    require(values, *names)
    chosen = (values[name] for name in names)
    id = await operations.create_rbac_policy(call.tx, call.caller, *chosen)
    return {"rbac_policy": _render(await store.get_policy(call.tx, id, None))}


async def update_rbac_policy(call: Call[RbacPolicyBody]) -> dict[str, Any]:
    """Share a thing with another project instead."""
    fixed: dict[str, Any] = dict.fromkeys(("object_type", "object_id", "action", "project_id"), ())
    values = _values(call.payload, fixed)
    require(values, "target_tenant")
    id = call.path["rbac_policy_id"]
    await operations.update_rbac_policy(call.tx, call.caller, id, values["target_tenant"])
    return await _show(call)


async def delete_rbac_policy(call: Call[None]) -> None:
    """Stop sharing."""
    await operations.delete_rbac_policy(call.tx, call.caller, call.path["rbac_policy_id"])
