"""Actions on a server."""

from typing import Annotated, Any

import msgspec

from pilvi.compute.api.links import actor
from pilvi.compute.api.server_wire import Metadata, Name
from pilvi.compute.api.servers import get_called
from pilvi.compute.model.allowed import Action, require
from pilvi.compute.operations import servers as operations
from pilvi.compute.operations.snapshots import create_image
from pilvi.core.http import Call, Reply
from pilvi.core.numbers import parse_whole
from pilvi.errors import InvalidRequest, NotFound
from pilvi.host_api.vms import RebootKind
from pilvi.hosts.operations.assignments import read_console


class Reboot(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `reboot`."""

    type: Annotated[str, msgspec.Meta(pattern="^(?i:soft|hard)$")]


class CreateImage(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `createImage`."""

    name: Name
    metadata: Metadata = {}


class ConsoleOutput(msgspec.Struct):
    """Body below `os-getConsoleOutput`; Nova accepts other fields."""

    length: int | str | None = None


class LockReason(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `lock`."""

    locked_reason: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] | None = None


class ResetState(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `os-resetState`."""

    state: Annotated[str, msgspec.Meta(pattern="^(active|error)$")]


async def start_server(call: Call[None]) -> None:
    """Boot a stopped server."""
    await operations.start_server(call.tx, await get_called(call), actor(call))


async def stop_server(call: Call[None]) -> None:
    """Shut a server down."""
    await operations.stop_server(call.tx, await get_called(call), actor(call))


async def pause_server(call: Call[None]) -> None:
    """Hold a running server."""
    await operations.pause_server(call.tx, await get_called(call), actor(call))


async def unpause_server(call: Call[None]) -> None:
    """Let a held server go on."""
    await operations.unpause_server(call.tx, await get_called(call), actor(call))


async def reboot_server(call: Call[Reboot]) -> None:
    """Boot a server again, softly or hard."""
    kind = RebootKind(call.payload.type.lower())
    await operations.reboot_server(call.tx, await get_called(call), kind, actor(call))


async def create_server_image(call: Call[CreateImage]) -> Reply:
    """Begin to make an image of a server's disk."""
    fields = call.payload
    id = await create_image(
        call.tx, await get_called(call), fields.name, dict(fields.metadata), actor(call)
    )
    if "image-id-in-body" in call.flags:
        return Reply({"image_id": id})
    return Reply(headers={"location": f"{call.base_url}/image/v2/images/{id}"})


async def get_console_output(call: Call[ConsoleOutput | None]) -> dict[str, Any]:
    """The newest lines of a server's console; what is not text is shown as U+FFFD."""
    server = await get_called(call)
    require(Action.CONSOLE_OUTPUT, server)
    length = _lines(call.payload.length if call.payload else None)
    text = (await read_console(call.tx, server.id)).decode(errors="replace")
    if length is not None:
        # What follows the last line break counts as a line, also when it is empty.
        text = "\n".join(text.split("\n")[-length:]) if length else ""
    return {"output": text}


def _lines(length: int | str | None) -> int | None:
    if length is None or str(length) == "-1":
        return None
    lines = parse_whole(str(length), digits_max=9)
    if lines is None:
        raise InvalidRequest("cannot read length: it is how many lines, or -1 for all")
    return lines


async def lock_server(call: Call[LockReason | None]) -> None:
    """Keep everybody but admins from changing a server."""
    reason = call.payload.locked_reason if call.payload else None
    if reason is not None and "lock-reason" not in call.flags:
        raise InvalidRequest("cannot give locked_reason before version 2.73")
    await operations.lock_server(call.tx, await get_called(call), actor(call), reason)


async def unlock_server(call: Call[None]) -> None:
    """Let its owner change a server again."""
    await operations.unlock_server(call.tx, await get_called(call), actor(call))


async def reset_server_state(call: Call[ResetState]) -> None:
    """Say that a server is in ERROR, or that what is seen of it counts."""
    is_error = call.payload.state == "error"
    server = await get_called(call)
    await operations.reset_state(call.tx, server, actor(call), is_error=is_error)


async def refuse_removed_action(call: Call[None]) -> None:
    """An action that newer versions no longer have."""
    raise NotFound("cannot do this at the version asked for: newer ones have a path of its own")
