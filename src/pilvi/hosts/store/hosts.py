"""Rows of hosts."""

from typing import Any

import msgspec
from sqlalchemy import Row, delete, insert, select, update

from pilvi.core.db import Transaction, now
from pilvi.errors import NotFound
from pilvi.host_api.contract import HostFacts
from pilvi.hosts.model.host import Host, HostId
from pilvi.hosts.store.tables import hosts


def _host(row: Row[Any]) -> Host:
    return Host(
        id=HostId(row.id),
        name=row.name,
        created_at=row.created_at,
        revision=row.revision,
        facts=None if row.facts is None else msgspec.convert(row.facts, HostFacts),
        seen_at=row.seen_at,
        enabled=row.enabled,
        disabled_reason=row.disabled_reason,
        forced_down=row.forced_down,
    )


async def insert_host(tx: Transaction, id: HostId, name: str, credential_sha256: str) -> None:
    """Add a host that has not reported yet."""
    values = {"id": id, "name": name, "credential_sha256": credential_sha256}
    await tx.run(insert(hosts).values(**values, created_at=now(), revision=0, enabled=True))


async def list_hosts(tx: Transaction) -> list[Host]:
    """Every host, by name."""
    return [_host(row) for row in await tx.all(select(hosts).order_by(hosts.c.name))]


async def get_host(tx: Transaction, id: str) -> Host:
    """One host. Raises `NotFound`."""
    row = await tx.first(select(hosts).where(hosts.c.id == id))
    if row is None:
        raise NotFound(f"cannot find the host '{id}'")
    return _host(row)


async def find_host_by_name(tx: Transaction, name: str) -> Host | None:
    """The host of that name, or None."""
    row = await tx.first(select(hosts).where(hosts.c.name == name))
    return None if row is None else _host(row)


async def find_host_by_credential(tx: Transaction, credential_sha256: str) -> Host | None:
    """The host with that credential, or None."""
    found = hosts.c.credential_sha256 == credential_sha256
    row = await tx.first(select(hosts).where(found))
    return None if row is None else _host(row)


async def update_host(tx: Transaction, id: HostId, **values: Any) -> None:
    """Change columns of one host."""
    await tx.run(update(hosts).where(hosts.c.id == id).values(**values))


async def delete_host(tx: Transaction, id: HostId) -> None:
    """Remove a host that nothing is assigned to."""
    await tx.run(delete(hosts).where(hosts.c.id == id))


async def raise_revision(tx: Transaction, id: HostId) -> int:
    """Count one more change for a host and return its new revision."""
    change = update(hosts).where(hosts.c.id == id).values(revision=hosts.c.revision + 1)
    revision = await tx.scalar(change.returning(hosts.c.revision))
    if revision is None:
        raise NotFound(f"cannot find the host '{id}'")
    return int(revision)
