"""PostgreSQL through asyncpg."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from pilvi.core.db.engine import Parameters, Rows, Statement, Transaction, Wake
from pilvi.core.db.prepared import PreparedQuery

# The advisory lock of writers: any number, the same in every process.
WRITER_LOCK = 7_411_001


class _AsyncStatements:
    """Statements of PostgreSQL."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def execute(self, statement: Statement, parameters: Parameters) -> tuple[Rows, int]:
        """Run one statement through asyncpg."""
        if isinstance(statement, PreparedQuery):
            statement = statement.select
        result = await self._connection.execute(statement, parameters)
        return (result.all() if result.returns_rows else ()), result.rowcount


class PostgresDatabase:
    """PostgreSQL through asyncpg."""

    def __init__(self, url: str) -> None:
        self.on_commit: Callable[[Iterable[Wake]], None] = lambda wakes: None
        self._engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            query_cache_size=2000,
            hide_parameters=True,
        )

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """See `Database.read`."""
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            yield Transaction(_AsyncStatements(connection))

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """See `Database.write`."""
        async with self._engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})"))
            transaction = Transaction(_AsyncStatements(connection))
            yield transaction
        if transaction.wakes:
            self.on_commit(transaction.wakes)

    async def close(self) -> None:
        """See `Database.close`."""
        await self._engine.dispose()
