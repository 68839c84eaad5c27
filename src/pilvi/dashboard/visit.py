"""One request to the dashboard: who asks, what they sent, and the ways to answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from pilvi.dashboard.client import Client
from pilvi.dashboard.describe import Collection
from pilvi.dashboard.render import Renderer
from pilvi.dashboard.session import NOTE_COOKIE, PATH, THEME_COOKIE, Cookies, Session
from pilvi.dashboard.streams import Streams


@dataclass(frozen=True, slots=True)
class Menu:
    """One heading of the menu and what is below it."""

    title: str
    collections: Sequence[Collection]
    for_admins: bool = False


@dataclass(slots=True)
class Visit:
    """One request."""

    request: Request
    cookies: Cookies
    renderer: Renderer
    menus: Sequence[Menu]
    client: Client
    streams: Streams
    session: Session | None = None
    form: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def signed_in(self) -> Session:
        """The session, where the path asks for one."""
        assert self.session is not None, "this page asks for a session"
        return self.session

    def text(self, name: str) -> str:
        """A field of the form that was sent."""
        return (self.form.get(name) or [""])[-1]

    def page(self, template: str, status: int = 200, **words: Any) -> Response:
        """A whole page."""
        session = self.session
        note = self.cookies.read_note(self.request)
        theme = self.request.cookies.get(THEME_COOKIE, "")
        menus = [
            menu
            for menu in self.menus
            if session is not None and (session.is_admin or not menu.for_admins)
        ]
        body = self.renderer.render(
            template,
            session=session,
            menus=menus,
            theme=theme if theme in ("light", "dark") else "",
            note=note,
            here=self.request.url.path,
            **words,
        )
        response = HTMLResponse(body, status)
        if note:
            self.cookies.drop(response, NOTE_COOKIE)
        return response

    def go(self, to: str, note: str = "") -> Response:
        """On to another page, which says what was done."""
        response = RedirectResponse(to if to.startswith("/") else f"{PATH}/{to}".rstrip("/"), 303)
        self.cookies.keep_note(response, note)
        return response
