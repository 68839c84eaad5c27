"""Every microversion that brings or ends rows or fields, held at its edge: made from the rows.

What a row changes by a flag or a conversion, a test of the service's own holds; it says so with
the mark `edge`, and `test_complete.py` asks that none is left out.
"""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from every_route import Request, World, running_world
from pilvi.core.http import Version
from quick_call import quick_call

pytestmark = pytest.mark.asyncio(loop_scope="module")

NO_ROW = "cannot find this path at the version asked for"
# Lists that are empty for the admin who asks; tests of compute's own look into them.
EMPTY = {"compute: GET /os-keypairs", "compute: GET /os-migrations"}
Number = tuple[int, int]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A cloud in which project demo has one of everything."""
    async with running_world(tmp_path_factory.mktemp("world")) as running:
        yield running


async def ask(world: World, request: Request, number: Number, body: Any = None) -> httpx.Response:
    """An admin's request at a version."""
    versions = request.service.versions
    assert versions is not None
    headers = {
        "x-auth-token": await world.cloud.token("admin", "demo"),
        "openstack-api-version": f"{versions.service} {number[0]}.{number[1]}",
        "content-type": "application/json",
    }
    content = b"" if body is None else json.dumps(body).encode()
    return await quick_call(world.cloud.app, request.route.method, request.path, headers, content)


def before(number: Number) -> Number:
    return number[0], number[1] - 1


def after(number: Number) -> Number:
    return number[0], number[1] + 1


def versioned(world: World) -> Iterator[Request]:
    """Requests to services with microversions, one of each row."""
    for request in world.requests():
        if request.service.versions is not None:
            yield request


async def test_fields_of_replies_begin_with_their_versions(world: World) -> None:
    wrong, fields = [], 0
    for request in versioned(world):
        if request.route.method != "GET":
            continue
        for row, path in _fields(request, "reply_fields"):
            seen = [await ask(world, request, at) for at in (before(row.number), row.number)]
            if not all(reply.status_code == 200 and reply.content for reply in seen):
                continue
            has = [bool(_find(reply.json(), path.split("."))) for reply in seen]
            fields += 1
            if has[0]:
                wrong.append(f"{request.name}: {path} before {row.number}")
            if not has[1] and request.name not in EMPTY:
                wrong.append(f"{request.name}: no {path} at {row.number}")
    assert wrong == [] and fields > 40


async def test_rows_begin_and_end_with_their_versions(world: World) -> None:
    wrong, rows = [], 0
    for request in versioned(world):
        versions, route = request.service.versions, request.route
        assert versions is not None
        path = (route.method, route.path, route.action)
        alike = [
            other
            for other in request.service.routes
            if other is not route and (other.method, other.path, other.action) == path
        ]
        # Asked without a body: a row that is there refuses that, one that is not is not found.
        for number, is_there in (
            *([(before(route.since), False), (route.since, True)] if route.since else []),
            *([(route.until, True), (after(route.until), False)] if route.until else []),
        ):
            if alike or not versions.minimum <= number <= versions.maximum:
                continue
            if route.method == "DELETE" and is_there:
                continue
            rows += 1
            reply = await ask(world, request, number, {route.action: {}} if route.action else None)
            is_missing = NO_ROW in reply.text or "cannot find an action" in reply.text
            if is_missing is is_there:
                wrong.append(f"{request.name} at {number}: {reply.status_code} {reply.text[:90]}")
    assert wrong == [] and rows > 200


async def test_fields_of_requests_begin_with_their_versions(world: World) -> None:
    wrong, fields = [], 0
    for request in versioned(world):
        for row, path in _fields(request, "request_fields"):
            if isinstance(request.body, dict):
                body = _with(request, path)
                fields += 1
                reply = await ask(world, request, before(row.number), body)
                told = f"came with {row.number[0]}.{row.number[1]}"
                if reply.status_code != 400 or told not in reply.text:
                    wrong.append(f"{request.name} {path}: {reply.status_code} {reply.text[:90]}")
    assert wrong == [] and fields > 20


def _fields(request: Request, which: str) -> Iterator[tuple[Version, str]]:
    versions = request.service.versions
    assert versions is not None
    since, until = request.route.since or versions.minimum, request.route.until
    for row in versions.rows:
        # A row of the surface that is as new as the field, or over by then, has one side only.
        if row.number > since and (until is None or row.number <= until):
            for path in getattr(row, which).get(request.route.name, ()):
                yield row, path


def _with(request: Request, path: str) -> dict[str, Any]:
    """The request's body with a field besides."""
    body: dict[str, Any] = json.loads(json.dumps(request.body))
    *steps, last = path.split(".")
    place: Any = body
    for step in steps:
        name = step.removesuffix("[]")
        place = place.setdefault(name, [{}] if step.endswith("[]") else {})
        if step.endswith("[]"):
            if not place:
                place.append({})
            place = place[0]
    place.setdefault(last, "x")
    return body


def _find(value: Any, steps: list[str]) -> list[Any]:
    """What is at a path of fields, in every place of its lists."""
    if not steps:
        return [value]
    name, is_list = steps[0].removesuffix("[]"), steps[0].endswith("[]")
    if not isinstance(value, dict) or name not in value:
        return []
    if not is_list:
        return _find(value[name], steps[1:])
    return [found for one in value[name] for found in _find(one, steps[1:])]
