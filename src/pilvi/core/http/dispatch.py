"""From an ASGI request to a handler and back.

For each request: an id, the caller from the token, the policy's check, the version, the body in
its newest shape, one transaction around the handler, and a fault in the service's own format.
"""

import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from pilvi import errors
from pilvi.core.db import Database, Transaction
from pilvi.core.http.access import permits
from pilvi.core.http.answer_faults import as_expected, fault_response, make_fault
from pilvi.core.http.bodies import convert, parse_json, read_limited
from pilvi.core.http.call import ANONYMOUS, Call, Caller, Reply
from pilvi.core.http.measured import Measured, RequestMetrics, printable_path
from pilvi.core.http.next_steps import with_next_step
from pilvi.core.http.paths import PathTable
from pilvi.core.http.policy import Allowance, Check, Policy, enforce
from pilvi.core.http.replays import Keeping, recognize
from pilvi.core.http.route import Route
from pilvi.core.http.service import Service
from pilvi.core.http.versions import Number, Versions, print_version
from pilvi.settings import Settings

log = structlog.get_logger()

Authenticate = Callable[[Transaction, str], Awaitable[Caller]]
"""Of a token: its caller. Raises `Unauthenticated`."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What every request passes."""

    settings: Settings
    db: Database
    authenticate: Authenticate
    overrides: Mapping[str, Allowance] = field(default_factory=dict)
    """What the operator's policy file puts in the place of default rules, by their names."""
    keeping: Keeping | None = None
    """How answers are kept for requests which come again; None keeps none."""
    metrics: RequestMetrics = field(default_factory=RequestMetrics)
    """Where requests are measured."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A route with its check looked up."""

    route: Route
    check: Allowance


