"""Who is signed in: sealed into a cookie, so that any API process can open it.

The cookie holds the user's own token and is worth no more than that: revoking the token ends the
session everywhere. Each sign-in and each change of project seals a new one with a new form key, so
that a cookie which somebody else planted never becomes a signed-in one.
"""

import secrets
import time
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from pilvi.errors import PilviError

COOKIE = "pilvi_dashboard"
NOTE_COOKIE = "pilvi_note"
DOOR_COOKIE = "pilvi_door"
"""Holds the form key of a sign-in page: there is no session yet."""
THEME_COOKIE = "pilvi_theme"
PATH = "/dashboard"
# Seconds for which a word about what was done waits for the next page.
NOTE_S = 60


class Sealer(Protocol):
    """Hides what a browser keeps for us, and knows it again."""

    def seal(self, secret: str) -> str:
        """As the browser keeps it."""
        ...

    def open(self, sealed: str) -> str:
        """The same in plain."""
        ...


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One signed-in user in one project."""

    token: str
    user_id: str
    user_name: str
    project_id: str
    project_name: str
    is_admin: bool
    expires_at: float
    form_key: str
    sign_in_token: str = ""
    """The token that the user signed in with, where `token` was made from it: ends both."""

    @property
    def first_token(self) -> str:
        """The token whose end ends the session, before each change of project too."""
        return self.sign_in_token or self.token

    @property
    def is_over(self) -> bool:
        """Whether its token is too old."""
        return time.time() >= self.expires_at


class _Note(msgspec.Struct, frozen=True):
    note: str
    until: float


def make_key() -> str:
    """A fresh secret for forms."""
    return secrets.token_urlsafe(24)


class Cookies:
    """Reads and writes what browsers keep."""

    def __init__(self, sealer: Sealer, *, is_secure: bool) -> None:
        self._sealer = sealer
        self._is_secure = is_secure

    def read_session(self, request: Request) -> Session | None:
        """The session of a request, unless it is none of ours or over."""
        session = self._open(request.cookies.get(COOKIE, ""), Session)
        return session if session is not None and not session.is_over else None

    def keep_session(self, response: Response, session: Session) -> None:
        """Let the browser keep a session until its token ends."""
        age_s = max(0, int(session.expires_at - time.time()))
        self._set(response, COOKIE, self._seal(session), age_s)
        self.drop(response, DOOR_COOKIE)

    def read_note(self, request: Request) -> str:
        """What was done just before."""
        note = self._open(request.cookies.get(NOTE_COOKIE, ""), _Note)
        return note.note if note is not None and note.until >= time.time() else ""

    def keep_note(self, response: Response, note: str) -> None:
        """Let the next page say what was done."""
        if note:
            sealed = self._seal(_Note(note, time.time() + NOTE_S))
            self._set(response, NOTE_COOKIE, sealed, NOTE_S)

    def keep_door_key(self, response: Response, key: str) -> None:
        """The form key of a sign-in page."""
        self._set(response, DOOR_COOKIE, key, 3600)

    def keep_theme(self, response: Response, theme: str) -> None:
        """The choice of light or dark."""
        self._set(response, THEME_COOKIE, theme, 365 * 86400)

    def drop(self, response: Response, name: str) -> None:
        """Let the browser forget something."""
        self._set(response, name, "", 0)

    def _set(self, response: Response, name: str, value: str, age_s: int) -> None:
        response.set_cookie(
            name,
            value,
            max_age=age_s,
            path=PATH,
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )

    def _seal(self, value: msgspec.Struct) -> str:
        return self._sealer.seal(msgspec.json.encode(value).decode())

    def _open(self, sealed: str, kind: Any) -> Any:
        if not sealed:
            return None
        try:
            return msgspec.json.decode(self._sealer.open(sealed).encode(), type=kind)
        except (PilviError, msgspec.MsgspecError, ValueError):
            return None
