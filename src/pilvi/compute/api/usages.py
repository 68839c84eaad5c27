"""What projects used between two moments, and the audits of it."""

import datetime
from typing import Any

from pilvi.compute.api.links import check_query, microseconds, next_link, parse_time
from pilvi.compute.model.server import Server
from pilvi.compute.store import servers
from pilvi.core.db import now
from pilvi.core.http import Call
from pilvi.core.paging import Page, parse_page
from pilvi.errors import Forbidden, InvalidRequest
from pilvi.hosts.operations.hosts import list_hosts

_LIST_QUERY = frozenset({"detailed", "end", "limit", "marker", "start"})
_QUERY = frozenset({"end", "limit", "marker", "start"})


async def list_usages(call: Call[None]) -> dict[str, Any]:
    """What every project used between two moments."""
    check_query(call, _LIST_QUERY)
    start, stop = _period(call)
    found = await servers.list_used_between(call.tx, None, start, stop)
    # A project's servers come together, so that a page does not tear them apart needlessly.
    found.sort(key=lambda server: (server.project_id, server.created_at, server.id))
    found, links = _cut(call, found, "os-simple-tenant-usage", "tenant_usages_links")
    by_project: dict[str, list[Server]] = {}
    for server in found:
        by_project.setdefault(server.project_id, []).append(server)
    is_detailed = call.query.get("detailed", "0") == "1"
    usages = [
        _usage(project_id, mine, start, stop, is_detailed=is_detailed)
        for project_id, mine in by_project.items()
    ]
    return {"tenant_usages": usages, **links}


async def show_usage(call: Call[None]) -> dict[str, Any]:
    """What one project used between two moments."""
    check_query(call, _QUERY)
    project_id = call.path["project_id"]
    if project_id != call.caller.project_id and not call.caller.is_admin:
        raise Forbidden("cannot see what another project used: that is for admins")
    start, stop = _period(call)
    found = await servers.list_used_between(call.tx, project_id, start, stop)
    path = f"os-simple-tenant-usage/{project_id}"
    found, links = _cut(call, found, path, "tenant_usage_links")
    if not found:
        return {"tenant_usage": {}, **links}
    usage = _usage(project_id, found, start, stop, is_detailed=True)
    return {"tenant_usage": usage, **links}


def _cut(
    call: Call[None], found: list[Server], path: str, name: str
) -> tuple[list[Server], dict[str, Any]]:
    """One page of servers, and the link to the next (since 2.40)."""
    page = parse_page(call.query) if "usage-paging" in call.flags else Page(limit=None)
    if page.marker is not None:
        places = [place for place, one in enumerate(found) if one.id == page.marker]
        if not places:
            raise InvalidRequest(f"cannot find the marker '{page.marker}' in this list")
        found = found[places[0] + 1 :]
    if page.limit is None or len(found) <= page.limit:
        return found, {}
    found = found[: page.limit]
    return found, {name: next_link(call, path, found[-1].id, page)}


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


async def show_usage_audit(call: Call[None]) -> dict[str, Any]:
    """The audits of the period that ends now: hosts here run none."""
    return {"instance_usage_audit_logs": await _audit(call, now())}


async def show_usage_audit_before(call: Call[None]) -> dict[str, Any]:
    """The audits of the period before a moment: hosts here run none."""
    text = call.path["before"]
    moment = parse_time({"before": text}, "before")
    assert moment is not None
    return {"instance_usage_audit_log": await _audit(call, moment)}


async def _audit(call: Call[None], moment: datetime.datetime) -> dict[str, Any]:
    """The audits of the whole month before a moment."""
    end = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    begin = (end - datetime.timedelta(days=1)).replace(day=1)
    names = [host.name for host in await list_hosts(call.tx)]
    return {
        "hosts_not_run": names,
        "log": {},
        "num_hosts": len(names),
        "num_hosts_done": 0,
        "num_hosts_not_run": len(names),
        "num_hosts_running": 0,
        "overall_status": f"0 of {len(names)} hosts done. 0 errors.",
        "period_beginning": f"{begin:%Y-%m-%d %H:%M:%S}",
        "period_ending": f"{end:%Y-%m-%d %H:%M:%S}",
        "total_errors": 0,
        "total_instances": 0,
    }
