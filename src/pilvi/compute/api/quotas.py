"""Limits, quotas and usage of projects."""

import datetime
from typing import Annotated, Any

import msgspec

from pilvi.compute.api.links import microseconds, parse_time
from pilvi.compute.model.quota import DEFAULTS
from pilvi.compute.model.server import Server
from pilvi.compute.operations import quotas as operations
from pilvi.compute.store import servers
from pilvi.core.db import now
from pilvi.core.http import Call
from pilvi.errors import Forbidden, InvalidRequest

# -1 is no limit; the most is what Nova's column holds.
Limit = Annotated[int, msgspec.Meta(ge=-1, le=2_147_483_647)]


class QuotaFields(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Limits to set; those of other services are refused as unknown fields."""

    instances: Limit | None = None
    cores: Limit | None = None
    ram: Limit | None = None
    metadata_items: Limit | None = None
    key_pairs: Limit | None = None
    server_groups: Limit | None = None
    server_group_members: Limit | None = None
    force: bool | str = False
    tenant_id: str | None = None


class QuotaUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT os-quota-sets/{project_id}."""

    quota_set: QuotaFields


async def show_limits(call: Call[None]) -> dict[str, Any]:
    """What the project may use, and uses."""
    project_id = call.caller.project_id or ""
    if asked := call.query.get("tenant_id"):
        _check_project(call, asked)
        project_id = asked
    limits = await operations.list_limits(call.tx, project_id)
    used = await operations.sum_usage(call.tx, project_id)
    absolute = {
        "maxServerMeta": limits["metadata_items"],
        "maxTotalInstances": limits["instances"],
        "maxTotalCores": limits["cores"],
        "maxTotalRAMSize": limits["ram"],
        "maxTotalKeypairs": limits["key_pairs"],
        "maxServerGroups": limits["server_groups"],
        "maxServerGroupMembers": limits["server_group_members"],
        "totalInstancesUsed": used["instances"],
        "totalCoresUsed": used["cores"],
        "totalRAMUsed": used["ram"],
        "totalServerGroupsUsed": 0,
    }
    return {"limits": {"rate": [], "absolute": absolute}}


def _check_project(call: Call[Any], project_id: str) -> None:
    if project_id != call.caller.project_id and not call.caller.is_admin:
        raise Forbidden("cannot see another project's quotas: that is for admins")


async def show_quotas(call: Call[None]) -> dict[str, Any]:
    """The limits of a project."""
    project_id = call.path["project_id"]
    _check_project(call, project_id)
    limits = await operations.list_limits(call.tx, project_id)
    return {"quota_set": {"id": project_id, **limits}}


async def show_quota_defaults(call: Call[None]) -> dict[str, Any]:
    """The limits of a project for which none were set."""
    return {"quota_set": {"id": call.path["project_id"], **DEFAULTS}}


async def show_quota_details(call: Call[None]) -> dict[str, Any]:
    """The limits of a project with what it uses."""
    project_id = call.path["project_id"]
    _check_project(call, project_id)
    limits = await operations.list_limits(call.tx, project_id)
    used = await operations.sum_usage(call.tx, project_id)
    details = {
        name: {"in_use": used[name], "limit": limit, "reserved": 0}
        for name, limit in limits.items()
    }
    return {"quota_set": {"id": project_id, **details}}


async def update_quotas(call: Call[QuotaUpdate]) -> dict[str, Any]:
    """Set limits of a project."""
    fields = call.payload.quota_set
    given = {name: value for name in DEFAULTS if (value := getattr(fields, name)) is not None}
    limits = await operations.set_limits(
        call.tx, call.path["project_id"], given, force=bool(fields.force)
    )
    return {"quota_set": limits}


async def delete_quotas(call: Call[None]) -> None:
    """Go back to the default limits of a project."""
    await operations.delete_limits(call.tx, call.path["project_id"])


async def list_usages(call: Call[None]) -> dict[str, Any]:
    """What every project used between two moments."""
    start, stop = _period(call)
    found = await servers.list_used_between(call.tx, None, start, stop)
    by_project: dict[str, list[Server]] = {}
    for server in found:
        by_project.setdefault(server.project_id, []).append(server)
    is_detailed = call.query.get("detailed", "0") == "1"
    usages = [
        _usage(project_id, mine, start, stop, is_detailed=is_detailed)
        for project_id, mine in sorted(by_project.items())
    ]
    return {"tenant_usages": usages}


async def show_usage(call: Call[None]) -> dict[str, Any]:
    """What one project used between two moments."""
    project_id = call.path["project_id"]
    _check_project(call, project_id)
    start, stop = _period(call)
    found = await servers.list_used_between(call.tx, project_id, start, stop)
    if not found:
        return {"tenant_usage": {}}
    return {"tenant_usage": _usage(project_id, found, start, stop, is_detailed=True)}


def _period(call: Call[None]) -> tuple[datetime.datetime, datetime.datetime]:
    stop = parse_time(call.query, "end") or now()
    start = parse_time(call.query, "start") or stop - datetime.timedelta(weeks=4)
    if start > stop:
        raise InvalidRequest("cannot sum usage: start is after end")
    return start, stop


def _usage(
    project_id: str,
    found: list[Server],
    start: datetime.datetime,
    stop: datetime.datetime,
    *,
    is_detailed: bool,
) -> dict[str, Any]:
    rows = [_server_usage(server, start, stop) for server in found]
    body: dict[str, Any] = {
        "tenant_id": project_id,
        "start": microseconds(start),
        "stop": microseconds(stop),
        "total_hours": sum(row["hours"] for row in rows),
        "total_vcpus_usage": sum(row["hours"] * row["vcpus"] for row in rows),
        "total_memory_mb_usage": sum(row["hours"] * row["memory_mb"] for row in rows),
        "total_local_gb_usage": sum(row["hours"] * row["local_gb"] for row in rows),
    }
    if is_detailed:
        body["server_usages"] = rows
    return body


def _server_usage(
    server: Server, start: datetime.datetime, stop: datetime.datetime
) -> dict[str, Any]:
    assert server.launched_at is not None
    end = min(stop, server.deleted_at or stop)
    seconds = max(0.0, (end - max(start, server.launched_at)).total_seconds())
    return {
        "instance_id": server.id,
        "name": server.name,
        "tenant_id": server.project_id,
        "flavor": server.flavor.name,
        "vcpus": server.flavor.vcpus,
        "memory_mb": server.flavor.memory_mib,
        "local_gb": server.flavor.disk_gib + server.flavor.ephemeral_gib,
        "hours": seconds / 3600,
        "started_at": microseconds(server.launched_at),
        "ended_at": microseconds(server.deleted_at),
        "state": server.condition.vm_state,
        "uptime": int(((server.deleted_at or now()) - server.launched_at).total_seconds()),
    }
