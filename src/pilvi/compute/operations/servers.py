"""Servers: what callers may wish of one that is there. In the caller's transaction."""

import dataclasses
from typing import Any

from pilvi.compute.model.action import Actor
from pilvi.compute.model.allowed import Action, require
from pilvi.compute.model.server import Server
from pilvi.compute.model.state import Desired
from pilvi.compute.operations.quotas import check_metadata_quota, list_limits
from pilvi.compute.store import actions
from pilvi.compute.store import servers as store
from pilvi.core.db import Transaction
from pilvi.errors import NotFound, QuotaExceeded
from pilvi.host_api.vms import Power, RebootKind

# Tags of one server, as Nova allows.
TAGS_MAX = 50


async def list_projects(tx: Transaction) -> dict[str, str]:
    """The project of every server that is not deleted, by the server's id: for operators."""
    return await store.list_projects(tx)


async def count_failed(tx: Transaction) -> int:
    """How many servers are in ERROR: for operators."""
    return await store.count_failed(tx)


async def record_action(
    tx: Transaction, server: Server, action: str, by: Actor, *, is_over: bool = False
) -> None:
    """Note that somebody asked something of a server."""
    await actions.insert_action(
        tx,
        is_over=is_over,
        server_id=server.id,
        request_id=by.request_id,
        action=action,
        user_id=by.user_id,
        project_id=by.project_id,
    )


async def change_desired(
    tx: Transaction, server: Server, desired: Desired | None = None, **changes: Any
) -> Server:
    """Change wishes about a server: its generation rises and its reconciler looks."""
    wish = dataclasses.replace(desired or server.desired, generation=server.desired.generation + 1)
    tx.wake("server", server.id)
    return await store.update_server(tx, server, desired=wish, **changes)


async def _change_power(
    tx: Transaction, server: Server, action: Action, by: Actor, **wishes: Any
) -> None:
    require(action, server, is_admin=by.is_admin)
    if "boot_kind" in wishes:
        wishes["boot_generation"] = server.desired.boot_generation + 1
    name = Action.SOFT_REBOOT if action is Action.HARD_REBOOT else action
    await record_action(tx, server, name, by)
    await change_desired(tx, server, dataclasses.replace(server.desired, **wishes))


async def start_server(tx: Transaction, server: Server, by: Actor) -> None:
    """Boot a stopped server. A new boot is asked for, so that a guest that stopped itself runs."""
    await _change_power(
        tx, server, Action.START, by, power=Power.RUNNING, boot_kind=RebootKind.HARD
    )


async def stop_server(tx: Transaction, server: Server, by: Actor) -> None:
    """Shut a server down."""
    await _change_power(tx, server, Action.STOP, by, power=Power.STOPPED)


async def pause_server(tx: Transaction, server: Server, by: Actor) -> None:
    """Hold a running server."""
    await _change_power(tx, server, Action.PAUSE, by, power=Power.PAUSED)


async def unpause_server(tx: Transaction, server: Server, by: Actor) -> None:
    """Let a held server go on."""
    await _change_power(tx, server, Action.UNPAUSE, by, power=Power.RUNNING)


async def reboot_server(tx: Transaction, server: Server, kind: RebootKind, by: Actor) -> None:
    """Boot a server again: asked nicely (soft), or by cutting its power (hard)."""
    action = Action.SOFT_REBOOT if kind is RebootKind.SOFT else Action.HARD_REBOOT
    # Where a rescue disk could not be booted, the server's own is.
    await _change_power(tx, server, action, by, power=Power.RUNNING, boot_kind=kind, rescue=None)


async def delete_server(tx: Transaction, server: Server, by: Actor) -> None:
    """Wish a server away. Repeatable."""
    if not require(Action.DELETE, server, is_admin=by.is_admin):
        return
    await record_action(tx, server, Action.DELETE, by)
    await change_desired(tx, server, dataclasses.replace(server.desired, present=False))


async def update_server(tx: Transaction, server: Server, **changes: Any) -> Server:
    """Change name, description, hostname or access addresses."""
    return await change_desired(tx, server, **changes) if changes else server


async def lock_server(tx: Transaction, server: Server, by: Actor, reason: str | None) -> None:
    """Keep everybody but admins from changing a server. Repeatable."""
    owner = "admin" if by.is_admin and by.project_id != server.project_id else "owner"
    await record_action(tx, server, "lock", by, is_over=True)
    await store.update_server(tx, server, is_settled=False, locked_by=owner, locked_reason=reason)
    tx.wake("server", server.id)


async def unlock_server(tx: Transaction, server: Server, by: Actor) -> None:
    """Let its owner change a server again. Repeatable."""
    await record_action(tx, server, "unlock", by, is_over=True)
    await store.update_server(tx, server, is_settled=False, locked_by=None, locked_reason=None)
    tx.wake("server", server.id)


async def reset_state(tx: Transaction, server: Server, by: Actor, *, is_error: bool) -> None:
    """Say that a server is in ERROR, or that it is not: what is seen of it counts again."""
    if not is_error and server.given_up:
        require(Action.START, server, is_admin=True)
    generation = server.desired.generation if is_error else None
    await record_action(tx, server, "os-resetState", by, is_over=True)
    await store.update_server(tx, server, is_settled=False, failed_generation=generation)
    tx.wake("server", server.id)


async def set_metadata(
    tx: Transaction, server: Server, metadata: dict[str, str], by: Actor
) -> dict[str, str]:
    """Replace a server's metadata. Raises `QuotaExceeded`."""
    require(Action.CHANGE_METADATA, server, is_admin=by.is_admin)
    check_metadata_quota(await list_limits(tx, server.project_id), metadata)
    await change_desired(tx, server, metadata=metadata)
    return metadata


async def set_tags(tx: Transaction, server: Server, tags: list[str], by: Actor) -> list[str]:
    """Replace a server's tags. Raises `QuotaExceeded`."""
    require(Action.CHANGE_TAGS, server, is_admin=by.is_admin)
    distinct = sorted(set(tags))
    if len(distinct) > TAGS_MAX:
        raise QuotaExceeded(f"cannot give a server {len(distinct)} tags: at most {TAGS_MAX}")
    await change_desired(tx, server, tags=tuple(distinct))
    return distinct


async def delete_metadata_item(tx: Transaction, server: Server, key: str, by: Actor) -> None:
    """Remove one metadata item. Raises `NotFound`."""
    if key not in server.metadata:
        raise NotFound(f"cannot find the metadata item '{key}' of server {server.id}")
    kept = {name: value for name, value in server.metadata.items() if name != key}
    await set_metadata(tx, server, kept, by)
