"""The two WebSockets of a remote console: the viewer's, and the one that its host dials.

The viewer's proof is the token in its link, the host's are its credential and the session's
secret; no cookie or other ambient right opens either. A refused handshake is a bare status: what
was wrong is in the log, without the token.
"""

import asyncio
from typing import Any
from urllib.parse import parse_qs

import structlog
from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from pilvi.compute.api.console_pipe import close_ends, join_ends
from pilvi.compute.operations import consoles as operations
from pilvi.compute.operations.console_meetings import Closed, ConsoleMeetings, End, Meeting
from pilvi.core.db import Database
from pilvi.core.http.faults import status_of
from pilvi.errors import Forbidden, NotFound, PilviError
from pilvi.host_api.consoles import SECRET_HEADER, CloseCode, ConsoleLine
from pilvi.hosts.operations.hosts import authenticate_host
from pilvi.settings import Settings

log = structlog.get_logger()

SUBPROTOCOL = "binary"
# Seconds that a host gets to dial. Lower: a busy host's consoles fail; higher: a dead one's viewer
# waits.
HOST_S = 10.0
# Seconds between looks whether open sessions may go on. Lower: more reading; higher: a deleted
# project's console stays open longer.
LOOK_S = 1.0
# Looks between signs of life. Lower: more writing; higher: a killed process is noticed late.
LOOKS_PER_RENEWAL = 8


def token_of(query: QueryParams) -> str:
    """The token in a console's link: its own, or in the path that noVNC's links name. Pure."""
    if "path" in query:
        inner = query["path"].partition("?")[2]
        return parse_qs(inner).get("token", [""])[0]
    return query.get("token", "")


class _SocketEnd:
    """A WebSocket as an end of a session; keeps `End`."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._is_closed = False
        self._ahead: asyncio.Future[bytes | Closed] | None = None

    def look_ahead(self) -> asyncio.Future[bytes | Closed]:
        """The next bytes, which `receive` answers as well: a close is seen before anybody reads."""
        self._ahead = asyncio.ensure_future(self._receive())
        return self._ahead

    async def receive(self) -> bytes | Closed:
        """See `End`."""
        ahead, self._ahead = self._ahead, None
        return await (self._receive() if ahead is None else ahead)

    async def _receive(self) -> bytes | Closed:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            self._is_closed = True
            return Closed(message.get("code") or 1006, message.get("reason") or "")
        data: bytes | None = message.get("bytes")
        return data if data is not None else str(message.get("text", "")).encode()

    async def send(self, data: bytes) -> Closed | None:
        """See `End`."""
        try:
            await self._socket.send_bytes(data)
        except (WebSocketDisconnect, RuntimeError):
            self._is_closed = True
            return Closed(1006)
        return None

    async def close(self, code: int, reason: str) -> None:
        """See `End`."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await self._socket.close(code, reason)
        except (WebSocketDisconnect, RuntimeError):
            return


