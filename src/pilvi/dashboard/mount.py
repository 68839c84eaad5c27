"""The paths of the dashboard, and what all of them share."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from pilvi.core.http.web_files import WebFiles
from pilvi.dashboard import downloads, overview, picture, sign_in
from pilvi.dashboard.client import Client, Refused, open_http
from pilvi.dashboard.describe import Collection
from pilvi.dashboard.forms import choose_action, send_form, show_form
from pilvi.dashboard.guard import HEADERS, KEY_FIELD, KEY_HEADER, check_key, check_origin, read_form
from pilvi.dashboard.lists import show_detail, show_list
from pilvi.dashboard.pages import MENUS
from pilvi.dashboard.pages.images import receive_file
from pilvi.dashboard.render import open_renderer
from pilvi.dashboard.session import COOKIE, PATH, Cookies, Sealer
from pilvi.dashboard.streams import Streams
from pilvi.dashboard.visit import Visit
from pilvi.picture.style import RULES

log = structlog.get_logger()
FOLDER = Path(__file__).parent / "web"
AUTHORITY = f"{PATH}/ca.pem"
Handler = Callable[[Visit], Awaitable[Response]]


class Dashboard:
    """All pages; it joins the application whose APIs it calls."""

    def __init__(self, base_url: str, sealer: Sealer, authority: Path | None) -> None:
        self._base_url = base_url
        self._authority = authority
        self._cookies = Cookies(sealer, is_secure=base_url.startswith("https"))
        self._renderer = open_renderer()
        self.streams = Streams()
        self._files = WebFiles(FOLDER, {"picture.css": RULES})
        self._collections = {one.path: one for menu in MENUS for one in menu.collections}

    def join(self, app: ASGIApp) -> None:
        """Call the APIs of this application."""
        self._http = open_http(app, self._base_url)

    def build_routes(self) -> Sequence[BaseRoute]:
        """Every path below `/dashboard`, and `/`, which leads there."""
        rows: Sequence[tuple[str, str, Handler]] = [
            ("", "GET", overview.show_overview),
            ("/picture", "GET", picture.show_picture),
            ("/project", "GET", sign_in.show_projects),
            ("/project", "POST", sign_in.choose_project),
            ("/sign-out", "POST", sign_in.sign_out),
            ("/download", "POST", downloads.download),
            ("/images/{id}/data", "PUT", receive_file),
            ("/{collection}", "GET", self._show_list),
            ("/{collection}/new", "GET", self._show_new),
            ("/{collection}/new", "POST", self._create),
            ("/{collection}/{id}", "GET", self._show_detail),
            ("/{collection}/{id}/{action}", "GET", self._show_action),
            ("/{collection}/{id}/{action}", "POST", self._act),
        ]
        doors: Sequence[tuple[str, str, Handler]] = [
            ("/sign-in", "GET", sign_in.show_door),
            ("/sign-in", "POST", sign_in.sign_in),
            ("/theme", "POST", sign_in.choose_theme),
            ("/ca.pem", "GET", self._show_authority),
        ]
        return [
            Route("/", _lead_here, methods=["GET"]),
            Route(f"{PATH}/files/{{path:path}}", self._files.serve, methods=["GET"]),
            Route(f"{PATH}/{{rest:path}}/", _lead_to_page, methods=["GET"]),
            Route(f"{PATH}/", _lead_here, methods=["GET"]),
            *(
                Route(PATH + path, self._open(handler, is_door=True), methods=[method])
                for path, method, handler in doors
            ),
            *(
                Route(PATH + path, self._open(handler, is_door=False), methods=[method])
                for path, method, handler in rows
            ),
        ]

    def _open(self, handler: Handler, *, is_door: bool) -> Callable[[Request], Awaitable[Response]]:
        """A handler behind the checks that every request passes."""

        async def serve(request: Request) -> Response:
            visit = self._visit(request)
            try:
                if visit.session is None and not is_door:
                    response = sign_in.to_door(request)
                else:
                    await self._admit(visit)
                    response = await handler(visit)
            except ClientDisconnect:
                return Response(status_code=400)
            except Refused as refusal:
                response = self._refuse(visit, refusal)
            except Exception:
                log.exception("dashboard failed", path=request.url.path)
                words = "cannot show this page: it failed here; the API's log tells why"
                response = self._refuse(visit, Refused(500, words))
            for name, value in HEADERS.items():
                response.headers[name] = value
            return response

        return serve

    def _visit(self, request: Request) -> Visit:
        session = self._cookies.read_session(request)
        client = Client(self._http, "")
        if session is not None:
            client = Client(
                self._http,
                session.token,
                session.user_id,
                session.project_id,
                session.is_admin,
                AUTHORITY if self._authority is not None else "",
            )
        return Visit(request, self._cookies, self._renderer, MENUS, client, self.streams, session)

    async def _admit(self, visit: Visit) -> None:
        """Refuse what does not come from a page of this session. Raises `Refused`."""
        request, session = visit.request, visit.session
        if request.method in ("GET", "HEAD"):
            return
        check_origin(request)
        expected = session.form_key if session is not None else sign_in.door_key(request)
        if request.url.path == f"{PATH}/sign-in":
            expected = sign_in.door_key(request)
        if (given := request.headers.get(KEY_HEADER)) is None:
            visit.form = await read_form(request)
            given = visit.text(KEY_FIELD)
        check_key(expected, given)

    def _refuse(self, visit: Visit, refusal: Refused) -> Response:
        if refusal.status == 401 and visit.session is not None:
            response = sign_in.to_door(visit.request)
            self._cookies.drop(response, COOKIE)
            return response
        if visit.request.headers.get(KEY_HEADER) is not None:
            return JSONResponse({"message": refusal.message}, refusal.status)
        return visit.page("refused.html", refusal.status, refusal=refusal)

    def _collection(self, visit: Visit) -> Collection:
        name = visit.request.path_params["collection"]
        found = self._collections.get(name)
        if found is None:
            raise Refused(404, f"cannot find a page '{name}': choose one from the menu")
        return found

    async def _show_authority(self, visit: Visit) -> Response:
        """What every client may know, and needs before it can trust the rest."""
        if self._authority is None:
            raise Refused(404, "cannot find ca.pem: this cloud has no authority of its own")
        headers = {"content-disposition": "attachment; filename=ca.pem"}
        return FileResponse(self._authority, 200, headers, "application/x-pem-file")

    async def _show_list(self, visit: Visit) -> Response:
        return await show_list(visit, self._collection(visit))

    async def _show_new(self, visit: Visit) -> Response:
        collection = self._collection(visit)
        if collection.create is None:
            raise Refused(404, f"cannot make {collection.title.lower()} here")
        return await show_form(visit, collection, collection.create)

    async def _create(self, visit: Visit) -> Response:
        collection = self._collection(visit)
        if collection.create is None:
            raise Refused(404, f"cannot make {collection.title.lower()} here")
        return await send_form(visit, collection, collection.create)

    async def _show_detail(self, visit: Visit) -> Response:
        collection = self._collection(visit)
        if collection.find is None or collection.facts is None:
            raise Refused(404, f"cannot show one of {collection.title.lower()}: see their list")
        return await show_detail(visit, collection, visit.request.path_params["id"])

    async def _show_action(self, visit: Visit) -> Response:
        collection = self._collection(visit)
        action = choose_action(collection, visit.request.path_params["action"])
        id = visit.request.path_params["id"]
        if collection.find is None:
            raise Refused(404, f"cannot find '{id}'")
        row = await collection.find(visit.client, id)
        return await show_form(visit, collection, action, row)

    async def _act(self, visit: Visit) -> Response:
        collection = self._collection(visit)
        action = choose_action(collection, visit.request.path_params["action"])
        id = visit.request.path_params["id"]
        if collection.find is None:
            raise Refused(404, f"cannot find '{id}'")
        row = await collection.find(visit.client, id)
        return await send_form(visit, collection, action, row)


async def _lead_here(request: Request) -> Response:
    """Browsers go on to the dashboard; for other clients there is nothing here."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(PATH, 303, {"vary": "accept"})
    raise HTTPException(404)


async def _lead_to_page(request: Request) -> Response:
    """The page that somebody typed a slash behind."""
    path, query = request.url.path.rstrip("/"), request.url.query
    return RedirectResponse(f"{path}?{query}" if query else path, 303)
