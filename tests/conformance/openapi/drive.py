"""A walk over every row of every service in a small cloud that has one of everything.

It reads first, at every version at which the document's schema changes, then writes, then
deletes. What it cannot bring to success (a server must be stopped before it starts) the API
tests' own conversations do.
"""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from conformance.openapi.documents import Document, Number, list_edges
from conformance.openapi.judge import Exchange, judge_of
from conformance.openapi.transport import Watch, watching
from every_route import Request, World, running_world

_ORDER = {"GET": 0, "HEAD": 0, "POST": 1, "PUT": 1, "PATCH": 1, "DELETE": 2}

Statuses = dict[tuple[str, str], set[int]]
"""Of (service, operation): the statuses that its requests were answered with."""


async def drive(folder: Path, watch: Watch) -> Statuses:
    """Send every row's request; replies of success go to the watch."""
    statuses: Statuses = defaultdict(set)
    with watching(lambda exchange: None):
        async with running_world(folder) as world:
            token = await world.cloud.token("admin", "demo")
            requests = sorted(world.requests(), key=_place)
            with watching(watch):
                await _discover(world)
                for request in requests:
                    await _send_all(world, request, token, statuses)
    return statuses


def _place(request: Request) -> tuple[int, int, int]:
    """Where a request comes in the walk.

    What is inside another thing goes before it; the project and the user who ask go last.
    """
    order = _ORDER[request.route.method]
    rank = 0
    if order > 0 and request.service.name == "identity":
        is_of_asker = any(
            f"/{{{name}}}" in request.route.path for name in ("project_id", "user_id")
        )
        rank = 2 if is_of_asker else 1
    return order, rank, -request.path.count("/") if order == 2 else 0


async def _discover(world: World) -> None:
    """What a client reads first, without a token."""
    for service in world.cloud.plane.list_services():
        for route in service.discovery:
            await world.cloud.http.request(route.method, service.discovery_root + route.path)


async def _send_all(world: World, request: Request, token: str, statuses: Statuses) -> None:
    """One row, also below the project's id, and at each version that its reply knows."""
    service = request.service
    paths = [request.path]
    if service.accepts_project_in_path and request.route.method == "GET":
        project = world.cloud.project_ids["demo"]
        paths.append(request.path.replace(service.root, f"{service.root}/{project}", 1))
    judge = judge_of(service.name)
    for path in paths:
        reply = await world.send(request, token, path=path)
        found = judge.find(Exchange(request.route.method, path.partition("?")[0], 0, b""))
        if found is None:
            continue
        statuses[service.name, found.name].add(reply.status_code)
        if request.route.method == "GET" and reply.is_success:
            for number in _versions(request, judge.document):
                headers = {
                    "x-auth-token": token,
                    "openstack-api-version": f"{service.versions.service} "  # type: ignore[union-attr]
                    f"{number[0]}.{number[1]}",
                }
                await world.cloud.http.get(path, headers=headers)


def _versions(request: Request, document: Document) -> Iterable[Number]:
    """Versions at which the reply's schema begins or ends, as far as the row is served."""
    versions = request.service.versions
    operation = document.find("GET", request.path.removeprefix(document.prefix))
    if versions is None or operation is None:
        return []
    edges = set(list_edges(operation.value))
    for reference in _references(document, operation.reply_schemas(200)):
        edges |= set(list_edges(reference))
    first = max(versions.minimum, request.route.since or versions.minimum)
    last = min(versions.maximum, request.route.until or versions.maximum)
    nearby = {(major, minor + step) for major, minor in edges for step in (-1, 0, 1)}
    return sorted(number for number in nearby if first <= number <= last)


def _references(document: Document, value: object, depth: int = 6) -> Iterable[object]:
    """What a schema refers to, and what that refers to."""
    if depth == 0:
        return
    if isinstance(value, dict):
        if "$ref" in value:
            found = document.resolve(value["$ref"])
            yield found
            yield from _references(document, found, depth - 1)
        else:
            for below in value.values():
                yield from _references(document, below, depth)
    elif isinstance(value, list):
        for below in value:
            yield from _references(document, below, depth)
