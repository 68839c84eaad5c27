"""Links in replies, and what several collections read from a request."""

import datetime
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from pilvi.compute.model.action import Actor
from pilvi.core.http import Call
from pilvi.core.paging import Page
from pilvi.errors import InvalidRequest


def self_links(call: Call[Any], collection: str, id: str) -> list[dict[str, str]]:
    """Links to one thing: with the API's version, and without for bookmarks."""
    return [
        {"rel": "self", "href": f"{call.service_url}/{collection}/{id}"},
        bookmark(call, collection, id),
    ]


def bookmark(call: Call[Any], collection: str, id: str) -> dict[str, str]:
    """A link without the API's version."""
    return {"rel": "bookmark", "href": f"{call.base_url}/compute/{collection}/{id}"}


def next_link(call: Call[Any], path: str, marker: str, page: Page) -> list[dict[str, str]]:
    """The link to the page after this one, with the query that was asked."""
    items = [(name, value) for name, value in call.query.multi_items() if name != "marker"]
    return [
        {
            "rel": "next",
            "href": f"{call.service_url}/{path}?{urlencode([*items, ('marker', marker)])}",
        }
    ]


def actor(call: Call[Any]) -> Actor:
    """Who asks, for an action record."""
    caller = call.caller
    return Actor(
        user_id=caller.user_id,
        project_id=caller.project_id or "",
        request_id=call.request_id,
        is_admin=caller.is_admin,
    )


def seconds(moment: datetime.datetime | None) -> str | None:
    """2013-09-03T04:01:32Z"""
    if moment is None:
        return None
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def microseconds(moment: datetime.datetime | None) -> str | None:
    """2013-09-23T13:37:00.880302"""
    if moment is None:
        return None
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds")


def parse_time(query: Mapping[str, str], name: str) -> datetime.datetime | None:
    """A moment in the query, in UTC where it names no zone. Raises `InvalidRequest`."""
    text = query.get(name)
    if text is None:
        return None
    try:
        moment = datetime.datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise InvalidRequest(
            f"cannot read '{name}': it is a time like 2024-01-31T12:00:00Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def parse_flag(name: str, text: str) -> bool:
    """A yes or no in a query. Raises `InvalidRequest`."""
    lowered = text.strip().lower()
    if lowered in ("1", "true", "t", "yes", "y", "on", ""):
        return True
    if lowered in ("0", "false", "f", "no", "n", "off"):
        return False
    raise InvalidRequest(f"cannot read '{name}': it is true or false")


def check_query(call: Call[Any], known: frozenset[str]) -> None:
    """Refuse query parameters that the version asked for does not know (2.75 and later)."""
    if "strict-query" not in call.flags:
        return
    for name in call.query:
        if name not in known:
            raise InvalidRequest(f"cannot use the query parameter '{name}' here")
