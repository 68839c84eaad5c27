"""Resizes and migrations, for admins."""

import zlib
from typing import Any

import msgspec

from pilvi.compute.api.links import check_query, microseconds, next_link, parse_time
from pilvi.compute.api.servers import get_called
from pilvi.compute.model.migration import Migration
from pilvi.compute.store import migrations as store
from pilvi.compute.store.migrations import MigrationFilter
from pilvi.core.http import Call
from pilvi.core.paging import Page, parse_page
from pilvi.errors import InvalidRequest, NotFound
from pilvi.hosts.operations.hosts import list_hosts

_QUERY = frozenset(
    {
        "changes-before",
        "changes-since",
        "hidden",
        "host",
        "instance_uuid",
        "limit",
        "marker",
        "migration_type",
        "project_id",
        "source_compute",
        "status",
        "user_id",
    }
)
_COLUMNS = {"instance_uuid": "server_id", "migration_type": "type", "status": "status"}
_OWNERS = {"project_id": "project_id", "user_id": "user_id"}


class ForceComplete(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `force_complete`: nothing."""


async def list_migrations(call: Call[None]) -> dict[str, Any]:
    """Resizes and migrations, newest first."""
    page, names = Page(limit=None), {str(one.id): one.name for one in await list_hosts(call.tx)}
    if "migration-paging" in call.flags:
        page = parse_page(call.query)
    check_query(call, _QUERY)
    found, more = await store.list_migrations(call.tx, _read_filter(call, names), page)
    body: dict[str, Any] = {"migrations": [_render(one, names) for one in found]}
    if more:
        body["migrations_links"] = next_link(call, "os-migrations", found[-1].id, page)
    return body


def _read_filter(call: Call[None], names: dict[str, str]) -> MigrationFilter:
    query = call.query
    columns = _COLUMNS | (_OWNERS if "migration-owner" in call.flags else {})
    equal = {column: query[name] for name, column in columns.items() if name in query}
    ids = {name: id for id, name in names.items()}
    if "source_compute" in query:
        equal["source_host_id"] = ids.get(query["source_compute"], "")
    since = before = None
    if "migration-paging" in call.flags:
        since = parse_time(query, "changes-since")
    if "changes-before" in call.flags:
        before = parse_time(query, "changes-before")
    if since is not None and before is not None and since > before:
        raise InvalidRequest("cannot list changes: changes-since is after changes-before")
    host_id = ids.get(query["host"], "") if "host" in query else None
    return MigrationFilter(equal=equal, host_id=host_id, changed_since=since, changed_before=before)


def _render(migration: Migration, names: dict[str, str]) -> dict[str, Any]:
    source = names.get(migration.source_host_id)
    target = names.get(migration.target_host_id or "")
    return {
        "id": migration.number,
        "uuid": migration.id,
        "instance_uuid": migration.server_id,
        "migration_type": migration.type,
        "status": migration.status,
        "source_compute": source,
        "source_node": source,
        "dest_compute": target,
        "dest_node": target,
        "dest_host": target,
        "old_instance_type_id": _flavor_number(migration.old_flavor_id),
        "new_instance_type_id": _flavor_number(migration.new_flavor_id),
        "user_id": migration.user_id,
        "project_id": migration.project_id,
        "created_at": microseconds(migration.created_at),
        "updated_at": microseconds(migration.updated_at),
    }


def _flavor_number(id: str) -> int:
    """A number for a flavor, always the same: the API has one where we have an id. Pure."""
    return int(id) if id.isdigit() and len(id) < 10 else zlib.crc32(id.encode()) & 0x7FFFFFFF


async def list_server_migrations(call: Call[None]) -> dict[str, Any]:
    """The live migrations of a server that are under way: none ever is."""
    await get_called(call)
    return {"migrations": []}


async def refuse_server_migration(call: Call[Any]) -> None:
    """No live migration is there to be shown, forced or cancelled."""
    server = await get_called(call)
    id = call.path["migration_id"]
    raise NotFound(f"cannot find the live migration '{id[:80]}' of server {server.id}")
