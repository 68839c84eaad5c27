"""Every path of the API in one table: a request is compared with the few that it may be."""

from collections.abc import Iterable
from itertools import product
from typing import Any

from starlette.routing import BaseRoute, Match, Route

Key = tuple[str | None, int | None]


class PathTable(BaseRoute):
    """Routes by the third word of their path and by how many words it has.

    A literal third word (`/compute/v2.1/servers`) goes before a parameter there; among routes of
    one kind the order given counts.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[Key, list[Route]] = {}
        for route in routes:
            self._routes.setdefault(_key(route.path), []).append(route)

    def matches(self, scope: Any) -> tuple[Match, Any]:
        """See `BaseRoute`."""
        if scope["type"] == "http":
            words = scope["path"].split("/")
            for key in product((_third(words), None), (len(words), None)):
                for route in self._routes.get(key, ()):
                    match, found = route.matches(scope)
                    if match is not Match.NONE:
                        return match, found
        return Match.NONE, {}

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """See `BaseRoute`."""
        await scope["endpoint"](scope, receive, send)


def _key(path: str) -> Key:
    """Where a route is kept; None stands for any. Pure."""
    words = path.split("/")
    third = _third(words)
    is_open = ":path}" in path
    return None if third.startswith("{") else third, None if is_open else len(words)


def _third(words: list[str]) -> str:
    # The first word is the empty one before the leading slash.
    return words[3] if len(words) > 3 else ""
