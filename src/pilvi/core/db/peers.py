"""The processes that share one PostgreSQL database: who lives, who has what in work, what is new.

One session for all of it. What it holds are advisory locks of that session, so the database frees
them in the moment in which the process or its machine dies; no clock and no lease time is in it:

- a shared lock that says "I am here": the others see within `LOOK_S` that it is gone;
- a lock for each object that this process has in work (`held`);
- what the others tell of through NOTIFY, which shortens waiting and is never needed.
"""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import msgspec
import structlog
from asyncpg.exceptions import InterfaceError, PostgresError
from sqlalchemy.engine import make_url

from pilvi.core.db.engine import Wake
from pilvi.errors import Unavailable

log = structlog.get_logger()

CHANNEL = "pilvi"
# The advisory lock of those who are there, in the space of two numbers; any, the same everywhere.
PRESENCE = (7_411, 2)
# Seconds between looks for peers that are gone. Lower: more queries of an idle cloud; higher: what
# a dead process had in work lies longer.
LOOK_S = 0.5
# Seconds for one question. Lower: a busy database counts as away; higher: late to notice.
ANSWER_S = 10.0
# Seconds until another try to reach the database. Lower: hammers one that starts; higher: late.
RETRY_S = 0.5
# Bytes of one notification, of which PostgreSQL takes 8,000.
TOLD_BYTES_MAX = 7_000
# How the server learns that a machine is gone which cannot say so: after about 10 s.
KEEPALIVE = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
_AWAY = "cannot reach the database to claim work; it is tried again"

_GIVE = "SELECT pg_advisory_unlock(key) FROM unnest($1::bigint[]) AS key"
_TAKE = "SELECT key, pg_try_advisory_lock(key) FROM unnest($1::bigint[]) AS key"
_JOIN = "SELECT pg_advisory_lock_shared($1::int, $2::int)"
_PRESENT = """
SELECT pid FROM pg_locks JOIN pg_database ON pg_locks.database = pg_database.oid
WHERE datname = current_database() AND locktype = 'advisory' AND objsubid = 2 AND granted
AND classid::bigint = $1 AND objid::bigint = $2
"""