class _Endpoint:
    """All rows that share a path: methods, actions, versions."""

    def __init__(self, gate: Gate, service: Service, rows: Sequence[_Row], root: str) -> None:
        self._gate = gate
        self._service = service
        self._root = root
        self._by_method: dict[str, list[_Row]] = {}
        for row in rows:
            self._by_method.setdefault(row.route.method, []).append(row)
        if "GET" in self._by_method:
            self._by_method.setdefault("HEAD", self._by_method["GET"])
        self.methods = list(self._by_method)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request as an ASGI application."""
        request = Request(scope, receive)
        request_id = f"req-{uuid.uuid4()}"
        # Set already when the path is another name of ours.
        scope.setdefault("pilvi.root", self._root)
        began = time.perf_counter()
        headers = dict.fromkeys(self._service.request_id_headers, request_id)
        # Every line that is logged meanwhile has it; each request is served in a task of its own.
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = await self._serve(request, request_id, headers)
        except ClientDisconnect:
            return
        except Exception as error:
            response = make_fault(self._service, as_expected(error, request_id), request_id)
        for name, value in headers.items():
            response.headers[name] = value
        is_refused = response.status_code >= 400
        # Of what was done, changes are told, but not what hosts report all the time.
        if is_refused or (request.method not in ("GET", "HEAD") and self._service.name != "hosts"):
            log.info(
                "refused" if is_refused else "served",
                request_id=request_id,
                method=request.method,
                path=printable_path(scope),
                status=response.status_code,
                ms=round((time.perf_counter() - began) * 1000, 1),
            )
        await response(scope, receive, send)

    async def _serve(self, request: Request, request_id: str, headers: dict[str, str]) -> Response:
        version = self._choose_version(request, headers)
        rows = self._rows(request.method, version)
        async with AsyncExitStack() as stack:
            tx: Transaction | None = None
            if all(row.route.transaction == "read" for row in rows):
                tx = await stack.enter_async_context(self._gate.db.read())
            caller = await self._identify(request, rows, tx)
            raw, action = await self._read_body(request, rows)
            row = self._pick(rows, action)
            enforce(row.check, caller)
            self._check_project(request, caller)
            self._check_access(request, caller)
            if tx is None:
                tx = await self._begin(stack, row.route)
            call = self._call(request, row.route, (caller, tx), (request_id, version))
            replay = recognize(self._gate.keeping, request, caller, row.route, raw)
            if replay is not None:
                before = await replay.find(call.tx)
                if before is not None:
                    return before
            call.payload = self._decode(row.route, version, raw, action)
            answer = await row.route.handler(call)
            if replay is not None:
                response = self._render(row.route, version, answer)
                await replay.keep(call.tx, response)
                return response
        return self._render(row.route, version, answer)

    def _choose_version(self, request: Request, headers: dict[str, str]) -> Number | None:
        versions = self._service.versions
        if versions is None:
            return None
        headers["vary"] = "OpenStack-API-Version"
        is_plain = request.scope["pilvi.root"] != self._root
        number = versions.minimum if is_plain else versions.choose(request.headers)
        headers["openstack-api-version"] = f"{versions.service} {print_version(number)}"
        if versions.legacy_header:
            headers[versions.legacy_header] = print_version(number)
            headers["vary"] += f", {versions.legacy_header}"
        return number

    def _rows(self, method: str, version: Number | None) -> list[_Row]:
        rows = self._by_method.get(method)
        if rows is None:
            raise HTTPException(405, headers={"allow": ", ".join(self.methods)})
        if version is not None:
            rows = [
                row
                for row in rows
                if (row.route.since is None or row.route.since <= version)
                and (row.route.until is None or version <= row.route.until)
            ]
        if not rows:
            raise errors.NotFound("cannot find this path at the version asked for")
        return rows

    async def _read_body(
        self, request: Request, rows: Sequence[_Row]
    ) -> tuple[bytes | dict[str, Any], str | None]:
        """The body, and the action that it names where this path has actions."""
        wants_action = any(row.route.action for row in rows)
        if not wants_action and all(row.route.body is None for row in rows):
            return b"", None
        content_type = request.headers.get("content-type", "application/json")
        if "json" not in content_type:
            raise errors.UnsupportedMediaType(
                f"cannot read a body of type '{content_type}'; send application/json"
            )
        raw = await read_limited(request, max(row.route.body_bytes_max for row in rows))
        if not wants_action:
            return raw, None
        value = parse_json(raw, Any)
        if not isinstance(value, dict) or not value:
            raise errors.InvalidRequest("cannot find an action in the body; send {action: {…}}")
        named = [row.route.action for row in rows if row.route.action in value]
        if not named:
            raise errors.InvalidRequest(f"cannot find an action named '{next(iter(value))}' here")
        if len(value) > 1:
            raise errors.InvalidRequest("cannot do several actions in one request; send one")
        return value, named[0]

    def _pick(self, rows: Sequence[_Row], action: str | None) -> _Row:
        return next(row for row in rows if row.route.action == action)

    async def _identify(
        self, request: Request, rows: Sequence[_Row], tx: Transaction | None
    ) -> Caller:
        """Who asks, from the request's headers alone. Raises `Unauthenticated`.

        It comes before the body is read and before a write transaction is opened, so that a
        stranger can neither make us keep bytes nor make writers wait.
        """
        checks = [row.check for row in rows]
        if all(check is Check.PUBLIC for check in checks):
            await self._admit(request, rows)
            return ANONYMOUS
        token = request.headers.get("x-auth-token", "")
        if not token:
            if Check.PUBLIC not in checks:
                enforce(checks[0], ANONYMOUS)
            return ANONYMOUS
        if tx is not None:
            return await self._gate.authenticate(tx, token)
        async with self._gate.db.read() as reading:
            return await self._gate.authenticate(reading, token)

    async def _admit(self, request: Request, rows: Sequence[_Row]) -> None:
        """Have those checked who need another proof than a token. Raises `Unauthenticated`."""
        admits = {row.route.admit for row in rows if row.route.admit is not None}
        for admit in admits:
            async with self._gate.db.read() as tx:
                await admit(tx, request.headers.get("authorization"))

    async def _begin(self, stack: AsyncExitStack, route: Route) -> Transaction | None:
        """The transaction that a handler is given."""
        match route.transaction:
            case "read":
                return await stack.enter_async_context(self._gate.db.read())
            case "write":
                return await stack.enter_async_context(self._gate.db.write())
            case "none":
                return None

    def _check_project(self, request: Request, caller: Caller) -> None:
        named = request.path_params.get("url_project_id")
        if named is not None and named != caller.project_id and not caller.is_admin:
            raise errors.NotFound(f"cannot find the project '{named}' with this token")

    def _check_access(self, request: Request, caller: Caller) -> None:
        rules, types = caller.access_rules, self._service.types
        if rules is not None and not permits(rules, types, request.method, request.scope["path"]):
            raise errors.Forbidden("cannot do this: no access rule of the credential names it")

    def _call(
        self,
        request: Request,
        route: Route,
        admitted: tuple[Caller, Transaction | None],
        named: tuple[str, Number | None],
    ) -> Call[Any]:
        versions = self._service.versions
        return Call(
            request=request,
            caller=admitted[0],
            transaction=admitted[1],
            settings=self._gate.settings,
            db=self._gate.db,
            path=request.path_params,
            payload=None,
            request_id=named[0],
            version=named[1],
            flags=versions.flags(named[1]) if versions and named[1] else frozenset(),
            parts=self._service.parts,
        )

    def _decode(
        self,
        route: Route,
        version: Number | None,
        body: bytes | dict[str, Any],
        action: str | None,
    ) -> Any:
        """The body as the route's newest type."""
        if route.body is None:
            return None
        versions = self._service.versions
        is_older = versions is not None and version is not None and version < versions.maximum
        if isinstance(body, bytes):
            if not is_older:
                return parse_json(body, route.body, zero_bytes=route.zero_bytes)
            body = parse_json(body, Any)
        if is_older and isinstance(body, dict):
            assert versions is not None and version is not None
            body = versions.upgrade(route.name, version, body)
        plain: Any = body[action] if action and isinstance(body, dict) else body
        return convert(plain, route.body)

    def _render(self, route: Route, version: Number | None, answer: Any) -> Response:
        if isinstance(answer, Response):
            return answer
        status, extra = route.status, {}
        if isinstance(answer, Reply):
            status, extra = answer.status or status, dict(answer.headers)
            answer = answer.body
        if answer is None:
            return Response(status_code=status, headers=extra)
        versions = self._service.versions
        if versions is not None and version is not None and versions.touches(route.name, version):
            answer = versions.downgrade(route.name, version, msgspec.to_builtins(answer))
        return Response(msgspec.json.encode(answer), status, extra, media_type="application/json")


