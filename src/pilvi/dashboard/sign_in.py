"""Sign in and out, choose the project, choose the theme."""

import datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pilvi.dashboard.client import Client, Refused, read_reply
from pilvi.dashboard.guard import safe_next
from pilvi.dashboard.live import SEEN
from pilvi.dashboard.session import COOKIE, DOOR_COOKIE, PATH, Session, make_key
from pilvi.dashboard.streams import MEDIA_TYPE, OVER
from pilvi.dashboard.visit import Visit

_TOKENS = "/identity/v3/auth/tokens"


async def show_door(visit: Visit) -> Response:
    """The page that asks for user and password; who is signed in goes on."""
    to = safe_next(visit.request.query_params.get("next", ""))
    return (
        visit.go(to) if visit.session is not None else _door(visit, to, {"user": "", "domain": ""})
    )


def _door(
    visit: Visit, to: str, values: dict[str, str], refusal: Refused | None = None
) -> Response:
    key = make_key()
    status = 200 if refusal is None else refusal.status
    response = visit.page(
        "sign_in.html", status, next=to, values=values, refusal=refusal, door_key=key
    )
    visit.cookies.keep_door_key(response, key)
    return response


async def sign_in(visit: Visit) -> Response:
    """Take user and password to the identity API, and keep the token that it gives."""
    to = safe_next(visit.text("next"))
    values = {name: visit.text(name) for name in ("user", "domain")}
    domain = {"name": values["domain"].strip() or "Default"}
    user = {"name": values["user"].strip(), "password": visit.text("password"), "domain": domain}
    identity = {"methods": ["password"], "password": {"user": user}}
    try:
        session = await open_session(visit.client.http, {"identity": identity})
    except Refused as refusal:
        return _door(visit, to, values, refusal)
    response = visit.go(to)
    visit.cookies.keep_session(response, session)
    return response


async def open_session(http: httpx.AsyncClient, auth: dict[str, Any]) -> Session:
    """A session of whoever can prove it, in their default project or else the first.

    Raises `Refused`.
    """
    session = await _ask_token(http, auth)
    if session.project_id:
        return session
    projects = await list_projects(Client(http, session.token))
    if not projects:
        raise Refused(
            403, "cannot sign in: this user has a role in no project; ask an admin for one"
        )
    return await change_project(http, session, projects[0]["id"])


async def change_project(http: httpx.AsyncClient, session: Session, project_id: str) -> Session:
    """The same user's session in another project; it ends with the first. Raises `Refused`."""
    identity = {"methods": ["token"], "token": {"id": session.token}}
    scope = {"project": {"id": project_id}}
    changed = await _ask_token(http, {"identity": identity, "scope": scope})
    return msgspec.structs.replace(changed, sign_in_token=session.first_token)


async def _ask_token(http: httpx.AsyncClient, auth: dict[str, Any]) -> Session:
    reply = await http.post(_TOKENS, json={"auth": auth})
    token = read_reply(reply)["token"]
    project = token.get("project") or {}
    ends = datetime.datetime.fromisoformat(token["expires_at"])
    return Session(
        token=reply.headers["x-subject-token"],
        user_id=token["user"]["id"],
        user_name=token["user"]["name"],
        project_id=project.get("id", ""),
        project_name=project.get("name", ""),
        is_admin=any(role["name"] == "admin" for role in token.get("roles", ())),
        expires_at=ends.timestamp(),
        form_key=make_key(),
    )


async def list_projects(client: Client) -> list[dict[str, Any]]:
    """The projects in which the user has a role."""
    found = await client.get("/identity/v3/auth/projects")
    return sorted(found["projects"], key=lambda project: project["name"])


async def show_projects(visit: Visit) -> Response:
    """The projects that can be chosen."""
    return visit.page("project.html", projects=await list_projects(visit.client))


async def choose_project(visit: Visit) -> Response:
    """Go on in another project, with a token of it."""
    try:
        session = await change_project(visit.client.http, visit.signed_in, visit.text("project"))
    except Refused as refusal:
        # It is the project that was refused: the session goes on where it was.
        raise Refused(403, refusal.message, refusal.request_id) from refusal
    response = visit.go("", f"You now work in the project {session.project_name}.")
    visit.cookies.keep_session(response, session)
    return response


async def sign_out(visit: Visit) -> Response:
    """End the session: its first token is revoked, and with it those made from it.

    So a copy of the cookie is worth nothing, nor is one from before a change of project.
    """
    token = visit.signed_in.first_token
    headers = {"x-auth-token": token, "x-subject-token": token}
    await visit.client.http.delete(_TOKENS, headers=headers)
    response = visit.go("sign-in")
    visit.cookies.drop(response, COOKIE)
    return response


async def choose_theme(visit: Visit) -> Response:
    """Light, dark, or as the system has it."""
    theme = visit.text("theme")
    response = visit.go(safe_next(visit.text("next")))
    visit.cookies.keep_theme(response, theme if theme in ("light", "dark") else "")
    return response


def to_door(request: Request) -> Response:
    """The way to the sign-in page, and back again after it."""
    if SEEN in request.query_params:
        # A stream cannot become the sign-in page: the page that asked goes there.
        return Response(OVER, media_type=MEDIA_TYPE)
    back = {}
    if request.method == "GET":
        query = f"?{request.url.query}" if request.url.query else ""
        back = {"next": request.url.path + query}
    return RedirectResponse(f"{PATH}/sign-in" + (f"?{urlencode(back)}" if back else ""), 303)


def door_key(request: Request) -> str:
    """The form key of the sign-in page that this browser was shown."""
    return request.cookies.get(DOOR_COOKIE, "")
