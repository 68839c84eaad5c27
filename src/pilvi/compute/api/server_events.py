"""What other services tell of servers. Here they look themselves: every event is a wake-up."""

from typing import Any

import msgspec

from pilvi.compute.store import servers
from pilvi.core.http import Call, Reply
from pilvi.errors import InvalidRequest, NotFound

NAMES = frozenset(
    {
        "network-changed",
        "network-vif-plugged",
        "network-vif-unplugged",
        "network-vif-deleted",
        "volume-extended",
        "power-update",
        "accelerator-request-bound",
        "volume-reimaged",
    }
)
STATUSES = frozenset({"completed", "failed", "in-progress"})


class Event(msgspec.Struct, forbid_unknown_fields=True):
    """One event."""

    server_uuid: str
    name: str
    status: str = "completed"
    tag: str | None = None


class Events(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST os-server-external-events."""

    events: list[Event]


async def create_server_events(call: Call[Events]) -> Reply:
    """Take note of events; 207 when not all of them can be used. Raises `NotFound` for none."""
    if not call.payload.events:
        raise InvalidRequest("cannot find an event in the body; send at least one")
    rows = [await _take(call, event) for event in call.payload.events]
    codes = {row["code"] for row in rows}
    if codes == {404}:
        raise NotFound("cannot find any of the servers that the events are of")
    return Reply({"events": rows}, status=200 if codes == {200} else 207)


async def _take(call: Call[Events], event: Event) -> dict[str, Any]:
    if event.name not in NAMES or event.status not in STATUSES:
        raise InvalidRequest(f"cannot use the event '{event.name[:80]}', '{event.status[:80]}'")
    server = await servers.find_server(call.tx, event.server_uuid)
    code, status = 200, event.status
    if server is None:
        code, status = 404, "failed"
    elif server.host_id is None:
        code, status = 422, "failed"
    else:
        call.tx.wake("server", server.id)
    row = {"name": event.name, "server_uuid": event.server_uuid, "status": status, "code": code}
    return row if event.tag is None else {**row, "tag": event.tag}
