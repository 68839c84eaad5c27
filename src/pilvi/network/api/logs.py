"""Logs of what security groups do, which hosts write into `security-groups.log`."""

from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import ABSENT, Absent, Id, Name, given, render_common, require
from pilvi.network.model.log import SECURITY_GROUP, Log
from pilvi.network.operations import logs as operations
from pilvi.network.store import logs as store


class LogFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a log is made of."""

    name: Name | Absent = ABSENT
    description: Name | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT
    is_enabled: bool | Absent = msgspec.field(default=ABSENT, name="enabled")
    event: str | Absent = ABSENT
    resource_type: str | Absent = ABSENT
    resource_id: Id | None | Absent = ABSENT
    target_id: Id | None | Absent = ABSENT


class LogBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    log: LogFields


def _render(log: Log) -> dict[str, Any]:
    body = render_common(log, ())
    del body["tags"]
    return {
        **body,
        "name": log.name,
        "enabled": log.is_enabled,
        "event": log.event,
        "resource_type": SECURITY_GROUP,
        "resource_id": log.resource_id,
        "target_id": log.target_id,
    }


async def list_logs(call: Call[None]) -> dict[str, Any]:
    """Every log."""
    found, more = await store.list_logs(call.tx, parse_listing(call))
    return page_of(call, "logs", [_render(log) for log in found], more)


async def show_log(call: Call[None]) -> dict[str, Any]:
    """One log."""
    return await _show(call)


async def _show(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    id, project_id = call.path["log_id"], call.caller.visible_project_id
    return {"log": select_fields(call, _render(await store.get_log(call.tx, id, project_id)))}


async def create_log(call: Call[LogBody]) -> dict[str, Any]:
    """Have hosts write down what security groups do with packets of a project's ports."""
    values = given(call.payload.log)
    require(values, "resource_type")
    id = await operations.create_log(call.tx, call.caller, values)
    return {"log": _render(await store.get_log(call.tx, id, None))}


async def update_log(call: Call[LogBody]) -> dict[str, Any]:
    """Change what a log says of itself, or whether it is kept."""
    names = ("project_id", "event", "resource_type", "resource_id", "target_id")
    values = given(call.payload.log, dict.fromkeys(names, ()))
    await operations.update_log(call.tx, call.caller, call.path["log_id"], values)
    return await _show(call)


async def delete_log(call: Call[None]) -> None:
    """Keep a log no more; what hosts have written stays."""
    await operations.delete_log(call.tx, call.caller, call.path["log_id"])


async def list_loggable_resources(call: Call[None]) -> dict[str, Any]:
    """What can be logged."""
    return {"loggable_resources": [{"type": SECURITY_GROUP}]}
