"""Services: the nova-compute of each host, which its agent stands for."""

import uuid
from typing import Annotated, Any

import msgspec

from pilvi.compute.api.host_ids import BINARY, find_host_by_name, host_id, is_alive, number_hosts
from pilvi.compute.api.links import check_query, microseconds
from pilvi.compute.model.aggregate import zone_of
from pilvi.compute.operations import services as operations
from pilvi.compute.store.aggregates import list_zones
from pilvi.core.db import now
from pilvi.core.http import Call
from pilvi.core.numbers import parse_whole
from pilvi.errors import InvalidRequest, NotFound
from pilvi.hosts.model.host import Host
from pilvi.hosts.operations.hosts import list_hosts

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
_QUERY = frozenset({"binary", "host"})
_BY_HOST = ("enable", "disable", "disable-log-reason", "force-down")


class ServiceUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT os-services/{id} since 2.53."""

    status: str | None = None
    disabled_reason: Reason | None = None
    forced_down: bool | str | None = None


class HostService(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT os-services/enable and the like, before 2.53."""

    host: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    binary: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    disabled_reason: Reason | None = None
    forced_down: bool | str | None = None


async def _renderer(call: Call[Any]) -> Any:
    """A function that renders one service, with what it needs read once for all."""
    numbers, zones = await number_hosts(call), await list_zones(call.tx)

    def render(host: Host) -> dict[str, Any]:
        return {
            "id": host_id(call, host, numbers),
            "binary": BINARY,
            "host": host.name,
            "zone": zone_of(zones, host.id),
            "status": "enabled" if host.enabled else "disabled",
            "state": "up" if is_alive(call, host) else "down",
            "updated_at": microseconds(host.seen_at),
            "disabled_reason": host.disabled_reason,
            "forced_down": host.forced_down,
        }

    return render


async def list_services(call: Call[None]) -> dict[str, Any]:
    """One nova-compute for each host."""
    check_query(call, _QUERY)
    render, query = await _renderer(call), call.query
    rows = [
        render(host)
        for host in await list_hosts(call.tx)
        if query.get("host") in (None, host.name) and query.get("binary") in (None, BINARY)
    ]
    return {"services": rows}


def _read_flag(name: str, value: bool | str | None) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    lowered = value.lower()
    if lowered not in ("true", "false", "1", "0", "yes", "no", "on", "off", "t", "f", "y", "n"):
        raise InvalidRequest(f"cannot read '{name}': it is true or false")
    return lowered in ("true", "1", "yes", "on", "t", "y")


async def _find(call: Call[Any]) -> Host:
    """The host whose service the path names. Raises `InvalidRequest`, `NotFound`."""
    id = call.path["id"]
    if "host-uuids" in call.flags:
        try:
            id = str(uuid.UUID(id))
        except ValueError:
            raise InvalidRequest(
                f"cannot read the service's id '{id[:80]}': it is a UUID"
            ) from None
    elif parse_whole(id) is None:
        raise InvalidRequest(f"cannot read the service's id '{id[:80]}': it is a number")
    numbers = await number_hosts(call)
    for host in await list_hosts(call.tx):
        if str(host_id(call, host, numbers)) == id:
            return host
    raise NotFound(f"cannot find the service '{id}'")


async def update_service(call: Call[ServiceUpdate]) -> dict[str, Any]:
    """Open or close a host for new servers, or say that it is down."""
    fields = call.payload
    if fields.status is None and fields.forced_down is None:
        raise InvalidRequest("cannot update the service; send status or forced_down")
    if fields.status not in (None, "enabled", "disabled"):
        raise InvalidRequest("cannot update the service: status is enabled or disabled")
    host = await _find(call)
    await operations.update_service(
        call.tx,
        host,
        enabled=None if fields.status is None else fields.status == "enabled",
        reason=fields.disabled_reason,
        is_down=_read_flag("forced_down", fields.forced_down),
    )
    render = await _renderer(call)
    return {"service": render(await find_host_by_name(call, host.name))}


async def update_service_by_host(call: Call[HostService]) -> dict[str, Any]:
    """Open or close a host for new servers, or say that it is down (before 2.53)."""
    word, fields = call.path["id"], call.payload
    if word not in _BY_HOST or (word == "force-down" and "force-down" not in call.flags):
        raise NotFound(f"cannot find the path os-services/{word[:80]} at the version asked for")
    host = await find_host_by_name(call, fields.host)
    if fields.binary != BINARY:
        raise NotFound(f"cannot find the service {fields.binary} on the host {host.name}")
    told = {"host": host.name, "binary": BINARY}
    if word == "force-down":
        is_down = _read_flag("forced_down", fields.forced_down)
        if is_down is None:
            raise InvalidRequest("cannot force the service down or up; send forced_down")
        await operations.update_service(call.tx, host, is_down=is_down)
        return {"service": {**told, "forced_down": is_down}}
    reason = fields.disabled_reason if word == "disable-log-reason" else None
    if word == "disable-log-reason":
        if reason is None:
            raise InvalidRequest("cannot disable the service with a reason; send disabled_reason")
        told["disabled_reason"] = reason
    await operations.update_service(call.tx, host, enabled=word == "enable", reason=reason)
    return {"service": {**told, "status": "enabled" if word == "enable" else "disabled"}}


async def delete_service(call: Call[None]) -> None:
    """Forget a host that is gone for good."""
    host = await _find(call)
    await operations.delete_service(call.tx, host, now(), call.settings.host_lease_s)
