"""Moving a whole cloud from one database to another: every row with its id, in constant memory.

Nobody writes to either meanwhile, or all is of one moment of the source; the target has all or
nothing of it.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from sqlalchemy import Row, Table, func, insert, literal, select, text, tuple_

from pilvi.core.db import Database, Transaction, open_database
from pilvi.errors import Conflict, Internal
from pilvi.migrations.tables import metadata

# Rows that are in memory at once. Lower: slower; higher: memory, a row of a console being 64 KiB.
BATCH = 200

_SET_COUNTER = "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), {last})"


async def copy_database(
    source_url: str,
    target_url: str,
    say: Callable[[str, int], None] = lambda table, rows: None,
    *,
    is_live: bool = False,
) -> int:
    """Copy every row between two databases of the newest revision; returns how many there are.

    `is_live` copies one moment of a source that is written to meanwhile.
    Raises `Conflict` for a target that is not empty, `Internal` when counts differ at the end;
    the target is then as it was.
    """
    source, target = open_database(source_url), open_database(target_url)
    try:
        transaction = source.read() if is_live else source.write()
        async with transaction as reading, target.write() as writing:
            await _require_empty(writing)
            copied = 0
            for table in metadata.sorted_tables:
                rows = await _copy_table(reading, writing, table)
                say(table.name, rows)
                copied += rows
            if target.peers is not None:
                await _set_counters(writing)
        return copied
    finally:
        await _close(source, target)


async def _close(*databases: Database) -> None:
    for database in databases:
        await database.close()


async def _require_empty(tx: Transaction) -> None:
    for table in metadata.sorted_tables:
        if await tx.first(select(literal(1)).select_from(table).limit(1)) is not None:
            raise Conflict(
                f"cannot copy into a database that is not empty: its table {table.name} has rows; "
                "name a database that was just made"
            )


async def _copy_table(reading: Transaction, writing: Transaction, table: Table) -> int:
    async for rows in _read_batches(reading, table):
        await writing.run(insert(table), [dict(row._mapping) for row in rows])
    counts = [await tx.scalar(select(func.count()).select_from(table)) for tx in (reading, writing)]
    if counts[0] != counts[1]:
        raise Internal(f"cannot copy {table.name}: {counts[0]} rows became {counts[1]}")
    return int(counts[0])


async def _read_batches(tx: Transaction, table: Table) -> AsyncIterator[Sequence[Row[Any]]]:
    """The rows of a table by primary key, so that no cursor holds them all."""
    key = list(table.primary_key.columns)
    query = select(table).order_by(*key).limit(BATCH)
    rows = await tx.all(query)
    while rows:
        yield rows
        last = [literal(rows[-1]._mapping[column], column.type) for column in key]
        rows = await tx.all(query.where(tuple_(*key) > tuple_(*last)))


async def _set_counters(tx: Transaction) -> None:
    """Let PostgreSQL count on where the rows end."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        last = await tx.scalar(select(func.max(column)))
        if last is not None:
            words = {"table": table.name, "column": column.name, "last": int(last)}
            await tx.all(text(_SET_COUNTER.format(**words)))
