"""Links that open a server's screen or serial line, and what their tokens stand for."""

from typing import Annotated, Any

import msgspec

from pilvi.compute.api.console_pages import page_url
from pilvi.compute.api.servers import get_called
from pilvi.compute.model.console import OFFERED
from pilvi.compute.operations.consoles import create_console, find_waiting
from pilvi.core.http import Call
from pilvi.errors import InvalidRequest, NotFound

_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]


class ConsoleType(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `os-getVNCConsole` and `os-getSerialConsole`."""

    type: _Word


class RemoteConsole(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked for."""

    protocol: _Word
    type: _Word


class RemoteConsoleCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST remote-consoles."""

    remote_console: RemoteConsole


async def _open(call: Call[Any], protocol: str, type: str) -> str:
    server = await get_called(call)
    line = OFFERED.get((protocol, type))
    if line is None:
        offered = " and ".join(f"'{one}' with type '{kind}'" for one, kind in OFFERED)
        raise InvalidRequest(
            f"cannot open a console of protocol '{protocol}' and type '{type}': "
            f"this cloud offers {offered}"
        )
    origin, life_s = call.base_url, call.settings.console_token_s
    user_id = call.caller.user_id
    token = await create_console(call.tx, server, user_id, line, origin=origin, life_s=life_s)
    return page_url(origin, line, token)


async def create_remote_console(call: Call[RemoteConsoleCreate]) -> dict[str, Any]:
    """A link that opens a server's screen or serial line, once and soon."""
    asked = call.payload.remote_console
    url = await _open(call, asked.protocol, asked.type)
    return {"remote_console": {"protocol": asked.protocol, "type": asked.type, "url": url}}


async def get_vnc_console(call: Call[ConsoleType]) -> dict[str, Any]:
    """A link that opens a server's screen, by its old name."""
    url = await _open(call, "vnc", call.payload.type)
    return {"console": {"type": call.payload.type, "url": url}}


async def get_serial_console(call: Call[ConsoleType]) -> dict[str, Any]:
    """A link that opens a server's serial line, by its old name."""
    url = await _open(call, "serial", call.payload.type)
    return {"console": {"type": call.payload.type, "url": url}}


async def show_console_token(call: Call[None]) -> dict[str, Any]:
    """What a token that was not used yet opens; looking does not use it up.

    Hosts listen to nobody, so the address is the one of the proxy in this API.
    """
    if "console-tokens" not in call.flags:
        raise InvalidRequest("cannot show the token before version 2.31: only RDP consoles are")
    found = await find_waiting(call.tx, call.path["console_token"])
    if found is None:
        raise NotFound("cannot find a console with this token")
    console, _ = found
    url = call.request.url
    is_tls = url.scheme == "https"
    port = url.port or (443 if is_tls else 80)
    return {
        "console": {
            "instance_uuid": console.server_id,
            "host": url.hostname,
            "port": port,
            "tls_port": port if is_tls else None,
            "internal_access_path": console.id,
        }
    }
