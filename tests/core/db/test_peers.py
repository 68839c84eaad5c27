"""Processes that share one PostgreSQL database, each with a session of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest

from databases import MIGRATED
from pilvi.core.db.peers import TOLD_BYTES_MAX, PostgresPeers, lock_key, write_news
from pilvi.core.db.postgres import PostgresDatabase
from pilvi.core.reconcile import Done, Loop, Result
from pilvi.errors import Unavailable


@asynccontextmanager
async def joined(url: str) -> AsyncIterator[PostgresPeers]:
    peers = PostgresPeers(url.format(name=MIGRATED))
    task = asyncio.create_task(peers.run())
    try:
        await until(lambda: peers.is_joined)
        yield peers
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_one_object_has_one_worker_and_the_next_after_it(postgres_url: str) -> None:
    async with joined(postgres_url) as one, joined(postgres_url) as other:
        async with one.held("server", "a") as is_mine:
            assert is_mine
            async with other.held("server", "a") as is_theirs:
                assert not is_theirs
            async with other.held("server", "b") as is_theirs:
                assert is_theirs
        async with asyncio.timeout(20):
            while True:
                async with other.held("server", "a") as is_theirs:
                    if is_theirs:
                        break


async def test_many_claims_at_once_are_all_given_and_all_given_back(postgres_url: str) -> None:
    async with joined(postgres_url) as one, joined(postgres_url) as other:
        taken: list[tuple[str, bool]] = []

        async def take(peers: PostgresPeers, id: str) -> None:
            async with peers.held("port", id) as is_mine:
                taken.append((id, is_mine))
                await asyncio.sleep(0.05)

        tries = [take(peers, str(n)) for n in range(50) for peers in (one, other)]
        await asyncio.gather(*tries)
        assert sorted(id for id, is_mine in taken if is_mine) == sorted(map(str, range(50)))
        async with asyncio.timeout(20):
            while await _count_locks(postgres_url):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_a_caller_that_gave_up_leaves_no_claim_behind(postgres_url: str) -> None:
    async with joined(postgres_url) as one, joined(postgres_url) as other:
        for number in range(20):
            task = asyncio.create_task(_hold(one, "x"))
            await asyncio.sleep(0.0005 * number)
            task.cancel()
            await asyncio.wait([task])
        async with asyncio.timeout(20):
            while True:
                async with other.held("server", "x") as is_theirs:
                    if is_theirs:
                        break


async def test_the_end_of_a_process_frees_its_objects_and_is_noticed(postgres_url: str) -> None:
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(joined(postgres_url))
        lost: list[bool] = []
        other.on_lost = lambda: lost.append(True)
        async with joined(postgres_url) as one:
            holder = asyncio.create_task(_hold(one, "a"))
            # Sessions of the tests before may still be going.
            await asyncio.sleep(1.0)
            lost.clear()
            await asyncio.sleep(1.0)
            assert not lost
            await _end_session(postgres_url, one)
            with pytest.raises(Unavailable):
                await holder
            async with other.held("server", "a") as is_theirs:
                assert is_theirs
            await until(lambda: bool(lost))
            await until(lambda: one.is_joined)
            async with one.held("server", "b") as is_mine:
                assert is_mine


async def test_without_a_session_nothing_can_be_claimed(postgres_url: str) -> None:
    peers = PostgresPeers(postgres_url.format(name=MIGRATED), join_s=0.05)
    with pytest.raises(Unavailable):
        async with peers.held("server", "a"):
            pass


async def test_others_hear_what_was_committed_and_nothing_else(postgres_url: str) -> None:
    db = PostgresDatabase(postgres_url.format(name=MIGRATED))
    db.peers.told_kinds = frozenset({"host"})
    mine: list[object] = []
    db.peers.on_news = mine.extend
    task = asyncio.create_task(db.peers.run())
    heard: list[tuple[str, str]] = []
    try:
        async with joined(postgres_url) as other:
            other.on_news = heard.extend
            await until(lambda: db.peers.is_joined)
            with pytest.raises(ValueError, match="own"):
                async with db.write() as tx:
                    tx.wake("host", "rolled-back")
                    raise ValueError("own")
            async with db.write() as tx:
                tx.wake("server", "s")
                for number in range(500):
                    tx.wake("host", f"host-{number:040}")
            await until(lambda: len(heard) == 500)
            assert heard[0] == ("host", f"host-{0:040}")
            assert {kind for kind, _ in heard} == {"host"} and not mine
    finally:
        task.cancel()
        await asyncio.wait([task])
        await db.close()


def test_news_fit_a_notification() -> None:
    wakes = [("host", f"{number:064}") for number in range(1000)]
    payloads = write_news("me", wakes)
    assert max(map(len, payloads)) < TOLD_BYTES_MAX + 100
    assert sum(payload.count('"host"') for payload in payloads) == 1000
    assert write_news("me", []) == []


def test_numbers_of_locks_are_the_same_in_every_process() -> None:
    assert lock_key("server", "a") == 5985868657257788650
    assert lock_key("server", "a") != lock_key("port", "a")


class Watched:
    """A reconciler of which each process has one; they share what they saw."""

    kind = "thing"

    def __init__(self, inside: dict[str, int], looks: dict[str, int]) -> None:
        self.inside, self.looks = inside, looks
        self.most = 0

    async def reconcile(self, id: str) -> Result:
        self.inside[id] = self.inside.get(id, 0) + 1
        self.most = max(self.most, self.inside[id])
        await asyncio.sleep(0.002)
        self.inside[id] -= 1
        self.looks[id] = self.looks.get(id, 0) + 1
        return Done()

    async def list_unsettled(self) -> Sequence[str]:
        return []

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        raise AssertionError(error)


async def test_two_loops_never_work_on_one_object_at_once(postgres_url: str) -> None:
    inside: dict[str, int] = {}
    looks: dict[str, int] = {}
    async with joined(postgres_url) as one, joined(postgres_url) as other:
        watched = [Watched(inside, looks) for _ in range(2)]
        pairs = zip(watched, (one, other), strict=True)
        loops = [Loop([reconciler], claims=claims) for reconciler, claims in pairs]
        tasks = [asyncio.create_task(loop.run()) for loop in loops]
        await asyncio.sleep(0)
        for _ in range(5):
            for number in range(40):
                for loop in loops:
                    loop.wake("thing", str(number))
            await asyncio.sleep(0.01)
        async with asyncio.timeout(30):
            while not all(loop.idle for loop in loops):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    # A wake in each process means a look in each, one after the other.
    assert max(reconciler.most for reconciler in watched) == 1
    assert set(looks) == {str(number) for number in range(40)} and min(looks.values()) >= 2


async def _hold(peers: PostgresPeers, id: str) -> None:
    async with peers.held("server", id) as is_mine:
        assert is_mine
        await asyncio.sleep(60)


async def _end_session(url: str, peers: PostgresPeers) -> None:
    session = await asyncpg.connect(url.format(name=MIGRATED))
    key = lock_key("server", "a")
    await session.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
        "AND (classid::bigint << 32 | objid::bigint) = $1",
        key,
    )
    await session.close()


async def _count_locks(url: str) -> int:
    session = await asyncpg.connect(url.format(name=MIGRATED))
    count = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
    found = await session.fetchval(count)
    await session.close()
    return int(found)
