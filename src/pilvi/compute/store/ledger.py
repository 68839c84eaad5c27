"""Everything of compute that an audit compares."""

from sqlalchemy import select

from pilvi.compute.model.server import Server
from pilvi.compute.store.servers import read_server, select_servers
from pilvi.compute.store.tables import consoles, servers
from pilvi.core.db import Transaction


async def list_console_ids(tx: Transaction) -> frozenset[str]:
    """Ids of the sessions of consoles, and of tokens for such."""
    return frozenset(row.id for row in await tx.all(select(consoles.c.id)))


async def list_living(tx: Transaction) -> list[tuple[Server, bool]]:
    """Every server that is not deleted, and whether nothing is left to do for it."""
    is_living = servers.c.deleted_at.is_(None)
    query = select(servers.c.id).where(is_living, servers.c.is_settled)
    settled = {row.id for row in await tx.all(query)}
    rows = await tx.all(select_servers().where(is_living))
    found = [read_server(row) for row in rows]
    return [(server, server.id in settled) for server in found]
