"""What serves volumes on each host, and whether it takes new ones."""

from typing import Any

import msgspec

from pilvi.block_storage.api.backends import read_pools
from pilvi.block_storage.api.views import print_time
from pilvi.block_storage.api.volumes import Name
from pilvi.block_storage.operations.pools import Pool, close_pool, open_pool
from pilvi.block_storage.store.closed_hosts import list_closed
from pilvi.block_storage.store.snapshots import sum_by_host as sum_snapshots
from pilvi.block_storage.store.volumes import sum_projects_of_host
from pilvi.core.http import Call
from pilvi.errors import InvalidRequest, NotFound, Unsupported
from pilvi.scheduler import AVAILABILITY_ZONE

VOLUME, BACKUP = "cinder-volume", "cinder-backup"


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """Which service; `service` is an older word for `binary`."""

    host: Name
    binary: Name | None = None
    service: Name | None = None


class ChangeWithReason(msgspec.Struct, forbid_unknown_fields=True):
    """Which service, and why."""

    host: Name
    disabled_reason: Name
    binary: Name | None = None
    service: Name | None = None


class HostUpdate(msgspec.Struct):
    """Body of PUT /os-hosts/{host}."""

    status: str | None = None


class HostChange(msgspec.Struct, forbid_unknown_fields=True):
    """Which host."""

    host: Name
    backend_id: Name | None = None
    cluster: Name | None = None


async def _list_rows(call: Call[Any]) -> list[dict[str, Any]]:
    closed = await list_closed(call.tx)
    rows = []
    for pool in await read_pools(call):
        for binary, name in ((VOLUME, pool.service), (BACKUP, pool.host.name)):
            reason, _ = closed.get(pool.host.id, (pool.host.disabled_reason, None))
            is_open = pool.host.enabled and (binary == BACKUP or pool.host.id not in closed)
            state = "up" if pool.is_alive else "down"
            rows.append(
                {
                    "binary": binary,
                    "host": name,
                    "zone": AVAILABILITY_ZONE,
                    "status": "enabled" if is_open else "disabled",
                    "state": state,
                    "updated_at": print_time(pool.host.seen_at),
                    "disabled_reason": None if is_open else reason,
                    "replication_status": "disabled",
                    "active_backend_id": None,
                    "frozen": False,
                    "cluster": None,
                    "backend_state": state,
                }
            )
    return rows


async def list_services(call: Call[None]) -> dict[str, Any]:
    """The services of each host; choosing hosts is nobody's process of its own."""
    host, binary = call.query.get("host"), call.query.get("binary")
    return {
        "services": [
            row
            for row in await _list_rows(call)
            if binary in (None, row["binary"])
            and host in (None, row["host"], row["host"].partition("@")[0])
        ]
    }


async def find_pool(call: Call[Any], host: str, binary: str | None) -> Pool:
    """The room of the host that a request names in any of its ways. Raises `NotFound`."""
    for pool in await read_pools(call):
        if host in (pool.host.name, pool.service, pool.name) and binary in (None, VOLUME):
            return pool
    raise NotFound(f"cannot find the service '{binary}' on host '{host}'")


async def enable_service(call: Call[Change]) -> dict[str, Any]:
    """Open a host to new volumes."""
    wanted = call.payload
    binary = wanted.binary or wanted.service
    pool = await find_pool(call, wanted.host, binary)
    await open_pool(call.tx, pool)
    return _render_change(wanted.host, binary, disabled=False)


async def disable_service(call: Call[Change]) -> dict[str, Any]:
    """Close a host to new volumes."""
    wanted = call.payload
    binary = wanted.binary or wanted.service
    pool = await find_pool(call, wanted.host, binary)
    await close_pool(call.tx, pool, None)
    return _render_change(wanted.host, binary, disabled=True)


async def disable_service_with_reason(call: Call[ChangeWithReason]) -> dict[str, Any]:
    """Close a host to new volumes and say why."""
    wanted = call.payload
    reason = wanted.disabled_reason.strip()
    if not reason:
        raise InvalidRequest("cannot disable the service with an empty reason")
    binary = wanted.binary or wanted.service
    pool = await find_pool(call, wanted.host, binary)
    await close_pool(call.tx, pool, reason)
    return {**_render_change(wanted.host, binary, disabled=True), "disabled_reason": reason}


def _render_change(host: str, binary: str | None, *, disabled: bool) -> dict[str, Any]:
    return {
        "host": host,
        "service": binary,
        "binary": binary,
        "status": "disabled" if disabled else "enabled",
        "disabled": disabled,
    }


async def refuse_host_change(call: Call[HostChange]) -> None:
    """Refused: nothing is replicated, so nothing can fail over or be frozen."""
    try:
        await find_pool(call, call.payload.host, None)
    except NotFound as error:
        raise InvalidRequest(error.message) from None
    raise Unsupported("cannot freeze or fail over a host: its volumes are not replicated")


async def refuse_logs(call: Call[Any]) -> None:
    """Refused: log levels are a matter of each host's own settings."""
    raise Unsupported("cannot read or change log levels through this API")


async def list_hosts(call: Call[None]) -> dict[str, Any]:
    """Each host, once for each of its services."""
    rows = [
        {
            "host_name": row["host"],
            "service": row["binary"],
            "zone": row["zone"],
            "service-status": "available" if row["state"] == "up" else "unavailable",
            "service-state": row["status"],
            "last-update": row["updated_at"],
        }
        for row in await _list_rows(call)
    ]
    zone, service = call.query.get("zone"), call.query.get("service")
    return {
        "hosts": [
            row for row in rows if zone in (None, row["zone"]) and service in (None, row["service"])
        ]
    }


async def show_host(call: Call[None]) -> dict[str, Any]:
    """How much a host keeps, in all and for each project."""
    pool = await find_pool(call, call.path["host"], VOLUME)
    volumes = await sum_projects_of_host(call.tx, pool.host.id)
    snapshots = await sum_snapshots(call.tx, pool.host.id)
    rows = [
        {
            "resource": {
                "host": pool.service,
                "project": project_id,
                "volume_count": str(volumes.get(project_id, (0, 0))[0]),
                "total_volume_gb": str(volumes.get(project_id, (0, 0))[1]),
                "snapshot_count": str(snapshots.get(project_id, (0, 0))[0]),
                "total_snapshot_gb": str(snapshots.get(project_id, (0, 0))[1]),
            }
        }
        for project_id in sorted({*volumes, *snapshots})
    ]
    total = {
        "host": pool.service,
        "project": "(total)",
        "volume_count": str(sum(number for number, _ in volumes.values())),
        "total_volume_gb": str(sum(size for _, size in volumes.values())),
        "snapshot_count": str(sum(number for number, _ in snapshots.values())),
        "total_snapshot_gb": str(sum(size for _, size in snapshots.values())),
    }
    return {"host": [{"resource": total}, *rows]}


async def update_host(call: Call[HostUpdate]) -> dict[str, Any]:
    """Open or close a host to new volumes."""
    pool = await find_pool(call, call.path["host"], VOLUME)
    word = (call.payload.status or "").strip().lower()
    if word not in ("enable", "disable"):
        raise InvalidRequest("cannot update the host: status is enable or disable")
    if word == "enable":
        await open_pool(call.tx, pool)
    else:
        await close_pool(call.tx, pool, None)
    return {"host": call.path["host"], "status": f"{word}d"}
