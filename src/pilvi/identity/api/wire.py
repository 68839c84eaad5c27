"""What the collections have in common on the wire: free fields, lists, links, moments."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from sqlalchemy import Row

from pilvi.core.http import Call
from pilvi.core.http.bodies import convert
from pilvi.core.paging import Page, parse_page
from pilvi.errors import InvalidRequest, NotFound
from pilvi.identity.store.rows import Wanted

Fields = TypeVar("Fields", bound=msgspec.Struct)
Unset = msgspec.UnsetType
UNSET = msgspec.UNSET

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=r"\S")]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern="^[a-zA-Z0-9-]+$")]
Line = Annotated[str, msgspec.Meta(max_length=255)]
Text = Annotated[str, msgspec.Meta(max_length=65536)]
Free = dict[str, Any]
"""A resource to which callers may add fields of their own, as the API reference allows."""

_SHADOWED = frozenset({"id", "links"})
_COMPARISONS = {
    # The databases differ in what else they take for the same, so no comparison minds the case.
    "contains": "icontains",
    "startswith": "istartswith",
    "endswith": "iendswith",
    "icontains": "icontains",
    "istartswith": "istartswith",
    "iendswith": "iendswith",
}
_NO = frozenset({"false", "0", "no", "off", "f", "n"})


def read_fields(given: Free, fields: type[Fields]) -> tuple[Fields, Free]:
    """The known fields of a resource, checked, and those that the caller added."""
    known = {field.encode_name for field in msgspec.structs.fields(fields)}
    own = {name: value for name, value in given.items() if name in known}
    extra = {n: v for n, v in given.items() if n not in known and n not in _SHADOWED}
    return convert(own, fields), extra


def set_fields(fields: msgspec.Struct, *names: str) -> Free:
    """The named fields that the caller gave; all when none is named."""
    chosen = names or fields.__struct_fields__
    values = {name: getattr(fields, name) for name in chosen}
    return {name: value for name, value in values.items() if value is not UNSET}


def merge_extra(kept: Mapping[str, Any], given: Free) -> Free:
    """A caller's own fields after a change; null takes one away."""
    return {name: value for name, value in {**kept, **given}.items() if value is not None}


def merge_options(kept: Mapping[str, Any], given: Free) -> Free:
    """A resource's options after a change; null takes one away."""
    return {name: value for name, value in {**kept, **given}.items() if value is not None}


def require(value: Any, noun: str, name: str = "name") -> Any:
    """A field that must be given. Raises `InvalidRequest`."""
    if value is UNSET or value is None:
        raise InvalidRequest(f"cannot create a {noun} without a {name}")
    return value


def link(call: Call[Any], path: str) -> dict[str, str]:
    """The link of a resource to itself."""
    return {"self": f"{call.service_url}/{path}"}


def show(row: Row[Any], *names: str) -> dict[str, Any]:
    """Columns of a row by name, over the fields that callers added."""
    extra = row.extra if "extra" in row._fields else {}
    return {**extra, **{name: getattr(row, name) for name in names}}


def page(
    call: Call[Any], name: str, rows: list[dict[str, Any]], more: bool = False
) -> dict[str, Any]:
    """A list as Keystone wraps it, with the link to the next page when more follow."""
    url = call.request.url
    following = None
    if more and rows:
        following = str(url.include_query_params(marker=rows[-1]["id"]))
    return {name: rows, "links": {"self": str(url), "next": following, "previous": None}}


def read_flag(text: str) -> bool:
    """A query parameter that is a flag; given without a value it is set."""
    return text.lower() not in _NO


def has_flag(call: Call[Any], name: str) -> bool:
    """Whether a flag is set in the query."""
    return name in call.query and read_flag(call.query[name])


def read_wanted(
    call: Call[Any], *texts: str, flags: Iterable[str] = (), paged: bool = False
) -> Wanted:
    """What the query asks of a list: equal texts, flags, and `NAME__contains` and its kin."""
    equal: dict[str, Any] = {name: call.query[name] for name in texts if name in call.query}
    equal |= {name: read_flag(call.query[name]) for name in flags if name in call.query}
    like = []
    for key, text in call.query.multi_items():
        name, _, comparison = key.partition("__")
        if name in texts and comparison in _COMPARISONS:
            like.append((name, _COMPARISONS[comparison], text))
    return Wanted(equal, like, _read_page(call) if paged else Page(None, None, (("id", False),)))


def _read_page(call: Call[Any]) -> Page:
    """Without a limit of its own a list is whole, as Keystone's is."""
    found = parse_page(call.query, sorts=(("name", False),))
    limit = found.limit if call.query.get("limit") else None
    return Page(limit, found.marker, found.sorts)


def refuse_unknown(call: Call[Any], noun: str, id: str) -> NotFound:
    """The error for what this caller may not know of."""
    return NotFound(f"cannot find the {noun} '{id}'")


def print_moment(moment: datetime.datetime | None, *, zone: bool = True) -> str | None:
    """A moment as Keystone writes it, to the microsecond."""
    if moment is None:
        return None
    text = moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text + "Z" if zone else text


def parse_moment(text: str | None) -> datetime.datetime | None:
    """A moment that a caller wrote, in UTC unless it says otherwise. Raises `InvalidRequest`."""
    if text is None:
        return None
    try:
        found = datetime.datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=datetime.UTC)
        return found.astimezone(datetime.UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(
            f"cannot read the moment '{text}': write it like 2030-01-31T12:00:00.000000Z"
        ) from error
