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

from pilvi.core.db.prepared import Prepared
from pilvi.core.requests import current_request
from pilvi.errors import Conflict, InvalidRequest, Unavailable

Wake = tuple[str, str]
Rows = Sequence[Row[Any]]
Statement = Executable | Prepared
Parameters = Mapping[str, Any] | list[dict[str, Any]] | None

# Seconds a writer waits for its turn. Lower: bursts are refused; higher: a hung writer holds all.
WRITER_WAIT_S = 30.0
# Seconds that a statement waits for another process's lock while it holds up everything else.
# Lower: a moment's trouble is an error; higher: all requests wait meanwhile.
LOCKED_S = 0.05
# Seconds between looks whether another process still writes. Lower: more tries; higher: late after.
LOCKED_LOOK_S = 0.02
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
        self._execute = statements.execute
        self.wakes: dict[Wake, str] = {}
        """For which request each is woken."""

    async def all(self, statement: Statement, parameters: Parameters = None) -> Rows:
        """Every row of a query, or of RETURNING.

        A statement that is made once, with `bindparam` for what varies, costs a tenth of one that
        is made for each run: hot queries are constants and get `parameters`. The hottest are a
        `Prepared`.
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

    async def run(self, statement: Statement, parameters: Parameters = None) -> int:
        """Run a change and return how many rows it touched."""
        _, touched = await self._run(statement, parameters)
        return touched

    def wake(self, kind: str, id: str, request_id: str | None = None) -> None:
        """Have the reconciler of `kind` look at `id` after commit.

        It does so for the request that this transaction belongs to, unless another is named.
        """
        self.wakes[(kind, id)] = current_request() if request_id is None else request_id

    async def _run(self, statement: Statement, parameters: Parameters) -> tuple[Rows, int]:
        assert parameters != [], "without a row there is nothing to run"
        try:
            return await self._execute(statement, parameters)
        except IntegrityError as error:
            raise Conflict(
                "cannot save this: it is no longer unique or refers to something that is gone",
                detail=str(error.orig),
            ) from error
        except OperationalError as error:
            raise _unavailable(error.orig) from error
        except (OverflowError, UnicodeEncodeError) as error:
            raise InvalidRequest(_NO_VALUE, detail=str(error)) from error
        except DBAPIError as error:
            if is_away(error):
                raise _unavailable(error.orig) from error
            if not _is_bad_value(error.orig):
                raise
            raise InvalidRequest(_NO_VALUE, detail=str(error.orig)) from error


def _unavailable(error: BaseException | None) -> Unavailable:
    """The reason that users are told why a database cannot serve now. Pure."""
    words = "cannot use the database right now; try again"
    if "disk is full" in str(error):
        words = "cannot write to the database: its disk is full; try again when there is room"
    return Unavailable(words, detail=str(error))


_NO_VALUE = "cannot keep a value of this request: a number is too large or a text has a NUL in it"


def is_away(error: DBAPIError) -> bool:
    """Whether PostgreSQL cannot serve now: gone, stopping, starting, full, or all wait. Pure.

    Classes of its errors: 08 connections, 53 resources, 55P03 locks, 57 what an operator does,
    25P03 a transaction that did nothing for too long.
    """
    sqlstate = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or (
        sqlstate.startswith(("08", "53", "57")) or sqlstate in ("55P03", "25P03")
    )


def _is_bad_value(error: BaseException | None) -> bool:
    """Whether PostgreSQL (class 22 of its errors) or asyncpg before it refused a value. Pure."""
    sqlstate = getattr(error, "sqlstate", None) or ""
    return sqlstate.startswith("22") or isinstance(getattr(error, "__cause__", None), ValueError)


class _InlineStatements:
    """Statements of SQLite, run where they stand."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver: Any = connection.connection.driver_connection

    async def execute(self, statement: Statement, parameters: Parameters) -> tuple[Rows, int]:
        """Run one statement on the event loop; it takes microseconds."""
        if not isinstance(statement, Prepared):
            result = self._connection.execute(statement, parameters)
            return (result.all() if result.returns_rows else ()), result.rowcount
        many = parameters if isinstance(parameters, list) else None
        one = parameters or {} if not isinstance(parameters, list) else parameters[0]
        form = statement.form(one)
        try:
            if many is None:
                cursor = self._driver.execute(form.sql, form.values(one))
            else:
                cursor = self._driver.executemany(form.sql, map(form.values, many))
            return form.read(cursor.fetchall()), cursor.rowcount
        except sqlite3.Error as error:
            raise _WRAPPED.get(type(error), DBAPIError)(form.sql, None, error) from error


