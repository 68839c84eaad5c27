"""The pages that a console's link opens, and the routes of everything about consoles but the API.

A page is of no use without its token and does not use it up: its script does, by opening a
WebSocket at the page's own address. Nothing is loaded from elsewhere and no script stands in it.
"""

import html
import re
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from pilvi.compute.api.console_files import FOLDER
from pilvi.compute.api.console_sockets import ConsoleDesk, token_of
from pilvi.compute.operations.consoles import find_waiting
from pilvi.core.db import Database
from pilvi.core.http.web_files import WebFiles
from pilvi.host_api.consoles import ConsoleLine

ROOT = "/console"
_SCRIPTS = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
_REST = "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
_POLICIES = {
    ConsoleLine.VNC: f"{_SCRIPTS}style-src 'self'; {_REST}",
    # xterm.js makes style elements for its colours and cell sizes.
    ConsoleLine.SERIAL: f"{_SCRIPTS}style-src 'self' 'unsafe-inline'; {_REST}",
}
_GONE = "this link was used or is too old; ask for a new one"


class ConsolePages:
    """Serves the page of each line."""

    def __init__(self, db: Database, files: WebFiles) -> None:
        self._db = db
        self._pages = {line: files.read(f"{line}.html") for line in ConsoleLine}

    async def serve_screen(self, request: Request) -> Response:
        """The page with the screen."""
        return await self._serve(request, ConsoleLine.VNC)

    async def serve_terminal(self, request: Request) -> Response:
        """The page with the serial line."""
        return await self._serve(request, ConsoleLine.SERIAL)

    async def _serve(self, request: Request, line: ConsoleLine) -> Response:
        async with self._db.read() as tx:
            found = await find_waiting(tx, token_of(request.query_params))
        is_good = found is not None and found[0].line is line
        name = found[1].name if found is not None and is_good else "console"
        state = "connecting" if is_good else _GONE
        page = _fill(self._pages[line], NAME=name, STATE=state, USABLE="yes" if is_good else "no")
        headers = {
            "content-security-policy": _POLICIES[line],
            # The address holds the token.
            "referrer-policy": "no-referrer",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "x-frame-options": "SAMEORIGIN",
            "cross-origin-opener-policy": "same-origin",
        }
        return Response(page, 200 if is_good else 410, headers, "text/html; charset=utf-8")


def _fill(page: str, **words: str) -> str:
    """A page with its marks replaced; what is put in is never looked at again. Pure."""
    return re.sub("@([A-Z]+)@", lambda mark: html.escape(words[mark[1]]), page)


def page_url(base_url: str, line: ConsoleLine, token: str) -> str:
    """The link that opens a console. Pure.

    The screen's is in the shape of noVNC's own links, whose `path` is the WebSocket's; the same
    address serves page and WebSocket.
    """
    if line is ConsoleLine.VNC:
        return f"{base_url}{ROOT}/vnc?path=console%2Fvnc%3Ftoken%3D{token}"
    return f"{base_url}{ROOT}/{line}?token={token}"


def build_console_routes(db: Database, desk: ConsoleDesk) -> Sequence[BaseRoute]:
    """Pages, their files, and the WebSockets of viewers and hosts."""
    files = WebFiles(FOLDER)
    pages = ConsolePages(db, files)
    return [
        Route(f"{ROOT}/vnc", pages.serve_screen, methods=["GET"]),
        Route(f"{ROOT}/serial", pages.serve_terminal, methods=["GET"]),
        Route(f"{ROOT}/files/{{path:path}}", files.serve, methods=["GET"]),
        WebSocketRoute(f"{ROOT}/{{line}}", desk.serve_viewer),
        WebSocketRoute("/host/v1/consoles/{session_id}", desk.serve_host),
    ]
