"""What stands between objects and their wishes: noted always, written only when it changes."""

import asyncio
from collections.abc import Collection, Sequence

import pytest

from pilvi.core.db import Database
from pilvi.core.db.progress import DatabaseProgress, find_progress, list_all_progress
from pilvi.core.reconcile import Again, Done, Limits, Loop, Progress, ProgressLog, Result, Waits
from pilvi.core.reconcile import progress as module
from pilvi.errors import Unavailable


class Store:
    """Keeps what is written, and counts the transactions."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Progress] = {}
        self.writes = 0

    async def list_all(self) -> Sequence[Progress]:
        return [*self.rows.values()]

    async def write(self, changed: Sequence[Progress], gone: Collection[tuple[str, str]]) -> None:
        self.writes += 1
        for key in gone:
            self.rows.pop(key, None)
        for one in changed:
            self.rows[one.kind, one.id] = one


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUIET_S", 0.0)


async def test_what_settles_soon_is_never_written() -> None:
    store = Store()
    log = ProgressLog(store)
    log.note("server", "a", "its host")
    await log.flush()
    log.settle("server", "a")
    await log.flush()
    assert store.writes == 0


@pytest.mark.usefixtures("at_once")
async def test_a_look_that_finds_nothing_new_writes_nothing() -> None:
    store = Store()
    log = ProgressLog(store)
    log.note("server", "a", "its host")
    await log.flush()
    since = store.rows["server", "a"].since
    for _ in range(5):
        log.note("server", "a", "its host")
        await log.flush()
    assert store.writes == 1
    log.note("server", "a", "", 3, "cannot reach the disk")
    await log.flush()
    kept = store.rows["server", "a"]
    assert store.writes == 2 and kept.since == since
    assert (kept.tries, kept.last_error) == (3, "cannot reach the disk")
    assert kept.sentence.startswith("tried 3 times, the last time: cannot reach the disk (since 2")
    log.settle("server", "a")
    await log.flush()
    assert store.rows == {} and store.writes == 3


@pytest.mark.usefixtures("at_once")
async def test_a_list_begins_and_ends_what_no_reconciler_speaks_of() -> None:
    store = Store()
    log = ProgressLog(store)
    log.note("server", "s", "its host")
    log.note_list("port", ["a", "b"])
    await log.flush()
    since = store.rows["port", "a"].since
    log.settle("port", "a")
    await log.flush()
    assert ("port", "a") not in store.rows
    log.note_list("port", ["a", "b"])
    await log.flush()
    assert store.rows["port", "a"].since == since
    assert set(store.rows) == {("server", "s"), ("port", "a"), ("port", "b")}
    assert store.rows["port", "a"].sentence.startswith("under way (since ")
    log.note_list("port", ["b"])
    log.note_list("server", [])
    await log.flush()
    assert set(store.rows) == {("port", "b")}


@pytest.mark.usefixtures("at_once")
async def test_what_was_under_way_before_a_restart_keeps_its_age(db: Database) -> None:
    store = DatabaseProgress(db)
    first = ProgressLog(store)
    first.note("server", "a", "its host")
    first.note("server", "b", "its host")
    await first.flush()
    async with db.read() as tx:
        before = await find_progress(tx, "server", "a")
    again = ProgressLog(store)
    again.note("server", "a", "its volumes")
    task = asyncio.create_task(again.run())
    try:
        async with asyncio.timeout(10):
            while True:
                again.note_list("server", ["a"])
                async with db.read() as tx:
                    rows = await list_all_progress(tx)
                if [(one.id, one.waits_for) for one in rows] == [("a", "its volumes")]:
                    break
                await asyncio.sleep(0.05)
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert before is not None and rows[0].since == before.since


class Thing:
    """A reconciler of one object that does what the test says."""

    kind = "thing"

    def __init__(self) -> None:
        self.result: Result | Exception = Waits("somebody")
        self.looks = 0

    async def reconcile(self, id: str) -> Result:
        self.looks += 1
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    async def list_unsettled(self) -> Sequence[str]:
        return [] if isinstance(self.result, Done) else ["x"]

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        return None


async def test_a_loop_notes_each_outcome() -> None:
    log, thing = ProgressLog(Store()), Thing()
    loop = Loop([thing], Limits(retry_s_min=0.001, retry_s_max=0.002), progress=log)
    task = asyncio.create_task(loop.run())

    async def until(words: str) -> None:
        async with asyncio.timeout(20):
            while not any(words in one.sentence for one in log.list_found()):
                loop.wake("thing", "x")
                await asyncio.sleep(0.002)

    try:
        await until("waiting for somebody")
        since = log.list_found()[0].since
        thing.result = Again(0.001, "a copy")
        await until("waiting for a copy")
        thing.result = Unavailable("cannot reach the disk")
        await until("times, the last time: cannot reach the disk")
        thing.result = ValueError("secret/path")
        await until("an internal error, which the log explains")
        assert log.list_found()[0].since == since
        thing.result = Done()
        async with asyncio.timeout(20):
            while log.list_found():
                loop.wake("thing", "x")
                await asyncio.sleep(0.002)
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.mark.usefixtures("at_once")
async def test_who_knows_nothing_leaves_alone_what_another_process_says(db: Database) -> None:
    store = DatabaseProgress(db)
    worker, other = ProgressLog(store), ProgressLog(store)
    worker.note("server", "a", "its host")
    await worker.flush()
    other.note_list("server", ["a", "b"])
    await other.flush()
    async with db.read() as tx:
        rows = {one.id: one.waits_for for one in await list_all_progress(tx)}
    assert rows == {"a": "its host", "b": ""}


@pytest.mark.usefixtures("at_once")
async def test_what_a_process_wrote_that_is_gone_is_cleared_by_the_others(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FLUSH_S", 0.01)
    store = DatabaseProgress(db)
    dead, other = ProgressLog(store), ProgressLog(store)
    task = asyncio.create_task(other.run())
    try:
        await asyncio.sleep(0.1)
        for id in ("settled", "waits"):
            dead.note("server", id, "its host")
        await dead.flush()
        # It is killed here, and one of the two settles before anybody lists it again.
        other.inherit()
        async with asyncio.timeout(10):
            while True:
                await asyncio.sleep(0.05)
                other.note_list("server", ["waits"])
                async with db.read() as tx:
                    rows = await list_all_progress(tx)
                if [(one.id, one.waits_for) for one in rows] == [("waits", "its host")]:
                    break
    finally:
        task.cancel()
        await asyncio.wait([task])