_WRAPPED: dict[type[sqlite3.Error], type[DBAPIError]] = {
    sqlite3.IntegrityError: IntegrityError,
    sqlite3.OperationalError: OperationalError,
}


class Peers(Protocol):
    """The other processes on one database, and this one's claims among theirs."""

    def listen(
        self,
        told_kinds: frozenset[str],
        on_news: Callable[[Iterable[Wake]], None],
        on_lost: Callable[[], None],
    ) -> None:
        """Tell the others of wake-ups of some kinds, and call one of these with what they tell.

        The other is called when a process is gone, and when some may have gone unseen.
        """
        ...

    def held(self, kind: str, id: str) -> AbstractAsyncContextManager[bool]:
        """See `pilvi.core.reconcile.claims.Claims`."""
        ...

    async def run(self) -> None:
        """Be one of them until cancelled."""
        ...


class Database(Protocol):
    """One database, either kind."""

    on_commit: Callable[[Mapping[Wake, str]], None]
    """Called with what a committed transaction woke, and for which request each."""

    @property
    def peers(self) -> Peers | None:
        """The other processes on this database; None where there can be none."""
        ...

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


def create_sqlite_engine(
    url: str, *, durable: bool = True, locked_s: float = WRITER_WAIT_S
) -> Engine:
    """A SQLAlchemy engine for SQLite with the durability that we promise.

    A statement waits `locked_s` seconds for what another process has locked.
    """
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": locked_s},
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
        self.on_commit: Callable[[Mapping[Wake, str]], None] = lambda wakes: None
        self.peers: Peers | None = None
        self._engine = create_sqlite_engine(url, durable=durable, locked_s=LOCKED_S)
        self._turn = asyncio.Lock()
        self._writer: Connection | None = None
        self._readers: list[Connection] = []

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """See `Database.read`."""
        connection = self._readers.pop() if self._readers else self._engine.connect()
        _say(connection, "BEGIN")
        try:
            yield Transaction(_InlineStatements(connection))
        finally:
            _say(connection, "ROLLBACK")
            if len(self._readers) < IDLE_READERS:
                self._readers.append(connection)
            else:
                connection.close()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """See `Database.write`."""
        async with turn(self._turn):
            connection = self._writer = self._writer or self._engine.connect()
            await _begin(connection)
            transaction = Transaction(_InlineStatements(connection))
            try:
                yield transaction
                await finish(asyncio.to_thread(_commit, connection))
            except BaseException:
                self._writer = None  # until it is known to be clean again
                _roll_back(connection)
                self._writer = connection
                raise
        if transaction.wakes:
            self.on_commit(transaction.wakes)

    async def close(self) -> None:
        """See `Database.close`."""
        while self._readers:
            self._readers.pop().close()
        if self._writer is not None:
            self._writer.close()
        self._engine.dispose()


async def _begin(connection: Connection) -> None:
    """Begin to write. While another process does (a person with a tool), requests go on.

    Raises `Unavailable` when it is still at it after `WRITER_WAIT_S`.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WRITER_WAIT_S
    while True:
        try:
            _say(connection, "BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if loop.time() >= deadline or "locked" not in str(error):
                raise Unavailable(
                    "cannot write to the database now: another process has locked it",
                    detail=str(error),
                ) from error
            await asyncio.sleep(LOCKED_LOOK_S)
        else:
            return


def _commit(connection: Connection) -> None:
    try:
        _say(connection, "COMMIT")
    except sqlite3.OperationalError as error:
        raise _unavailable(error) from error


def _roll_back(connection: Connection) -> None:
    """Undo a transaction, unless SQLite did so itself, as it does when the disk is full."""
    driver: Any = connection.connection.driver_connection
    if driver.in_transaction:
        _say(connection, "ROLLBACK")


def _say(connection: Connection, words: str) -> None:
    """Tell the driver: through SQLAlchemy such words cost as much as a query."""
    connection.connection.cursor().execute(words)


@asynccontextmanager
async def turn(lock: asyncio.Lock) -> AsyncIterator[None]:
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


async def finish(work: Any) -> None:
    """Await something to its end, also when the caller is cancelled meanwhile.

    A commit that has begun in a thread must be over before its connection is given to another.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
