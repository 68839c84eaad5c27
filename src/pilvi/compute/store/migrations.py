"""Rows of migrations: records that outlive what they tell of."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, insert, select, update

from pilvi.compute.model.migration import Migration, MigrationStatus, MigrationType
from pilvi.compute.store.tables import migrations
from pilvi.core.db import Transaction, now
from pilvi.core.paging import Page
from pilvi.errors import InvalidRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationFilter:
    """Which migrations a list holds."""

    equal: Mapping[str, Any] = field(default_factory=dict)
    """Of columns: the value that counts."""
    host_id: str | None = None
    """Either end."""
    changed_since: datetime.datetime | None = None
    changed_before: datetime.datetime | None = None


def _migration(row: Row[Any]) -> Migration:
    values = dict(row._mapping)
    values["type"] = MigrationType(values["type"])
    values["status"] = MigrationStatus(values["status"])
    return Migration(**values)


async def insert_migration(tx: Transaction, **values: Any) -> None:
    """Add a record."""
    moment = now()
    await tx.run(insert(migrations).values(created_at=moment, updated_at=moment, **values))


async def update_migration(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a record."""
    mine = migrations.c.id == id
    await tx.run(update(migrations).where(mine).values(updated_at=now(), **values))


async def list_migrations(
    tx: Transaction, wanted: MigrationFilter, page: Page
) -> tuple[list[Migration], bool]:
    """One page of records, newest first, and whether more follow."""
    query = select(migrations).order_by(migrations.c.number.desc())
    for name, value in wanted.equal.items():
        query = query.where(migrations.c[name] == value)
    if wanted.host_id is not None:
        at_either_end = (migrations.c.source_host_id == wanted.host_id) | (
            migrations.c.target_host_id == wanted.host_id
        )
        query = query.where(at_either_end)
    if wanted.changed_since is not None:
        query = query.where(migrations.c.updated_at >= wanted.changed_since)
    if wanted.changed_before is not None:
        query = query.where(migrations.c.updated_at <= wanted.changed_before)
    if page.marker is not None:
        marker = await tx.scalar(select(migrations.c.number).where(migrations.c.id == page.marker))
        if marker is None:
            raise InvalidRequest(f"cannot find the marker '{page.marker}'")
        query = query.where(migrations.c.number < marker)
    if page.limit is not None:
        query = query.limit(page.limit + 1)
    found = [_migration(row) for row in await tx.all(query)]
    if page.limit is None:
        return found, False
    return found[: page.limit], len(found) > page.limit
