"""What was asked of a server, by whom, and how it went."""

import hashlib
from typing import Any

from pilvi.compute.api.links import check_query, microseconds, next_link, parse_time
from pilvi.compute.api.server_view import list_late
from pilvi.compute.model.action import ActionRecord
from pilvi.compute.model.advice import fault_words
from pilvi.compute.model.server import Server
from pilvi.compute.store import actions as store
from pilvi.compute.store import servers
from pilvi.core.http import Call
from pilvi.core.paging import Page, parse_page
from pilvi.hosts.operations.hosts import list_hosts

_QUERY = frozenset({"limit", "marker", "changes-since", "changes-before"})


async def _get_server(call: Call[None]) -> Server:
    """The server, also a deleted one from 2.21."""
    return await servers.get_server(
        call.tx,
        call.path["server_id"],
        call.caller.visible_project_id,
        with_deleted="actions-of-deleted" in call.flags,
    )


def _render(record: ActionRecord) -> dict[str, Any]:
    return {
        "action": record.action,
        "instance_uuid": record.server_id,
        "message": "Error" if record.result == store.ERROR else None,
        "project_id": record.project_id,
        "request_id": record.request_id,
        "start_time": microseconds(record.started_at),
        "updated_at": microseconds(record.updated_at),
        "user_id": record.user_id,
    }


async def list_instance_actions(call: Call[None]) -> dict[str, Any]:
    """A server's actions, newest first."""
    server, page = await _get_server(call), Page(limit=None)
    since = before = None
    if "action-paging" in call.flags:
        check_query(call, _QUERY)
        page, since = parse_page(call.query), parse_time(call.query, "changes-since")
    if "changes-before" in call.flags:
        before = parse_time(call.query, "changes-before")
    found, more = await store.list_actions(call.tx, server.id, page, since, before)
    body: dict[str, Any] = {"instanceActions": [_render(record) for record in found]}
    if more:
        path = f"servers/{server.id}/os-instance-actions"
        body["links"] = next_link(call, path, found[-1].request_id, page)
    return body


async def show_instance_action(call: Call[None]) -> dict[str, Any]:
    """One action with its event."""
    server = await _get_server(call)
    record = await store.get_action(call.tx, server.id, call.path["request_id"])
    body = _render(record)
    if call.caller.is_admin or "events-for-all" in call.flags:
        body["events"] = [await _render_event(call, record, server)]
    return {"instanceAction": body}


async def _render_event(call: Call[None], record: ActionRecord, server: Server) -> dict[str, Any]:
    """The one event of an action: its work on the host.

    Details are the fault's message; of an action that takes longer than it should, what it waits
    for, since when, and how often that was tried. Both end with the next step, where one is known.
    """
    host_id, details = record.host_id, record.message
    if details:
        details = fault_words(server, details, is_over=server.is_error)
    if record.finished_at is None:
        host_id = server.host_id
        late = (await list_late(call.tx, [server])).get(server.id)
        details = None if late is None else fault_words(server, late.sentence, is_over=False)
    digest = hashlib.sha224(f"{record.project_id}{host_id}".encode()).hexdigest()
    event = {
        "event": f"compute_{record.action}",
        "start_time": microseconds(record.started_at),
        "finish_time": microseconds(record.finished_at),
        "result": record.result or None,
        "hostId": digest if host_id else "",
    }
    if call.caller.is_admin:
        names = {str(host.id): host.name for host in await list_hosts(call.tx)}
        event |= {"traceback": None, "details": details}
        event["host"] = names.get(host_id or "")
    return event
