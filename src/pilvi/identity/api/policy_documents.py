"""Policy documents that are kept for other services, and what they belong to."""

from typing import Any

import msgspec
from sqlalchemy import Row

from pilvi.core.http import Call, Reply
from pilvi.errors import NotFound
from pilvi.identity.api.catalog import render_endpoint
from pilvi.identity.api.wire import (
    UNSET,
    Free,
    Name,
    Unset,
    link,
    merge_extra,
    page,
    read_fields,
    read_wanted,
    require,
    set_fields,
    show,
)
from pilvi.identity.operations import policies as operations


class PolicyFields(msgspec.Struct):
    """What a policy is made of; the blob is not looked into."""

    type: Name | Unset = UNSET
    blob: str | dict[str, Any] | Unset = UNSET


class PolicyBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PATCH /v3/policies."""

    policy: Free


def _render(call: Call[Any], row: Row[Any]) -> dict[str, Any]:
    return {**show(row, "id", "type", "blob"), "links": link(call, f"policies/{row.id}")}


async def list_policies(call: Call[None]) -> dict[str, Any]:
    """The policies."""
    found, more = await operations.list_policies(call.tx, read_wanted(call, "type"))
    return page(call, "policies", [_render(call, row) for row in found], more)


async def _get(call: Call[Any]) -> Row[Any]:
    return await operations.get_policy(call.tx, call.path["policy_id"])


async def show_policy(call: Call[None]) -> dict[str, Any]:
    """One policy."""
    return {"policy": _render(call, await _get(call))}


async def create_policy(call: Call[PolicyBody]) -> dict[str, Any]:
    """A new policy."""
    fields, extra = read_fields(call.payload.policy, PolicyFields)
    for name in ("type", "blob"):
        require(getattr(fields, name), "policy", name)
    row = await operations.create_policy(call.tx, extra=extra, **set_fields(fields))
    return {"policy": _render(call, row)}


async def update_policy(call: Call[PolicyBody]) -> dict[str, Any]:
    """Change a policy."""
    kept = await _get(call)
    fields, extra = read_fields(call.payload.policy, PolicyFields)
    values = set_fields(fields)
    if extra:
        values["extra"] = merge_extra(kept.extra, extra)
    row = await operations.update_policy(call.tx, kept.id, **values)
    return {"policy": _render(call, row)}


async def delete_policy(call: Call[None]) -> None:
    """Remove a policy."""
    await operations.delete_policy(call.tx, call.path["policy_id"])


def _place(call: Call[Any]) -> operations.Place:
    """What a path says that the policy belongs to."""
    path = call.path
    return operations.Place(
        path.get("endpoint_id", ""), path.get("service_id", ""), path.get("region_id", "")
    )


async def add_policy_association(call: Call[None]) -> None:
    """Let an endpoint, a service, or a service in a region have this policy."""
    await operations.add_association(call.tx, call.path["policy_id"], _place(call))


async def check_policy_association(call: Call[None]) -> Reply:
    """Whether an endpoint, service or service in a region has this policy: 204 or 404."""
    await operations.check_association(call.tx, call.path["policy_id"], _place(call))
    return Reply(None, 204)


async def remove_policy_association(call: Call[None]) -> None:
    """Take the policy away from an endpoint, a service, or a service in a region."""
    await operations.remove_association(call.tx, call.path["policy_id"], _place(call))


async def list_policy_endpoints(call: Call[None]) -> dict[str, Any]:
    """The endpoints for which this policy is the one in effect."""
    policy = await _get(call)
    found = await operations.list_endpoints(call.tx, policy.id)
    return page(call, "endpoints", [render_endpoint(call, row) for row in found])


async def show_endpoint_policy(call: Call[None]) -> dict[str, Any]:
    """The policy in effect for an endpoint: its own, its service's in its region, its service's."""
    id = call.path["endpoint_id"]
    policy_id = await operations.find_policy_id(call.tx, id)
    if policy_id is None:
        raise NotFound(f"cannot find a policy for the endpoint '{id}'")
    return {"policy": _render(call, await operations.get_policy(call.tx, policy_id))}
