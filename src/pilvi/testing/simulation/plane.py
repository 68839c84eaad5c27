"""The control plane as a process that can be killed; its files stay."""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Engine, event
from starlette.types import ASGIApp

from pilvi.bootstrap import ControlPlane
from pilvi.core.db import Transaction
from pilvi.core.db.engine import SqliteDatabase, Wake
from pilvi.settings import Settings
from pilvi.testing.simulation.peers import Sessions, SimulatedPeers
from pilvi.testing.simulation.process import Process

# Pages that SQLite may use while the disk is not full: its own default.
PAGES_MAX = 0xFFFFFFFE

_compiled: list[Engine] = []
"""The first engine of this Python process: its compiled statements serve all later ones."""


class SimulatedDatabase(SqliteDatabase):
    """The database of one control plane, which may look at it and act on that a while later."""

    def __init__(self, url: str) -> None:
        super().__init__(url, durable=False)
        self.stale: Callable[[], float] = lambda: 0.0
        """Seconds that what was just read is old before anything is done with it."""

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """See `Database.read`."""
        async with super().read() as tx:
            yield tx
        if seconds := self.stale():
            await asyncio.sleep(seconds)


class SimulatedPlane:
    """One run of a control plane, from its start to its death."""

    def __init__(
        self, settings: Settings, sessions: Sessions | None = None, *, skew_s: float = 0.0
    ) -> None:
        self._process = Process("api", skew_s=skew_s)
        self._connections: list[sqlite3.Connection] = []
        self._deposits: list[Any] = []
        self.db = SimulatedDatabase(settings.database)
        self._prepare(self.db._engine)
        if sessions is None:
            self.plane = ControlPlane(settings, self.db)
        else:
            self.db.peers = peers = SimulatedPeers(sessions, self._process)
            peers.join()
            self.plane = ControlPlane(settings, self.db)
            self._tell(peers)
        self._app = self.plane.build_app()
        self._keep_deposits()
        self._process.at_death.append(self._drop)
        self._process.start(self._run())

    @property
    def app(self) -> ASGIApp:
        """What it serves."""
        return self._app

    @property
    def process(self) -> Process:
        """As which it runs."""
        return self._process

    @property
    def is_idle(self) -> bool:
        """Whether no reconciler has anything in work or waiting for its time."""
        return self.plane.idle

    def fill_disk(self, *, full: bool) -> None:
        """Leave the database no page more than it has, or give it room again."""
        for connection in self._connections:
            with contextlib.suppress(sqlite3.Error):
                connection.execute(f"PRAGMA max_page_count={1 if full else PAGES_MAX}")

    async def _run(self) -> None:
        async with self.plane.running():
            await asyncio.Event().wait()

    def _prepare(self, engine: Engine) -> None:
        if not _compiled:
            _compiled.append(engine)
        engine.dialect = _compiled[0].dialect
        engine._compiled_cache = _compiled[0]._compiled_cache

        @event.listens_for(engine, "connect")
        def keep(connection: sqlite3.Connection, _record: object) -> None:
            self._connections.append(connection)
            # Who finds it locked by another process looks again later, and blocks nobody.
            connection.execute("PRAGMA busy_timeout=0")

    def _tell(self, peers: SimulatedPeers) -> None:
        """Let the others hear of what this one commits."""
        take = self.db.on_commit

        def take_and_tell(wakes: Mapping[Wake, str]) -> None:
            take(wakes)
            peers.tell(wakes)

        self.db.on_commit = take_and_tell

    def _keep_deposits(self) -> None:
        """Know what is being written, to let go of it as the kernel does."""
        blobs = self.plane.blobs
        begin = blobs.open_deposit

        def begin_and_keep(upload_id: str) -> Any:
            deposit = begin(upload_id)
            self._deposits = [one for one in self._deposits if one._descriptor >= 0]
            self._deposits.append(deposit)
            return deposit

        blobs.open_deposit = begin_and_keep  # type: ignore[method-assign]  # as a process has it

    def _drop(self) -> None:
        """What the kernel does with the files of a process that died."""
        for connection in self._connections:
            connection.close()
        for deposit in self._deposits:
            if deposit._descriptor >= 0:
                os.close(deposit._descriptor)
                deposit._descriptor = -1
