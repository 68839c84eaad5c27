"""Every path of the API in one table: a request is compared with the few that it may be."""

from collections.abc import Iterable
from functools import cache
from itertools import product
from re import Pattern
from typing import Any

from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import ASGIApp

Key = tuple[str | None, int | None]


class PathTable(BaseRoute):
    """Endpoints by the third word of their path and by how many words it has.

    A literal third word (`/compute/v2.1/servers`) goes before a parameter there; among paths of
    one kind the order given counts.
    """

    def __init__(self, endpoints: Iterable[tuple[str, ASGIApp]]) -> None:
        self._endpoints: dict[Key, list[tuple[Pattern[str], ASGIApp]]] = {}
        for path, endpoint in endpoints:
            self._endpoints.setdefault(_key(path), []).append((_compile(path), endpoint))

    def matches(self, scope: Any) -> tuple[Match, Any]:
        """See `BaseRoute`."""
        if scope["type"] == "http":
            words = scope["path"].split("/")
            for key in product((_third(words), None), (len(words), None)):
                for pattern, endpoint in self._endpoints.get(key, ()):
                    if (found := pattern.match(scope["path"])) is not None:
                        return Match.FULL, {
                            "endpoint": endpoint,
                            "path_params": found.groupdict(),
                        }
        return Match.NONE, {}

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """See `BaseRoute`."""
        await scope["endpoint"](scope, receive, send)


@cache
def _compile(path: str) -> Pattern[str]:
    """The pattern of a path. The surface is the same for every cloud in a process."""
    return compile_path(path)[0]


def _key(path: str) -> Key:
    """Where a route is kept; None stands for any. Pure."""
    words = path.split("/")
    third = _third(words)
    is_open = ":path}" in path
    return None if third.startswith("{") else third, None if is_open else len(words)


def _third(words: list[str]) -> str:
    # The first word is the empty one before the leading slash.
    return words[3] if len(words) > 3 else ""
