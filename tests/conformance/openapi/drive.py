"""A walk over every row of every service in a small cloud that has one of everything.

It reads first, at every version at which the document's schema changes, then writes, then reads
again what was not there before, then deletes. What it cannot bring to success (a server must be
stopped before it starts) the API tests' own conversations do.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from conformance.openapi.documents import SERVICES, Document, Number, list_edges
from conformance.openapi.judge import Exchange, judge_of
from conformance.openapi.not_openstack import NOT_OPENSTACK
from conformance.openapi.transport import Watch, watching
from every_route import NOWHERE, Request, World, running_world

_READ, _WRITE, _DELETE = 0, 1, 2
_ORDER = {"GET": _READ, "POST": _WRITE, "PUT": _WRITE, "PATCH": _WRITE, "DELETE": _DELETE}
_ENDING = ("os-force_delete", "forceDelete", "delete")
"""Actions after which a thing is gone."""

Statuses = dict[tuple[str, str], set[int]]
"""Of (service, operation): the statuses that its requests were answered with."""


async def drive(folder: Path, watch: Watch) -> Statuses:
    """Send every row's request; replies of success go to the watch."""
    statuses: Statuses = defaultdict(set)
    with watching(lambda exchange: None):
        async with running_world(folder) as world:
            token = await world.cloud.token("admin", "demo")
            # The audit is Pilvi's own: no document speaks of it.
            described = (one for one in world.requests() if one.service.name in SERVICES)
            requests = sorted(described, key=_place)
            with watching(watch):
                await _discover(world)
                for step in (_READ, _WRITE, _READ, _DELETE):
                    for request in requests:
                        if _step(request) == step:
                            await _send_all(world, request, token, statuses)
                            if step != _READ:
                                await world.cloud.settle()
                await _ask_for_refusals(world, token, statuses)
    return statuses


def _step(request: Request) -> int:
    is_ending = request.route.action in _ENDING
    return _DELETE if is_ending else _ORDER[request.route.method]


def _place(request: Request) -> tuple[int, int, str]:
    """Where a request comes in the walk.

    What is inside another thing goes before it; the project and the user who ask go last.
    """
    is_of_asker = request.service.name == "identity" and request.route.path.endswith(
        ("/{project_id}", "/{user_id}")
    )
    rank = 1 + is_of_asker if request.service.name == "identity" else 0
    if _step(request) != _DELETE:
        return rank, 0, ""
    return rank, -request.path.count("/"), request.path


async def _ask_for_refusals(world: World, token: str, statuses: Statuses) -> None:
    """Ask for what OpenStack itself refuses; it has to be refused here too."""
    for service, names in NOT_OPENSTACK.items():
        prefix = judge_of(service).document.prefix
        for name in names:
            method, _, path = name.partition(" ")
            target = prefix + re.sub(r"\{[^}]*\}", NOWHERE, path)
            headers = {"x-auth-token": token}
            reply = await world.cloud.http.request(method, target, headers=headers, json={})
            statuses[service, name].add(reply.status_code)


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
        found = judge.find(Exchange(request.route.method, path.partition("?")[0], 0, b""))
        known = set() if found is None else statuses[service.name, found.name]
        if request.route.method == "GET" and any(code < 400 for code in known):
            continue
        reply = await world.send(request, token, path=path)
        known.add(reply.status_code)
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
