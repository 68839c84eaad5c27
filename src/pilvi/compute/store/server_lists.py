"""Lists of servers: every filter is an indexed or bounded condition in SQL, never a regex."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select

from pilvi.compute.model.server import Server
from pilvi.compute.store.servers import read_server, select_servers
from pilvi.compute.store.tables import server_tags, servers
from pilvi.core.db import Transaction
from pilvi.core.db.paging import read_page
from pilvi.core.paging import Page

SORTS: dict[str, ColumnElement[Any]] = {
    "access_ip_v4": servers.c.access_ipv4,
    "access_ip_v6": servers.c.access_ipv6,
    "availability_zone": servers.c.availability_zone,
    "config_drive": servers.c.config_drive,
    "created_at": servers.c.created_at,
    "display_description": servers.c.description,
    "display_name": servers.c.name,
    "host": servers.c.host_id,
    "hostname": servers.c.hostname,
    "image_ref": servers.c.image_id,
    "instance_type_id": servers.c.flavor_id,
    "key_name": servers.c.key_name,
    "launch_index": servers.c.launch_index,
    "launched_at": servers.c.launched_at,
    "locked": servers.c.is_locked,
    "locked_by": servers.c.locked_by,
    "node": servers.c.host_id,
    "power_state": servers.c.power_state,
    "progress": servers.c.power_state,
    "project_id": servers.c.project_id,
    "task_state": servers.c.task_state,
    "terminated_at": servers.c.deleted_at,
    "updated_at": servers.c.updated_at,
    "user_id": servers.c.user_id,
    "uuid": servers.c.id,
    "vm_state": servers.c.vm_state,
}
"""What lists can be sorted by, as the API names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFilter:
    """Which servers a list holds."""

    project_id: str | None
    """None is every project."""
    is_deleted: bool | None = False
    """None is both."""
    equal: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Of columns: the values that count."""
    like: Mapping[str, str] = field(default_factory=dict)
    """Of columns: a LIKE pattern with `\\` as escape."""
    changed_since: datetime.datetime | None = None
    changed_before: datetime.datetime | None = None
    tags: Sequence[str] = ()
    tags_any: Sequence[str] = ()
    not_tags: Sequence[str] = ()
    not_tags_any: Sequence[str] = ()


async def list_servers(
    tx: Transaction, wanted: ServerFilter, page: Page
) -> tuple[list[Server], bool]:
    """One page of servers, and whether more follow."""
    query = select_servers().where(*_conditions(wanted))
    rows, more = await read_page(tx, query, servers, page, SORTS)
    return [read_server(row) for row in rows], more


def _conditions(wanted: ServerFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.project_id is not None:
        found.append(servers.c.project_id == wanted.project_id)
    if wanted.is_deleted is not None:
        is_gone = servers.c.deleted_at.is_not(None)
        found.append(is_gone if wanted.is_deleted else not_(is_gone))
    for name, values in wanted.equal.items():
        column = servers.c[name]
        some = [value for value in values if value is not None]
        matches = column.in_(some)
        found.append(or_(matches, column.is_(None)) if None in values else matches)
    for name, pattern in wanted.like.items():
        found.append(servers.c[name].ilike(pattern, escape="\\"))
    if wanted.changed_since is not None:
        found.append(servers.c.updated_at >= wanted.changed_since)
    if wanted.changed_before is not None:
        found.append(servers.c.updated_at <= wanted.changed_before)
    return found + _tag_conditions(wanted)


def _tag_conditions(wanted: ServerFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.tags:
        found.append(_has_all(wanted.tags))
    if wanted.tags_any:
        found.append(_has_any(wanted.tags_any))
    if wanted.not_tags:
        found.append(not_(_has_all(wanted.not_tags)))
    if wanted.not_tags_any:
        found.append(not_(_has_any(wanted.not_tags_any)))
    return found


def _has_any(tags: Sequence[str]) -> ColumnElement[bool]:
    query = select(server_tags.c.server_id).where(server_tags.c.tag.in_(list(tags)))
    return servers.c.id.in_(query)


def _has_all(tags: Sequence[str]) -> ColumnElement[bool]:
    distinct = sorted(set(tags))
    query = (
        select(server_tags.c.server_id)
        .where(server_tags.c.tag.in_(distinct))
        .group_by(server_tags.c.server_id)
        .having(func.count() == len(distinct))
    )
    return and_(servers.c.id.in_(query))
