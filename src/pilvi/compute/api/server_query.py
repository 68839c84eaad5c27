"""From the query of GET /servers to a filter and a page."""

import re
from typing import Any

from pilvi.compute.api.links import parse_flag, parse_time
from pilvi.compute.model.state import Status
from pilvi.compute.store.server_lists import SORTS, ServerFilter
from pilvi.core.http import Call
from pilvi.core.numbers import parse_whole
from pilvi.core.paging import Page, parse_page
from pilvi.errors import Forbidden, InvalidRequest

# Values of one filter. Lower: long tag lists are refused; higher: slow statements.
VALUES_MAX = 60

_ANYBODY = {
    "flavor": "flavor_id",
    "image": "image_id",
    "image_ref": "image_id",
    "reservation_id": "reservation_id",
    "uuid": "id",
}
_LATER_ANYBODY = {
    "availability_zone": "availability_zone",
    "config_drive": "config_drive",
    "key_name": "key_name",
    "user_id": "user_id",
    "vm_state": "vm_state",
    "task_state": "task_state",
    "power_state": "power_state",
}
"""For anybody from 2.83, for admins always."""
_ADMIN = {
    "launch_index": "launch_index",
    "locked_by": "locked_by",
}
_LIKE = {
    "name": "name",
    "display_name": "name",
    "description": "description",
    "display_description": "description",
    "hostname": "hostname",
    "access_ip_v4": "access_ipv4",
    "access_ip_v6": "access_ipv6",
}
_OTHER = frozenset(
    {
        "all_tenants",
        "auto_disk_config",
        "changes-before",
        "changes-since",
        "created_at",
        "deleted",
        "host",
        "ip",
        "ip6",
        "kernel_id",
        "launched_at",
        "limit",
        "locked",
        "marker",
        "node",
        "not-tags",
        "not-tags-any",
        "pinned_availability_zone",
        "progress",
        "project_id",
        "ramdisk_id",
        "root_device_name",
        "soft_deleted",
        "sort_dir",
        "sort_key",
        "status",
        "tags",
        "tags-any",
        "tenant_id",
        "terminated_at",
    }
)
KNOWN = frozenset({*_ANYBODY, *_LATER_ANYBODY, *_ADMIN, *_LIKE, *_OTHER})
"""Every query parameter; others are refused from 2.75."""

_NO_SUCH: tuple[Any, ...] = ("",)


def check_filters(call: Call[Any]) -> None:
    """Refuse parameters that nobody knows, where the version is strict."""
    if "strict-query" not in call.flags:
        return
    for name in call.query:
        if name not in KNOWN:
            raise InvalidRequest(f"cannot use the query parameter '{name}' here")


def read_page(call: Call[Any]) -> Page:
    """Limit, marker and sorts; what may not be sorted by is refused."""
    page = parse_page(call.query)
    if any(key in ("host", "node") for key, _ in page.sorts) and not call.caller.is_admin:
        raise Forbidden("cannot sort by host: that is for admins")
    if "locked-filter" not in call.flags and any(key == "locked" for key, _ in page.sorts):
        raise InvalidRequest("cannot sort by 'locked' before version 2.73")
    renamed = {"id": "uuid", "name": "display_name", "created": "created_at"}
    sorts = tuple((renamed.get(key, key), descending) for key, descending in page.sorts)
    known = [pair for pair in sorts if pair[0] in SORTS or "strict-query" in call.flags]
    # Unlike other services, Nova answers a limit of 0 with an empty list.
    limit = 0 if call.query.get("limit") == "0" else page.limit
    return Page(limit=limit, marker=page.marker, sorts=tuple(known) or Page().sorts)


def read_filter(call: Call[Any]) -> ServerFilter:
    """Which servers are asked for. Raises `InvalidRequest`, `Forbidden`."""
    check_filters(call)
    query = call.query
    since = parse_time(query, "changes-since")
    before = parse_time(query, "changes-before") if "changes-before" in call.flags else None
    if since is not None and before is not None and since > before:
        raise InvalidRequest("cannot list changes: changes-since is after changes-before")
    equal, is_deleted = _read_equal(call), _read_deleted(call)
    if since is not None and "deleted" not in query:
        is_deleted = None
    return ServerFilter(
        project_id=_read_project(call),
        is_deleted=is_deleted,
        equal=equal,
        like={_LIKE[name]: like_pattern(query[name]) for name in _LIKE if name in query},
        changed_since=since,
        changed_before=before,
        **_read_tags(call),
    )