def build_routes(gate: Gate, services: Iterable[Service]) -> list[tuple[str, ASGIApp]]:
    """Paths and what serves each. Raises `Internal` for a row without a policy rule."""
    routes: list[tuple[str, ASGIApp]] = []
    for service in services:
        policy = Policy(service.rules, gate.overrides)
        roots = [service.root]
        if service.accepts_project_in_path:
            roots.append(service.root + "/{url_project_id}")
        below = (service.discovery_root, service.discovery)
        routes += _mount(gate, service, policy, below, [service.discovery_root])
        routes += _mount(gate, service, policy, (service.root, service.routes), roots)
    return routes


def list_plain_roots(services: Iterable[Service]) -> dict[str, str]:
    """Other names of services' roots, where the oldest version is served."""
    return {service.plain_root: service.root for service in services if service.plain_root}


def _mount(
    gate: Gate,
    service: Service,
    policy: Policy,
    below: tuple[str, Sequence[Route]],
    roots: Sequence[str],
) -> list[tuple[str, ASGIApp]]:
    link_root, listed = below
    by_path: dict[str, list[_Row]] = {}
    for route in listed:
        by_path.setdefault(route.path, []).append(_Row(route, policy.require(route.policy)))
    served: dict[str, ASGIApp] = {}
    for path, rows in by_path.items():
        endpoint = _Endpoint(gate, service, rows, link_root)
        template = (roots[0] + path) or "/"
        served[path] = Measured(gate.metrics, service.name, template, endpoint)
    return [(root + path or "/", served[path]) for root in roots for path in served]


def build_app(
    gate: Gate,
    services: Sequence[Service],
    extra_routes: Sequence[Any] = (),
    lifespan: Any = None,
) -> Starlette:
    """The whole API as one ASGI application."""

    async def not_found(request: Request, error: Exception) -> Response:
        request_id = f"req-{uuid.uuid4()}"
        path = request.url.path
        service = next((s for s in services if path.startswith(s.discovery_root or s.root)), None)
        problem = errors.NotFound(
            f"cannot find the path {path}; look at the paths that the service's reference names"
        )
        if service is None:
            words = with_next_step(problem).message
            body = {"error": {"code": 404, "title": "Not Found", "message": words}}
            return fault_response(404, body, {"x-openstack-request-id": request_id})
        response = make_fault(service, problem, request_id)
        response.headers["x-openstack-request-id"] = request_id
        return response

    app = Starlette(
        routes=[PathTable(build_routes(gate, services), list_plain_roots(services)), *extra_routes],
        exception_handlers={404: not_found},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


__all__ = ["Authenticate", "Gate", "Versions", "build_app", "build_routes"]
