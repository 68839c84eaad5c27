"""Limits that are kept for other services: registered ones, and those of projects and domains."""

from typing import Annotated, Any

import msgspec
from sqlalchemy import Row

from pilvi.core.http import Call
from pilvi.errors import NotFound
from pilvi.identity.api.wire import (
    UNSET,
    Id,
    Line,
    Name,
    Unset,
    link,
    page,
    read_wanted,
    set_fields,
)
from pilvi.identity.operations import limits as operations

Amount = Annotated[int, msgspec.Meta(ge=-1, le=2**31 - 1)]
Region = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class RegisteredLimit(msgspec.Struct, forbid_unknown_fields=True):
    """What a registered limit is made of."""

    service_id: Id
    resource_name: Name
    default_limit: Amount
    region_id: Region | None = None
    description: Line | None = None


class RegisteredLimitsBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /v3/registered_limits."""

    registered_limits: Annotated[list[RegisteredLimit], msgspec.Meta(max_length=1000)]


class RegisteredLimitChange(msgspec.Struct, forbid_unknown_fields=True):
    """What can change of a registered limit."""

    service_id: Id | Unset = UNSET
    resource_name: Name | Unset = UNSET
    default_limit: Amount | Unset = UNSET
    region_id: Region | None | Unset = UNSET
    description: Line | None | Unset = UNSET


class RegisteredLimitBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PATCH /v3/registered_limits/{id}."""

    registered_limit: RegisteredLimitChange


class Limit(msgspec.Struct, forbid_unknown_fields=True):
    """What a limit of a project or domain is made of."""

    service_id: Id
    resource_name: Name
    resource_limit: Amount
    project_id: Id | None = None
    domain_id: Id | None = None
    region_id: Region | None = None
    description: Line | None = None


class LimitsBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /v3/limits."""

    limits: Annotated[list[Limit], msgspec.Meta(max_length=1000)]


class LimitChange(msgspec.Struct, forbid_unknown_fields=True):
    """What can change of a limit."""

    resource_limit: Amount | Unset = UNSET
    description: Line | None | Unset = UNSET


class LimitBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PATCH /v3/limits/{id}."""

    limit: LimitChange


_PLACE = ("service_id", "region_id", "resource_name")


def _render_registered(call: Call[Any], row: Row[Any]) -> dict[str, Any]:
    names = ("id", *_PLACE, "default_limit", "description")
    shown = {name: getattr(row, name) for name in names}
    return {**shown, "links": link(call, f"registered_limits/{row.id}")}


def _render(call: Call[Any], row: Row[Any]) -> dict[str, Any]:
    names = ("id", "project_id", "domain_id", *_PLACE, "resource_limit", "description")
    shown = {name: getattr(row, name) for name in names}
    return {**shown, "links": link(call, f"limits/{row.id}")}


async def list_registered_limits(call: Call[None]) -> dict[str, Any]:
    """The registered limits: what holds where nothing else is said."""
    found, more = await operations.list_registered_limits(call.tx, read_wanted(call, *_PLACE))
    return page(call, "registered_limits", [_render_registered(call, row) for row in found], more)


async def show_registered_limit(call: Call[None]) -> dict[str, Any]:
    """One registered limit."""
    id = call.path["registered_limit_id"]
    row = await operations.get_registered_limit(call.tx, id)
    return {"registered_limit": _render_registered(call, row)}


async def create_registered_limits(call: Call[RegisteredLimitsBody]) -> dict[str, Any]:
    """New registered limits: all or none."""
    made = [
        await operations.create_registered_limit(call.tx, **set_fields(one))
        for one in call.payload.registered_limits
    ]
    return {"registered_limits": [_render_registered(call, row) for row in made]}


async def update_registered_limit(call: Call[RegisteredLimitBody]) -> dict[str, Any]:
    """Change a registered limit that no limit refers to, or its number."""
    values = set_fields(call.payload.registered_limit)
    id = call.path["registered_limit_id"]
    row = await operations.update_registered_limit(call.tx, id, **values)
    return {"registered_limit": _render_registered(call, row)}


async def delete_registered_limit(call: Call[None]) -> None:
    """Remove a registered limit that no limit refers to."""
    await operations.delete_registered_limit(call.tx, call.path["registered_limit_id"])


async def show_limit_model(call: Call[None]) -> dict[str, Any]:
    """How limits are meant: each by itself, whatever is above or below."""
    sentence = "Each limit counts by itself; the hierarchy of projects does not matter."
    return {"model": {"name": "flat", "description": sentence}}


def _own(call: Call[Any]) -> dict[str, str] | None:
    """The columns by which a limit is the caller's own; None when it sees all."""
    caller = call.caller
    if caller.sees_system:
        return None
    if caller.domain_id is not None:
        return {"domain_id": caller.domain_id}
    return {"project_id": caller.project_id or ""}


async def list_limits(call: Call[None]) -> dict[str, Any]:
    """The limits: those of one's own project or domain, or every one."""
    wanted = read_wanted(call, "project_id", "domain_id", *_PLACE)
    found, more = await operations.list_limits(call.tx, wanted)
    own = _own(call)
    mine = [row for row in found if _is_own(row, own)]
    return page(call, "limits", [_render(call, row) for row in mine], more)


def _is_own(row: Row[Any], own: dict[str, str] | None) -> bool:
    return own is None or all(getattr(row, name) == value for name, value in own.items())


async def show_limit(call: Call[None]) -> dict[str, Any]:
    """One limit."""
    id = call.path["limit_id"]
    row = await operations.get_limit(call.tx, id)
    if not _is_own(row, _own(call)):
        raise NotFound(f"cannot find the limit '{id}'")
    return {"limit": _render(call, row)}


async def create_limits(call: Call[LimitsBody]) -> dict[str, Any]:
    """New limits of projects and domains: all or none."""
    made = [
        await operations.create_limit(call.tx, **set_fields(one)) for one in call.payload.limits
    ]
    return {"limits": [_render(call, row) for row in made]}


async def update_limit(call: Call[LimitBody]) -> dict[str, Any]:
    """Change a limit."""
    values = set_fields(call.payload.limit)
    row = await operations.update_limit(call.tx, call.path["limit_id"], **values)
    return {"limit": _render(call, row)}


async def delete_limit(call: Call[None]) -> None:
    """Remove a limit."""
    await operations.delete_limit(call.tx, call.path["limit_id"])
