"""The action that gives a server another host when its own is down.

Source: Compute API reference, "Evacuate Server (evacuate Action)".
"""

from typing import Any

import msgspec

from pilvi.compute.api.links import actor, parse_flag
from pilvi.compute.api.server_life import choose_password
from pilvi.compute.api.server_wire import Flag, Name
from pilvi.compute.api.servers import get_called
from pilvi.compute.operations.evacuate import EvacuationWish, evacuate_server
from pilvi.core.http import Call, Reply
from pilvi.errors import InvalidRequest, Unsupported


class Evacuate(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `evacuate`."""

    host: Name | None = None
    adminPass: str | None = None
    onSharedStorage: Flag | None = None
    force: Flag | None = None


async def evacuate(call: Call[Evacuate]) -> Reply:
    """Build a server anew on another host, because its own is down."""
    fields, finds_storage = call.payload, "evacuate-finds-storage" in call.flags
    if (fields.onSharedStorage is None) is not finds_storage:
        raise InvalidRequest("cannot use onSharedStorage: it belongs to versions before 2.14")
    may_force = "evacuate-checks-host" in call.flags and "evacuate-unforced" not in call.flags
    if fields.force is not None and not may_force:
        raise InvalidRequest("cannot use force before version 2.29, nor after 2.67")
    if fields.onSharedStorage is not None and _flag("onSharedStorage", fields.onSharedStorage):
        raise Unsupported("cannot evacuate from shared storage: disks are on their host here")
    if fields.force is not None and _flag("force", fields.force):
        raise Unsupported("cannot evacuate by force: the host that is named is always checked")
    password = choose_password(fields.adminPass)
    wish = EvacuationWish(
        host=fields.host,
        keeps_off="evacuated-stays-off" in call.flags,
        admin_password=password,
    )
    server = await get_called(call)
    await evacuate_server(call.tx, server, wish, actor(call), call.settings.host_lease_s)
    body: dict[str, Any] | None = None if finds_storage else {"adminPass": password}
    return Reply(body, status=200)


def _flag(name: str, value: bool | str) -> bool:
    return parse_flag(name, value) if isinstance(value, str) else value
