"""Engine and session: `Database.read()` and `Database.write()` give a `Transaction`.

SQLite statements take microseconds, so they run on the event loop; only the commit, which waits
for the disk, runs in a thread. PostgreSQL goes through asyncpg. Writers take turns: on SQLite by
a lock in this process and BEGIN IMMEDIATE, on PostgreSQL by an advisory lock.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Executable, Row, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from pilvi.core.db.prepared import PreparedQuery
from pilvi.errors import Conflict, InvalidRequest, Unavailable

Wake = tuple[str, str]
Rows = Sequence[Row[Any]]
Statement = Executable | PreparedQuery
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

# Seconds a writer waits for its turn. Lower: bursts are refused; higher: a hung writer holds all.
WRITER_WAIT_S = 30.0
# Open reading connections kept. Lower: opened again and again; higher: memory.
IDLE_READERS = 4


class Statements(Protocol):
    """How one database runs a statement inside a transaction."""

    async def execute(self, statement: Statement, parameters: Parameters) -> tuple[Rows, int]:
        """Run one statement: its rows (empty when it returns none) and how many it touched."""
        ...


class Transaction:
    """One transaction; what it wakes is woken after commit, not at all after rollback."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self.wakes: dict[Wake, None] = {}

    async def all(self, statement: Statement, parameters: Parameters = None) -> Rows:
        """Every row of a query, or of RETURNING.

        A statement that is made once, with `bindparam` for what varies, costs a tenth of one that
        is made for each run: hot queries are constants and get `parameters`. The hottest are a
        `PreparedQuery`.
        """
        rows, _ = await self._run(statement, parameters)
        return rows

    async def first(self, statement: Statement, parameters: Parameters = None) -> Row[Any] | None:
        """The first row, or None."""
        rows, _ = await self._run(statement, parameters)
        return rows[0] if rows else None

    async def scalar(self, statement: Statement, parameters: Parameters = None) -> Any:
        """The first column of the first row, or None."""
        row = await self.first(statement, parameters)
        return None if row is None else row[0]

    async def run(self, statement: Executable, parameters: Parameters = None) -> int:
        """Run a change and return how many rows it touched."""
        _, touched = await self._run(statement, parameters)
        return touched

    def wake(self, kind: str, id: str) -> None:
        """Have the reconciler of `kind` look at `id` after commit."""
        self.wakes[(kind, id)] = None

    async def _run(self, statement: Statement, parameters: Parameters) -> tuple[Rows, int]:
        try:
            return await self._statements.execute(statement, parameters)
        except IntegrityError as error:
            raise Conflict(
                "cannot save this: it is no longer unique or refers to something that is gone",
                detail=str(error.orig),
            ) from error
        except OperationalError as error:
            raise Unavailable(
                "cannot use the database right now; try again", detail=str(error.orig)
            ) from error
        except (OverflowError, UnicodeEncodeError) as error:
            raise InvalidRequest(_NO_VALUE, detail=str(error)) from error
        except DBAPIError as error:
            if not _is_bad_value(error.orig):
                raise
            raise InvalidRequest(_NO_VALUE, detail=str(error.orig)) from error


_NO_VALUE = "cannot keep a value of this request: a number is too large or a text has a NUL in it"


def _is_bad_value(error: BaseException | None) -> bool:
    """Whether PostgreSQL (class 22 of its errors) or asyncpg before it refused a value. Pure."""
    sqlstate = getattr(error, "sqlstate", None) or ""
    return sqlstate.startswith("22") or isinstance(getattr(error, "__cause__", None), ValueError)


class _InlineStatements:
    """Statements of SQLite, run where they stand."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: Statement, parameters: Parameters) -> tuple[Rows, int]:
        """Run one statement on the event loop; it takes microseconds."""
        if isinstance(statement, PreparedQuery):
            return self._query(statement, parameters), -1
        result = self._connection.execute(statement, parameters)
        return (result.all() if result.returns_rows else ()), result.rowcount

    def _query(self, query: PreparedQuery, parameters: Parameters) -> Rows:
        assert isinstance(parameters, Mapping)
        driver = self._connection.connection.cursor()
        try:
            found = driver.execute(query.sql, query.values(parameters)).fetchall()
        except sqlite3.OperationalError as error:
            raise OperationalError(query.sql, None, error) from error
        return [query.read(row) for row in found]


class Database(Protocol):
    """One database, either kind."""

    on_commit: Callable[[Iterable[Wake]], None]
    """Called with what a committed transaction woke."""

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that changes nothing and sees one moment."""
        ...

    def write(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that may change anything: committed at the end, rolled back on error."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


def open_database(url: str, *, durable: bool = True) -> Database:
    """Open the database at a SQLAlchemy URL: `sqlite:///FILE` or `postgresql://…`.

    With `durable=False` commits to SQLite do not wait for the disk: a lost machine loses them.
    """
    if make_url(url).get_backend_name() == "sqlite":
        return SqliteDatabase(url, durable=durable)
    from pilvi.core.db.postgres import PostgresDatabase  # asyncpg only where it is used

    return PostgresDatabase(url)


def create_sqlite_engine(url: str, *, durable: bool = True) -> Engine:
    """A SQLAlchemy engine for SQLite with the durability that we promise."""
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": WRITER_WAIT_S},
        pool_size=IDLE_READERS,
        max_overflow=-1,
        query_cache_size=2000,
        # The parameters hold password hashes and secrets; errors are logged whole.
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        synchronous = "FULL" if durable else "OFF"
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


class SqliteDatabase:
    """SQLite in WAL mode: readers never wait, writers take turns."""

    def __init__(self, url: str, *, durable: bool = True) -> None:
        self.on_commit: Callable[[Iterable[Wake]], None] = lambda wakes: None
        self._engine = create_sqlite_engine(url, durable=durable)
        self._writer = asyncio.Lock()
        self._readers: list[Connection] = []

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """See `Database.read`."""
        connection = self._readers.pop() if self._readers else self._engine.connect()
        # The driver's own words: through SQLAlchemy these two cost as much as a query.
        driver = connection.connection.cursor()
        driver.execute("BEGIN")
        try:
            yield Transaction(_InlineStatements(connection))
        finally:
            driver.execute("ROLLBACK")
            if len(self._readers) < IDLE_READERS:
                self._readers.append(connection)
            else:
                connection.close()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """See `Database.write`."""
        async with _turn(self._writer):
            with self._engine.connect() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                transaction = Transaction(_InlineStatements(connection))
                try:
                    yield transaction
                except BaseException:
                    connection.exec_driver_sql("ROLLBACK")
                    raise
                await _finish(asyncio.to_thread(connection.exec_driver_sql, "COMMIT"))
        if transaction.wakes:
            self.on_commit(transaction.wakes)

    async def close(self) -> None:
        """See `Database.close`."""
        while self._readers:
            self._readers.pop().close()
        self._engine.dispose()


@asynccontextmanager
async def _turn(lock: asyncio.Lock) -> AsyncIterator[None]:
    """Hold a lock, waiting for it no longer than `WRITER_WAIT_S`."""
    try:
        async with asyncio.timeout(WRITER_WAIT_S):
            await lock.acquire()
    except TimeoutError:
        raise Unavailable("cannot write to the database now: too many changes wait") from None
    try:
        yield
    finally:
        lock.release()


async def _finish(work: Any) -> None:
    """Await something to its end, also when the caller is cancelled meanwhile.

    A commit that has begun in a thread must be over before its connection is given to another.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