def _read_project(call: Call[Any]) -> str | None:
    """Whose servers: one's own project's, unless an admin asks for all."""
    query = call.query
    everybody = "all_tenants" in query and parse_flag("all_tenants", query["all_tenants"])
    named = query.get("project_id") or query.get("tenant_id")
    if everybody and not call.caller.is_admin:
        raise Forbidden("cannot list the servers of all projects: that is for admins")
    if everybody:
        return named or None
    # Nova ignores the project that is named when all_tenants is not.
    return call.caller.project_id or ("" if not call.caller.is_admin else None)


def _read_deleted(call: Call[Any]) -> bool | None:
    if not call.caller.is_admin or "deleted" not in call.query:
        return False
    return parse_flag("deleted", call.query["deleted"])


def _read_equal(call: Call[Any]) -> dict[str, Any]:
    query, equal = call.query, dict[str, Any]()
    served = dict(_ANYBODY)
    if call.caller.is_admin or "more-filters" in call.flags:
        served |= _LATER_ANYBODY
    if call.caller.is_admin:
        served |= _ADMIN
    for name, column in served.items():
        if name in query:
            equal[column] = [_value(name, query[name])]
    if statuses := query.getlist("status"):
        equal["status"] = _read_statuses(call, statuses)
    if "locked" in query and "locked-filter" in call.flags:
        equal["is_locked"] = [parse_flag("locked", query["locked"])]
    return equal


def _value(name: str, text: str) -> Any:
    if name in ("power_state", "launch_index"):
        number = parse_whole(text, digits_max=9)
        if number is None:
            raise InvalidRequest(f"cannot read '{name}': it is a whole number")
        return number
    if name == "config_drive":
        return parse_flag(name, text)
    if name == "task_state" and text.lower() in ("", "none", "null"):
        return None
    return text.rstrip("/").rpartition("/")[2] if name in ("flavor", "image") else text


def _read_statuses(call: Call[Any], asked: list[str]) -> list[str]:
    known = {status.value for status in Status}
    statuses = [text.upper() for text in asked[:VALUES_MAX]]
    found = [status for status in statuses if status in known]
    if not found and "strict-status" in call.flags:
        raise InvalidRequest(f"cannot filter by status '{asked[0][:80]}': there is no such status")
    if Status.DELETED in found and not call.caller.is_admin:
        raise Forbidden("cannot list deleted servers: that is for admins")
    return found or list(_NO_SUCH)


def _read_tags(call: Call[Any]) -> dict[str, Any]:
    if "tags" not in call.flags:
        return {}
    names = {"tags": "tags", "tags-any": "tags_any"}
    names |= {"not-tags": "not_tags", "not-tags-any": "not_tags_any"}
    return {
        field: call.query[name].split(",")[:VALUES_MAX]
        for name, field in names.items()
        if call.query.get(name)
    }


def like_pattern(text: str) -> str:
    """A LIKE pattern for what Nova takes as a regular expression.

    `^`, `$`, `.`, `*` and `+` keep their meaning, and a class in brackets stands for any character;
    everything else stands for itself. Nobody's filter takes more than one pass over a name. Pure.
    """
    if len(text) > 255:
        raise InvalidRequest("cannot filter by more than 255 characters")
    starts, ends = text.startswith("^"), text.endswith("$") and not text.endswith("\\$")
    inner = text[1 if starts else 0 : len(text) - 1 if ends else len(text)]
    pieces = re.findall(r"\\.|(?:\.|\[[^\]]*\])[*+]?|.", inner, re.DOTALL)
    pattern = "".join(_like_piece(piece) for piece in pieces)
    return ("" if starts else "%") + pattern + ("" if ends else "%")


def _like_piece(piece: str) -> str:
    if piece[0] == "." or (piece[0] == "[" and len(piece) > 1):
        return {"*": "%", "+": "_%"}.get(piece[-1], "_")
    literal = piece[1] if len(piece) == 2 else piece
    return f"\\{literal}" if literal in "%_\\" else literal


def wanted_addresses(call: Call[Any]) -> tuple[str | None, str | None]:
    """The address filters: ip for anybody, ip6 for anybody from 2.5."""
    ip6 = call.query.get("ip6")
    if ip6 is not None and not (call.caller.is_admin or "ip6-filter" in call.flags):
        ip6 = None
    return call.query.get("ip"), ip6
