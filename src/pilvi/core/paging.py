"""Which part of a list is asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pilvi.core.numbers import parse_whole
from pilvi.errors import InvalidRequest

# Rows in one reply when the caller names no limit, and at most. Lower: more requests for a big
# list; higher: a slow, large reply holds a worker.
PAGE_LIMIT = 1000


class Query(Protocol):
    """The query parameters of a request."""

    def get(self, key: str) -> str | None:
        """The last value of a parameter, or None."""
        ...

    def multi_items(self) -> list[tuple[str, str]]:
        """Every name and value, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    limit: int | None = PAGE_LIMIT
    """Rows at most; None is all."""
    marker: str | None = None
    """Id of the last row of the page before."""
    sorts: tuple[tuple[str, bool], ...] = field(default=(("created_at", True),))
    """Sort keys, each with whether it descends."""


def parse_page(
    query: Query,
    *,
    sorts: tuple[tuple[str, bool], ...] = (("created_at", True),),
    renamed: Mapping[str, str] | None = None,
) -> Page:
    """Read limit, marker, sort_key and sort_dir (repeated), or sort=key:dir,key:dir.

    `renamed` maps the API's sort keys to the store's. Raises `InvalidRequest` with what is wrong.
    """
    limit = PAGE_LIMIT
    if (text := query.get("limit")) not in (None, ""):
        wanted_limit = parse_whole(str(text))
        if wanted_limit is None:
            raise InvalidRequest(f"cannot use limit '{text}': it must be a whole number, 0 or more")
        limit = min(wanted_limit, PAGE_LIMIT) or PAGE_LIMIT
    wanted = tuple(_parse_sorts(query))
    if renamed:
        wanted = tuple((renamed.get(key, key), descending) for key, descending in wanted)
    return Page(limit=limit, marker=query.get("marker") or None, sorts=wanted or sorts)


def _parse_sorts(query: Query) -> Iterator[tuple[str, bool]]:
    keys = [value for name, value in query.multi_items() if name == "sort_key"]
    directions = [value for name, value in query.multi_items() if name == "sort_dir"]
    for part in (query.get("sort") or "").split(","):
        if part:
            key, _, direction = part.partition(":")
            keys.append(key)
            directions.append(direction or "desc")
    for number, key in enumerate(keys):
        direction = directions[number] if number < len(directions) else "desc"
        if direction not in ("asc", "desc"):
            raise InvalidRequest(f"cannot sort in direction '{direction}'; use asc or desc")
        yield key, direction == "desc"
