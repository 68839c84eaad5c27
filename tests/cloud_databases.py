"""PostgreSQL databases for whole clouds, with `--database postgresql`: one for each at a time.

A database is made once and given out again and again. Putting a cloud's first contents into it is
one script: every row goes, and those of the snapshot, kept in a schema of their own, come back.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from databases import EMPTY, run_admin
from pilvi.migrations import upgrade_database
from pilvi.migrations.copy import copy_database
from pilvi.migrations.tables import metadata

SQLITE_FILE = "api/pilvi.db"


@dataclass
class CloudDatabases:
    """The databases of one server, and which of them are free."""

    url: str
    """Pattern of the server's URLs."""
    _free: list[str] = field(default_factory=list)
    _count: int = 0
    _scripts: dict[tuple[str, int], str] = field(default_factory=dict)
    _snapshots: list[Any] = field(default_factory=list)
    """Kept, so that no other object gets the same identity."""

    @asynccontextmanager
    async def holding(self, files: Mapping[str, bytes]) -> AsyncIterator[str]:
        """The URL of a database that holds what the SQLite file among a snapshot's files holds."""
        name = self._free.pop() if self._free else await self._make()
        url = self.url.format(name=name)
        try:
            await self._fill(name, url, files)
            yield url
        finally:
            self._free.append(name)

    async def _make(self) -> str:
        self._count += 1
        name = f"cloud_{self._count}"
        await run_admin(self.url, f"CREATE DATABASE {name}")
        await asyncio.to_thread(upgrade_database, self.url.format(name=name))
        return name

    async def _fill(self, name: str, url: str, files: Mapping[str, bytes]) -> None:
        key = name, id(files)
        session: Any = await asyncpg.connect(url)
        try:
            if key not in self._scripts:
                await session.execute(str(EMPTY))
                self._scripts[key] = await self._keep(session, url, files)
            await session.execute(self._scripts[key])
        finally:
            await session.close()

    async def _keep(self, session: Any, url: str, files: Mapping[str, bytes]) -> str:
        """Copy a snapshot into a schema of its own; returns the script that brings it back."""
        self._snapshots.append(files)
        schema = f"snapshot_{len(self._snapshots)}"
        script = [str(EMPTY), "SET session_replication_role = replica"]
        if SQLITE_FILE in files:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "snapshot.db")
                path.write_bytes(files[SQLITE_FILE])
                log = files.get(f"{SQLITE_FILE}-wal")
                if log is not None:
                    Path(folder, "snapshot.db-wal").write_bytes(log)
                await copy_database(f"sqlite:///{path}", url)
        await session.execute(f"CREATE SCHEMA {schema}")
        for table in metadata.sorted_tables:
            if await session.fetchval(f"SELECT EXISTS (SELECT FROM {table.name})"):
                kept = f"{schema}.{table.name}"
                await session.execute(f"CREATE TABLE {kept} AS SELECT * FROM {table.name}")
                script.append(f"INSERT INTO {table.name} SELECT * FROM {kept}")
                column = table.autoincrement_column
                if column is not None:
                    counter = f"pg_get_serial_sequence('{table.name}', '{column.name}')"
                    last = f"max({column.name})"
                    script.append(f"SELECT setval({counter}, {last}) FROM {kept}")
        return ";\n".join(script)


DATABASES: dict[str, CloudDatabases] = {}
"""Under "postgresql" while the tests of this process run on it."""
