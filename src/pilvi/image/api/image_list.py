"""Lists of images: filters, sorting and links."""

import csv
import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from pilvi.core.http import Call
from pilvi.core.paging import parse_page
from pilvi.errors import InvalidRequest
from pilvi.image.api.images import render_image, viewer
from pilvi.image.model.image import Visibility
from pilvi.image.model.image_filter import ImageFilter, TimeOperator
from pilvi.image.model.member import MemberStatus
from pilvi.image.operations import images as operations

_PAGING = frozenset({"limit", "marker", "sort", "sort_key", "sort_dir"})
_LISTS = frozenset({"id", "name", "status", "disk_format", "container_format"})
_EXACT = {"owner": "owner", "checksum": "checksum", "os_hash_value": "sha512"}
_NUMBERS = {
    "size": "size_bytes",
    "virtual_size": "virtual_size_bytes",
    "min_disk": "min_disk_gib",
    "min_ram": "min_ram_mib",
}
_TIMES = frozenset({"created_at", "updated_at"})
_NUMBER_MAX = 2**63 - 1


async def list_images(call: Call[None]) -> dict[str, Any]:
    """One page of the images that the caller may see, with links to the first and next page."""
    items = call.query.multi_items()
    page = parse_page(call.query)
    wanted = parse_filter(items)
    images, more = await operations.list_images(call.tx, viewer(call), wanted, page)
    kept = [(name, value) for name, value in items if name != "marker"]
    body = {
        "images": [render_image(image) for image in images],
        "first": _link(kept),
        "schema": "/v2/schemas/images",
    }
    if more:
        body["next"] = _link([*kept, ("marker", images[-1].id)])
    return body


def _link(items: list[tuple[str, str]]) -> str:
    """A path with no service prefix, as Glance answers; clients resolve it by its version."""
    return "/v2/images" + (f"?{urlencode(items)}" if items else "")


def parse_filter(items: list[tuple[str, str]]) -> ImageFilter:
    """The filters in a query; a name that is no attribute is a property. Pure.

    Raises `InvalidRequest` with the filter that is wrong.
    """
    collected: dict[str, list[Any]] = {
        name: [] for name in ("anyof", "numbers", "times", "tags", "properties")
    }
    single: dict[str, Any] = {}
    for name, value in items:
        if "\0" in name + value:
            raise InvalidRequest("cannot filter by a text with a zero byte in it")
        if name in _PAGING:
            continue
        if name == "tag":
            collected["tags"].append(value.strip())
        elif name in _LISTS:
            collected["anyof"].append((name, _parse_list(name, value)))
        elif name in _EXACT:
            collected["anyof"].append((_EXACT[name], (value,)))
        elif name in _NUMBERS:
            collected["numbers"].append((_NUMBERS[name], _parse_number(name, value)))
        elif name in _TIMES:
            collected["times"].append((name, *_parse_time(name, value)))
        elif not _parse_single(name, value, single):
            collected["properties"].append((name, value))
    single.update((name, tuple(found)) for name, found in collected.items())
    return ImageFilter(**single)


def _parse_single(name: str, value: str, single: dict[str, Any]) -> bool:
    """Read a filter that is given once; whether it was one."""
    match name:
        case "size_min" | "size_max":
            single[name.replace("size_", "size_bytes_")] = _parse_number(name, value)
        case "protected":
            single["protected"] = _parse_bool(name, value)
        case "os_hidden":
            single["hidden"] = _parse_bool(name, value)
        case "visibility" if value == "all":
            single["all_visibilities"] = True
        case "visibility":
            single["visibility"] = _parse_choice(name, value, Visibility)
        case "member_status" if value == "all":
            single["member_status"] = None
        case "member_status":
            single["member_status"] = _parse_choice(name, value, MemberStatus)
        case "os_hash_algo":
            if value != "sha512":
                raise InvalidRequest("cannot filter by os_hash_algo: only sha512 is used")
        case _:
            return False
    return True


def _parse_choice(name: str, value: str, kind: type[Visibility] | type[MemberStatus]) -> StrEnum:
    try:
        return kind(value)
    except ValueError:
        known = ", ".join([*kind, "all"])
        raise InvalidRequest(f"cannot filter by {name} '{value}'; use one of: {known}") from None


def _parse_bool(name: str, value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise InvalidRequest(f"cannot filter by {name} '{value}'; use true or false")
    return value.lower() == "true"


def _parse_number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()) or len(value) > 19 or int(value) > _NUMBER_MAX:
        raise InvalidRequest(f"cannot filter by {name} '{value}': it must be a whole number")
    return int(value)


def _parse_list(name: str, value: str) -> tuple[str, ...]:
    """`in:a,"b,c"` as its values, `eq:a` and `a` as one."""
    operator, colon, rest = value.partition(":")
    if colon and operator == "in":
        try:
            return tuple(next(csv.reader([rest], skipinitialspace=True, strict=True), []))
        except csv.Error:
            raise InvalidRequest(
                f"cannot read the list in '{name}': a value with a comma stands in quotes"
            ) from None
    if colon and operator == "eq":
        return (rest,)
    return (value,)


def _parse_time(name: str, value: str) -> tuple[TimeOperator, datetime.datetime]:
    operator, colon, rest = value.partition(":")
    if not colon or operator not in list(TimeOperator):
        operator, rest = TimeOperator.EQ, value
    try:
        moment = datetime.datetime.fromisoformat(rest)
    except ValueError:
        raise InvalidRequest(
            f"cannot filter by {name} '{value}'; use a moment in ISO 8601, such as "
            "gte:2030-01-31T12:00:00Z"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return TimeOperator(operator), moment
