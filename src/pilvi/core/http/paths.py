"""Every path of the API in one table: a request is compared with the few that it may be."""

from collections.abc import Iterable, Mapping
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

    def __init__(
        self,
        endpoints: Iterable[tuple[str, ASGIApp]],
        other_names: Mapping[str, str] | None = None,
    ) -> None:
        """`other_names`: starts of paths that stand for others; the scope tells which it was."""
        self._other_names = other_names or {}
        self._endpoints: dict[Key, list[tuple[str, ASGIApp]]] = {}
        for path, endpoint in endpoints:
            self._endpoints.setdefault(_key(path), []).append((path, endpoint))

    def matches(self, scope: Any) -> tuple[Match, Any]:
        """See `BaseRoute`."""
        if scope["type"] != "http":
            return Match.NONE, {}
        path = scope["path"]
        if (found := self._find(path)) is not None:
            return Match.FULL, found
        for name, root in self._other_names.items():
            if path.startswith(name + "/") and (found := self._find(root + path[len(name) :])):
                return Match.FULL, {**found, "pilvi.root": name}
        return Match.NONE, {}

    def _find(self, path: str) -> dict[str, Any] | None:
        words = path.split("/")
        for key in product((_third(words), None), (len(words), None)):
            for known, endpoint in self._endpoints.get(key, ()):
                if (found := _compile(known).match(path)) is not None:
                    return {"endpoint": endpoint, "path_params": found.groupdict()}
        return None

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """See `BaseRoute`."""
        await scope["endpoint"](scope, receive, send)


@cache
def _compile(path: str) -> Pattern[str]:
    """The pattern of a path, made when it is first looked at: a thousand delay the start."""
    return compile_path(path)[0]


@cache
def _key(path: str) -> Key:
    """Where a route is kept; None stands for any. Pure."""
    words = path.split("/")
    third = _third(words)
    is_open = ":path}" in path
    return None if third.startswith("{") else third, None if is_open else len(words)


def _third(words: list[str]) -> str:
    # The first word is the empty one before the leading slash.
    return words[3] if len(words) > 3 else ""
