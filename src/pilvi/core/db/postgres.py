"""PostgreSQL through asyncpg.

Writers take turns: those of one process by a lock of its own, so that only the one whose turn it
is has a connection, and processes by an advisory lock, which lives as long as the transaction.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from pilvi.core.db.engine import (
    WRITER_WAIT_S,
    Parameters,
    Rows,
    Statement,
    Transaction,
    Wake,
    finish,
    is_away,
    turn,
)
from pilvi.core.db.peers import CHANNEL, KEEPALIVE, PostgresPeers, write_news
from pilvi.core.db.prepared import Prepared
from pilvi.errors import Unavailable

# The advisory lock of writers: any number, the same in every process.
WRITER_LOCK = 7_411_001
# Open connections kept, and at most. Lower: opened again and again, requests wait; higher: memory
# of the server, which by default accepts 100 in all.
CONNECTIONS_KEPT = 5
CONNECTIONS_MAX = 25
# Milliseconds that a transaction may do nothing. Lower: a stopped process loses its work sooner;
# higher: all writers wait longer for one that hangs.
IDLE_MS = 60_000

_LOCK = text(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
_TELL = text(f"SELECT pg_notify('{CHANNEL}', :payload)")


class _AsyncStatements:
    """Statements of PostgreSQL."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def execute(self, statement: Statement, parameters: Parameters) -> tuple[Rows, int]:
        """Run one statement through asyncpg."""
        if isinstance(statement, Prepared):
            statement = statement.statement
        result = await self._connection.execute(statement, parameters)
        return (result.all() if result.returns_rows else ()), result.rowcount


class PostgresDatabase:
    """PostgreSQL through asyncpg."""

    def __init__(self, url: str) -> None:
        self.on_commit: Callable[[Mapping[Wake, str]], None] = lambda wakes: None
        self.peers = PostgresPeers(url)
        self._writer = asyncio.Lock()
        options = {
            **KEEPALIVE,
            "lock_timeout": str(int(WRITER_WAIT_S * 1000)),
            "idle_in_transaction_session_timeout": str(IDLE_MS),
        }
        self._engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            query_cache_size=2000,
            hide_parameters=True,
            pool_size=CONNECTIONS_KEPT,
            max_overflow=CONNECTIONS_MAX - CONNECTIONS_KEPT,
            pool_timeout=WRITER_WAIT_S,
            connect_args={"server_settings": options},
        )

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """See `Database.read`."""
        async with self._connected() as connection:
            await connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            yield Transaction(_AsyncStatements(connection))

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """See `Database.write`."""
        async with turn(self._writer), self._connected() as connection:
            with _in_our_words():
                await connection.execute(_LOCK)
            transaction = Transaction(_AsyncStatements(connection))
            yield transaction
            told = [wake for wake in transaction.wakes if wake[0] in self.peers.told_kinds]
            with _in_our_words():
                for payload in write_news(self.peers.name, told):
                    await connection.execute(_TELL, {"payload": payload})
                await finish(connection.commit())
        if transaction.wakes:
            self.on_commit(transaction.wakes)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        """A connection, rolled back at the end unless it was committed."""
        connection = self._engine.connect()
        with _in_our_words():
            await connection.start()
        try:
            yield connection
        finally:
            await finish(connection.close())

    async def close(self) -> None:
        """See `Database.close`."""
        await self._engine.dispose()


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Raise `Unavailable` for a database that is away, or whose writers all wait."""
    try:
        yield
    except DBAPIError as error:
        if not is_away(error):
            raise
        detail = str(error.orig)
        raise Unavailable("cannot use the database right now; try again", detail=detail) from error
    except (OSError, PoolTimeoutError) as error:
        detail = f"{type(error).__name__}: {error}"
        raise Unavailable("cannot use the database right now; try again", detail=detail) from error