class ConsoleDesk:
    """Serves both kinds of WebSocket, and watches over the sessions of this process."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._settings = settings
        self._db = db
        self._meetings = ConsoleMeetings()

    async def serve_viewer(self, socket: WebSocket) -> None:
        """A viewer's WebSocket, at the address of its page."""
        try:
            line = _line_of(socket)
            self._meetings.check_room()
            meeting = await self._open(token_of(socket.query_params), line, socket)
        except PilviError as error:
            await _refuse(socket, error)
            return
        closed = Closed(CloseCode.DONE)
        ends: list[End] = []
        try:
            offers = socket.scope.get("subprotocols", [])
            await socket.accept(SUBPROTOCOL if SUBPROTOCOL in offers else None)
            ends.append(viewer := _SocketEnd(socket))
            closed = await self._join(meeting, viewer, ends)
        except WebSocketDisconnect:
            pass
        finally:
            self._meetings.forget(meeting.console.id)
            await asyncio.shield(self._end(meeting, ends, closed))

    async def _open(self, token: str, line: ConsoleLine, socket: WebSocket) -> Meeting:
        origin = socket.headers.get("origin")
        if not token:
            raise Forbidden("cannot open a console without its token")
        async with self._db.write() as tx:
            console, secret = await operations.open_console(tx, token, line, origin)
        # The host may dial before this line is reached: it tries again.
        return self._meetings.begin(console, secret)

    async def _join(self, meeting: Meeting, viewer: _SocketEnd, ends: list[End]) -> Closed:
        """Wait for the host and carry bytes until it is over."""
        ahead = viewer.look_ahead()
        waits: list[asyncio.Future[Any]] = [meeting.host, meeting.over]
        await _wait_any([*waits, ahead])
        if ahead.done():
            if isinstance(ahead.result(), Closed):
                return Closed(CloseCode.DONE, CloseCode.DONE.reason)
            # What is typed before the host is there waits for it.
            await _wait_any(waits)
        if meeting.over.done() or not meeting.host.done():
            ahead.cancel()
            lost = Closed(CloseCode.HOST_LOST, CloseCode.HOST_LOST.reason)
            return meeting.over.result() if meeting.over.done() else lost
        ends.append(host := meeting.host.result())
        return await join_ends(viewer, host, meeting.over, self._settings.console_idle_s)

    async def _end(self, meeting: Meeting, ends: list[End], closed: Closed) -> None:
        console = meeting.console
        await close_ends(ends, closed)
        meeting.finish(CloseCode.DONE)
        async with self._db.write() as tx:
            await operations.close_console(tx, console.id)
        log.info(
            "console closed",
            session=console.id,
            server=console.server_id,
            line=console.line,
            code=int(closed.code),
        )

    async def serve_host(self, socket: WebSocket) -> None:
        """The WebSocket that a session's host dials."""
        secret = socket.headers.get(SECRET_HEADER, "")
        try:
            async with self._db.read() as tx:
                host = await authenticate_host(tx, socket.headers.get("authorization"))
            meeting = self._meetings.find(socket.path_params["session_id"], host.id, secret)
        except PilviError as error:
            await _refuse(socket, error)
            return
        await socket.accept()
        end = _SocketEnd(socket)
        if meeting.host.done() or meeting.over.done():
            await end.close(CloseCode.DONE, CloseCode.DONE.reason)
            return
        meeting.host.set_result(end)
        # The connection lasts as long as its handler.
        await asyncio.wait([meeting.over])
        closed = meeting.over.result()
        await end.close(closed.code, closed.reason)

    async def watch(self) -> None:
        """Keep this process's sessions alive, and end those that may not go on. Until cancelled."""
        looks = 0
        while True:
            await asyncio.sleep(LOOK_S)
            looks += 1
            ids = self._meetings.list_ids()
            try:
                if ids:
                    await self._look(ids, renews=looks % LOOKS_PER_RENEWAL == 0)
            except Exception:
                log.exception("cannot look after the open consoles")

    async def _look(self, ids: list[str], *, renews: bool) -> None:
        async with self._db.read() as tx:
            unwelcome = await operations.list_unwelcome(tx, ids)
        for id in unwelcome:
            self._meetings.finish(id, CloseCode.NOT_ALLOWED)
        if renews:
            async with self._db.write() as tx:
                await operations.renew_consoles(tx, ids)


async def _wait_any(waits: list[asyncio.Future[Any]]) -> None:
    """Wait for one of several, for as long as a host gets."""
    await asyncio.wait(waits, timeout=HOST_S, return_when=asyncio.FIRST_COMPLETED)


def _line_of(socket: WebSocket) -> ConsoleLine:
    name = socket.path_params["line"]
    if name not in list(ConsoleLine):
        raise NotFound("cannot find a console of this kind")
    return ConsoleLine(name)


async def _refuse(socket: WebSocket, error: PilviError) -> None:
    log.info("console refused", path=socket.url.path, reason=error.message, detail=error.detail)
    await socket.send_denial_response(Response(status_code=status_of(error)))
