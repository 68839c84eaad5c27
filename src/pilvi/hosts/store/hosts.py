"""Rows of hosts."""

from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, delete, insert, select, update

from pilvi.core.db import Prepared, Transaction, now
from pilvi.errors import NotFound
from pilvi.host_api.contract import HostFacts
from pilvi.hosts.model.host import Host, HostId
from pilvi.hosts.store.tables import hosts

_ALL = Prepared(select(hosts).order_by(hosts.c.name))
_BY_ID = Prepared(select(hosts).where(hosts.c.id == bindparam("of_id")))
_BY_NAME = Prepared(select(hosts).where(hosts.c.name == bindparam("of_name")))
_BY_CREDENTIAL = Prepared(select(hosts).where(hosts.c.credential_sha256 == bindparam("sha256")))
_INSERT = Prepared(insert(hosts))
_MINE = update(hosts).where(hosts.c.id == bindparam("of_id"))
_UPDATE = Prepared(_MINE)
_RAISE = Prepared(_MINE.values(revision=hosts.c.revision + 1).returning(hosts.c.revision))


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
        audit=row.audit,
        newest_report=(row.report_run, row.report_number),
    )


async def insert_host(tx: Transaction, id: HostId, name: str, credential_sha256: str) -> None:
    """Add a host that has not reported yet."""
    values = {"id": id, "name": name, "credential_sha256": credential_sha256}
    await tx.run(_INSERT, {**values, "created_at": now(), "revision": 0, "enabled": True})


async def list_hosts(tx: Transaction) -> list[Host]:
    """Every host, by name."""
    return [_host(row) for row in await tx.all(_ALL)]


async def get_host(tx: Transaction, id: str) -> Host:
    """One host. Raises `NotFound`."""
    row = await tx.first(_BY_ID, {"of_id": id})
    if row is None:
        raise NotFound(f"cannot find the host '{id}'")
    return _host(row)


async def find_host_by_name(tx: Transaction, name: str) -> Host | None:
    """The host of that name, or None."""
    row = await tx.first(_BY_NAME, {"of_name": name})
    return None if row is None else _host(row)


async def find_host_by_credential(tx: Transaction, credential_sha256: str) -> Host | None:
    """The host with that credential, or None."""
    row = await tx.first(_BY_CREDENTIAL, {"sha256": credential_sha256})
    return None if row is None else _host(row)


async def update_host(tx: Transaction, id: HostId, **values: Any) -> None:
    """Change columns of one host."""
    await tx.run(_UPDATE, {"of_id": id, **values})


async def delete_host(tx: Transaction, id: HostId) -> None:
    """Remove a host that nothing is assigned to."""
    await tx.run(delete(hosts).where(hosts.c.id == id))


async def raise_revision(tx: Transaction, id: HostId) -> int:
    """Count one more change for a host and return its new revision."""
    revision = await tx.scalar(_RAISE, {"of_id": id})
    if revision is None:
        raise NotFound(f"cannot find the host '{id}'")
    return int(revision)
