"""Which route a path finds."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from pilvi.core.http.paths import PathTable

PATHS = (
    "/compute",
    "/compute/v2.1",
    "/compute/v2.1/{project}/servers",
    "/compute/v2.1/servers",
    "/compute/v2.1/servers/detail",
    "/compute/v2.1/servers/{id}",
    "/volume/v3/{project}/types/{id}/specs/{key:path}",
    "/placement/",
)

OTHER_NAMES = {"/compute/v2": "/compute/v2.1"}


class _Endpoint:
    def __init__(self, path: str) -> None:
        self._path = path

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        values = "".join(f" {value}" for value in Request(scope).path_params.values())
        values += f" as {scope['pilvi.root']}" if "pilvi.root" in scope else ""
        await PlainTextResponse(self._path + values)(scope, receive, send)


@pytest.fixture
def client() -> TestClient:
    table = PathTable(((path, _Endpoint(path)) for path in PATHS), OTHER_NAMES)
    app = Starlette(routes=[table])
    app.router.redirect_slashes = False
    return TestClient(app)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/compute", "/compute"),
        ("/compute/v2.1", "/compute/v2.1"),
        ("/compute/v2.1/servers", "/compute/v2.1/servers"),
        ("/compute/v2.1/servers/detail", "/compute/v2.1/servers/detail"),
        ("/compute/v2.1/servers/one", "/compute/v2.1/servers/{id} one"),
        ("/compute/v2.1/p1/servers", "/compute/v2.1/{project}/servers p1"),
        ("/volume/v3/p/types/t/specs/a/b", f"{PATHS[6]} p t a/b"),
        ("/placement/", "/placement/"),
        ("/compute/v2/servers", "/compute/v2.1/servers as /compute/v2"),
        ("/compute/v2/servers/one", "/compute/v2.1/servers/{id} one as /compute/v2"),
    ],
)
def test_the_route_of_a_path(client: TestClient, path: str, found: str) -> None:
    assert client.get(path).text == found


def test_a_literal_word_goes_before_a_parameter(client: TestClient) -> None:
    # The route with the parameter was given first.
    assert client.get("/compute/v2.1/servers/servers").text.endswith("{id} servers")


@pytest.mark.parametrize(
    "path", ["/", "/compute/", "/compute/v2.1/servers/one/two", "/compute/v2/x/y/z", "/other/x/y"]
)
def test_unknown_paths_are_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
