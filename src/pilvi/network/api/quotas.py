"""Quotas."""

from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.errors import Forbidden
from pilvi.network.model.quota import DEFAULTS
from pilvi.network.operations import quotas as operations
from pilvi.network.store.quotas import count_all


class QuotaBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /quotas/{id}: limits by resource."""

    quota: dict[str, Any]


def _project(call: Call[Any]) -> str:
    """The project that is asked for; only admins ask for another than their own."""
    id = call.path["project_id"]
    if not call.caller.is_admin and id != call.caller.project_id:
        raise Forbidden("cannot see the quotas of another project: only admins do")
    return id


async def list_quotas(call: Call[None]) -> dict[str, Any]:
    """Projects that have limits of their own; one's own project for non-admins."""
    found = await operations.list_own_limits(call.tx)
    visible = call.caller.visible_project_id
    rows = [
        {"project_id": project_id, "tenant_id": project_id, **limits}
        for project_id, limits in sorted(found.items())
        if visible in (None, project_id)
    ]
    return {"quotas": rows}


async def show_quota(call: Call[None]) -> dict[str, Any]:
    """The limits in force for a project."""
    return {"quota": await operations.read_limits(call.tx, _project(call))}


async def show_default_quota(call: Call[None]) -> dict[str, Any]:
    """The limits of a project that has none of its own."""
    _project(call)
    return {"quota": dict(DEFAULTS)}


async def show_quota_details(call: Call[None]) -> dict[str, Any]:
    """The limits in force for a project, and what it uses."""
    id = _project(call)
    limits, used = await operations.read_limits(call.tx, id), await count_all(call.tx, id)
    details = {
        name: {"limit": limit, "used": used[name], "reserved": 0} for name, limit in limits.items()
    }
    return {"quota": details}


async def update_quota(call: Call[QuotaBody]) -> dict[str, Any]:
    """Give a project limits of its own."""
    ignored = ("tenant_id", "project_id", "force", "check_limit")
    given = {name: limit for name, limit in call.payload.quota.items() if name not in ignored}
    limits = operations.parse_limits(given)
    await operations.update_quota(call.tx, call.path["project_id"], limits)
    return {"quota": await operations.read_limits(call.tx, call.path["project_id"])}


async def delete_quota(call: Call[None]) -> None:
    """Give a project the default limits again."""
    await operations.delete_quota(call.tx, call.path["project_id"])
