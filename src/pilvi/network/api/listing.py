"""Lists: filters, sorting, pages with links, and the choice of fields (Neutron API, "General")."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from pilvi.core.http import Call
from pilvi.core.numbers import parse_whole
from pilvi.core.paging import PAGE_LIMIT, Page
from pilvi.errors import InvalidRequest
from pilvi.network.store.listing import Listing

_RESERVED = {"limit", "marker", "sort_key", "sort_dir", "page_reverse", "fields"}


def parse_listing(call: Call[Any]) -> Listing:
    """Which part of a list a request asks for. Raises `InvalidRequest`."""
    values: dict[str, list[str]] = {}
    for name, value in call.query.multi_items():
        if name not in _RESERVED:
            values.setdefault(name, []).append(value)
    sorts = _parse_sorts(call)
    if is_reversed(call):
        sorts = tuple((key, not descending) for key, descending in sorts or (("id", False),))
    page = Page(limit=_parse_limit(call), marker=call.query.get("marker") or None, sorts=sorts)
    return Listing(project_id=call.caller.visible_project_id, page=page, values=values)


def is_reversed(call: Call[Any]) -> bool:
    """Whether the page before the marker is asked for."""
    return (call.query.get("page_reverse") or "").lower() in ("true", "1")


def _parse_limit(call: Call[Any]) -> int:
    text = call.query.get("limit")
    if text in (None, ""):
        return PAGE_LIMIT
    limit = parse_whole(str(text))
    if limit is None:
        raise InvalidRequest(f"cannot use limit '{text}': it must be a whole number, 0 or more")
    return min(limit, PAGE_LIMIT) or PAGE_LIMIT


def _parse_sorts(call: Call[Any]) -> tuple[tuple[str, bool], ...]:
    keys, directions = call.query.getlist("sort_key"), call.query.getlist("sort_dir")
    if directions and len(directions) != len(keys):
        raise InvalidRequest("cannot sort by these keys; give one sort_dir for each sort_key")
    for direction in directions:
        if direction not in ("asc", "desc"):
            raise InvalidRequest(f"cannot sort in direction '{direction}'; use asc or desc")
    return tuple(
        (key, bool(directions) and directions[number] == "desc") for number, key in enumerate(keys)
    )


def select_fields(call: Call[Any], body: dict[str, Any]) -> dict[str, Any]:
    """The fields that were asked for, or all."""
    fields = set(call.query.getlist("fields")) - {""}
    return {name: body[name] for name in body if name in fields} if fields else body


def page_of(
    call: Call[Any], name: str, bodies: Sequence[dict[str, Any]], more: bool
) -> dict[str, Any]:
    """A list as Neutron wraps it: links where there is a page before or after."""
    reversed_ = is_reversed(call)
    ordered = list(reversed(bodies)) if reversed_ else list(bodies)
    reply: dict[str, Any] = {name: [select_fields(call, body) for body in ordered]}
    has_next = bool(call.query.get("marker")) if reversed_ else more
    has_previous = more if reversed_ else bool(call.query.get("marker"))
    links = []
    if ordered and has_next:
        links.append({"rel": "next", "href": _link(call, ordered[-1]["id"], back=False)})
    if ordered and has_previous:
        links.append({"rel": "previous", "href": _link(call, ordered[0]["id"], back=True)})
    if links:
        reply[f"{name}_links"] = links
    return reply


def _link(call: Call[Any], marker: str, *, back: bool) -> str:
    kept = [item for item in call.query.multi_items() if item[0] not in ("marker", "page_reverse")]
    kept.append(("marker", marker))
    if back:
        kept.append(("page_reverse", "True"))
    return f"{call.base_url}{call.request.url.path}?{urlencode(kept)}"
