"""Logs of what security groups do. In the caller's transaction."""

import uuid
from collections.abc import Mapping
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Conflict, InvalidRequest
from pilvi.network.model.log import SECURITY_GROUP, Event
from pilvi.network.operations.ownership import choose_project
from pilvi.network.operations.wakes import touch_ports
from pilvi.network.store import logs as store
from pilvi.network.store import ports, security_groups


async def create_log(tx: Transaction, caller: Caller, values: Mapping[str, Any]) -> str:
    """A new log; returns its id. Raises `NotFound` for a group or port that is not there."""
    project_id = choose_project(caller, values.get("project_id"))
    kind, event = values.get("resource_type"), values.get("event", Event.ALL)
    if kind != SECURITY_GROUP:
        raise InvalidRequest(f"cannot log resources of type '{kind}'; use {SECURITY_GROUP}")
    if event not in list(Event):
        raise InvalidRequest(f"cannot log event '{event}'; use one of: {', '.join(Event)}")
    group_id, port_id = values.get("resource_id"), values.get("target_id")
    if group_id is not None:
        await security_groups.get_group(tx, group_id, caller.visible_project_id)
    if port_id is not None:
        port = await ports.get_port(tx, port_id, caller.visible_project_id)
        if group_id is not None and group_id not in port.group_ids:
            raise Conflict(f"cannot log port {port.id}: it is not in security group {group_id}")
    id, moment = str(uuid.uuid4()), now()
    await store.insert_log(
        tx,
        id=id,
        project_id=project_id,
        name=values.get("name", ""),
        description=values.get("description", ""),
        is_enabled=values.get("is_enabled", True),
        event=event,
        resource_id=group_id,
        target_id=port_id,
        created_at=moment,
        updated_at=moment,
    )
    await _touch(tx, id)
    return id


async def _touch(tx: Transaction, id: str) -> None:
    log = await store.get_log(tx, id, None)
    await touch_ports(tx, *await store.list_ports_of_log(tx, log))


async def update_log(tx: Transaction, caller: Caller, id: str, values: Mapping[str, Any]) -> None:
    """Change what a log says of itself, or whether it is kept."""
    log = await store.get_log(tx, id, caller.visible_project_id)
    changed = {**values, "updated_at": now(), "generation": log.generation + 1}
    await store.update_log(tx, log.id, **changed)
    await _touch(tx, log.id)


async def delete_log(tx: Transaction, caller: Caller, id: str) -> None:
    """Keep a log no more; what hosts have written stays."""
    log = await store.get_log(tx, id, caller.visible_project_id)
    concerned = await store.list_ports_of_log(tx, log)
    await store.delete_log(tx, log.id)
    await touch_ports(tx, *concerned)