def lock_key(kind: str, id: str) -> int:
    """The number of an object's advisory lock. Pure.

    Two objects with one number would only wait for each other.
    """
    digest = hashlib.blake2b(f"{kind} {id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def write_news(sender: str, wakes: Iterable[Wake]) -> list[str]:
    """What one process tells the others, as payloads that each fit a notification. Pure."""
    payloads: list[str] = []
    batch: list[Wake] = []
    size = 0
    for wake in wakes:
        size += len(wake[0]) + len(wake[1]) + 8
        if batch and size > TOLD_BYTES_MAX:
            payloads.append(msgspec.json.encode((sender, batch)).decode())
            batch, size = [], len(wake[0]) + len(wake[1]) + 8
        batch.append(wake)
    if batch:
        payloads.append(msgspec.json.encode((sender, batch)).decode())
    return payloads


@dataclass(slots=True)
class PostgresPeers:
    """This process among those on one database. Is `Claims`, while `run` runs."""

    url: str
    on_news: Callable[[Iterable[Wake]], None] = lambda wakes: None
    """Called with what another process told of."""
    on_lost: Callable[[], None] = lambda: None
    """Called when a process is gone, and when some may have gone unseen."""
    join_s: float = ANSWER_S
    """Seconds that a claim waits for the session. Lower: a restart of the database is an error in
    the log; higher: work hangs for longer while it is away."""
    told_kinds: frozenset[str] = frozenset()
    """Kinds of wake-ups of which this process tells the others."""
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    _wanted: dict[int, list[asyncio.Future[Any]]] = field(init=False, default_factory=dict)
    _given: list[int] = field(init=False, default_factory=list)
    _limits: set[asyncio.Timeout] = field(init=False, default_factory=set)
    _work: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _joined: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _session: Any = field(init=False, default=None)

    def listen(
        self,
        told_kinds: frozenset[str],
        on_news: Callable[[Iterable[Wake]], None],
        on_lost: Callable[[], None],
    ) -> None:
        """See `Peers.listen`."""
        self.told_kinds, self.on_news, self.on_lost = told_kinds, on_news, on_lost

    @property
    def is_joined(self) -> bool:
        """Whether this process has a session and can claim."""
        return self._session is not None

    @asynccontextmanager
    async def held(self, kind: str, id: str) -> AsyncIterator[bool]:
        """See `Claims.held`. What runs in the block is cut short when the session is lost."""
        key = lock_key(kind, id)
        session = await self._take(key)
        if session is None:
            yield False
            return
        if self._session is not session:
            raise Unavailable(_AWAY)
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self._limits.add(limit)
                yield True
        except TimeoutError:
            if limit.expired():
                raise Unavailable(_AWAY) from None
            raise
        finally:
            self._limits.discard(limit)
            self._give(key, session)

    async def _take(self, key: int) -> Any:
        """The session that holds the lock now, or None."""
        try:
            async with asyncio.timeout(self.join_s):
                await self._joined.wait()
        except TimeoutError:
            raise Unavailable(_AWAY) from None
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._wanted.setdefault(key, []).append(answer)
        self._work.set()
        try:
            return await answer
        except asyncio.CancelledError:
            if not answer.cancelled() and answer.exception() is None and answer.result():
                # Cancelled in the moment between the answer and its arrival.
                self._give(key, answer.result())
            raise

    def _give(self, key: int, session: Any) -> None:
        """Give a lock back, unless it is gone with the session that held it."""
        if self._session is session:
            self._given.append(key)
            self._work.set()

    async def run(self) -> None:
        """Keep a session with the database until cancelled; a lost one is opened anew."""
        is_first = True
        while True:
            try:
                await self._serve(is_first)
            except (OSError, TimeoutError, PostgresError, InterfaceError) as error:
                log.warning("lost the database session", error=str(error) or type(error).__name__)
            finally:
                self._lose()
            is_first = False
            await asyncio.sleep(RETRY_S)

    async def _serve(self, is_first: bool) -> None:
        url = make_url(self.url).set(drivername="postgresql").render_as_string(False)
        connect: Any = asyncpg.connect  # it has no types
        session = await connect(url, timeout=ANSWER_S, server_settings=KEEPALIVE)
        try:
            session.add_termination_listener(lambda _: self._work.set())
            await session.add_listener(CHANNEL, self._hear)
            await session.execute(_JOIN, *PRESENCE)
            self._session = session
            self._joined.set()
            if not is_first:
                self.on_lost()
            await self._keep(session)
        finally:
            with suppress(Exception):
                session.terminate()

    async def _keep(self, session: Any) -> None:
        loop = asyncio.get_running_loop()
        present: set[int] = set()
        look_at = loop.time()
        while True:
            left = look_at - loop.time()
            if left > 0 and not self._work.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await self._work.wait()
            self._work.clear()
            if session.is_closed():
                raise OSError("the database ended the session")
            async with asyncio.timeout(ANSWER_S):
                await self._exchange(session)
                if loop.time() < look_at:
                    continue
                now = {row[0] for row in await session.fetch(_PRESENT, *PRESENCE)}
            look_at = loop.time() + LOOK_S
            if present - now:
                log.info("another process is gone", processes=len(present - now))
                self.on_lost()
            present = now

    async def _exchange(self, session: Any) -> None:
        """Give back and take what was asked for meanwhile: one question each for all of it."""
        given, self._given = self._given, []
        if given:
            await session.fetch(_GIVE, given)
        wanted, self._wanted = self._wanted, {}
        # The list has a key once for each who wants it: the session counts them.
        keys = [key for key, answers in wanted.items() for _ in answers]
        try:
            taken = await session.fetch(_TAKE, keys) if keys else []
        except BaseException:
            _refuse(wanted)
            raise
        for key, is_mine in taken:
            answer = wanted[key].pop()
            if not answer.done():
                answer.set_result(session if is_mine else None)
            elif is_mine:
                self._give(key, session)

    def _hear(self, _session: object, _pid: int, _channel: str, payload: str) -> None:
        try:
            sender, wakes = msgspec.json.decode(payload, type=tuple[str, list[Wake]])
        except msgspec.DecodeError:
            # Another release may tell otherwise; what it told of is found without it.
            return
        if sender != self.name:
            self.on_news(wakes)

    def _lose(self) -> None:
        """No claim holds any more: whoever works on one is stopped, whoever waits is refused."""
        self._session = None
        self._joined.clear()
        self._given.clear()
        wanted, self._wanted = self._wanted, {}
        _refuse(wanted)
        loop = asyncio.get_running_loop()
        for limit in self._limits:
            limit.reschedule(loop.time())


def _refuse(wanted: dict[int, list[asyncio.Future[Any]]]) -> None:
    answers: Sequence[asyncio.Future[Any]] = [one for some in wanted.values() for one in some]
    for answer in answers:
        if not answer.done():
            answer.set_exception(Unavailable(_AWAY))
