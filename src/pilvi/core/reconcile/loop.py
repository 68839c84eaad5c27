"""The loop: wake, back-off, limits, Result."""

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import structlog

from pilvi.core.reconcile.claims import Alone, Claims
from pilvi.core.reconcile.progress import ProgressLog
from pilvi.core.requests import acting_for
from pilvi.errors import Internal, PilviError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing to do until somebody wakes the object."""


@dataclass(frozen=True, slots=True)
class Again:
    """Look again after some seconds; `why` says what it waits for."""

    after_s: float
    why: str


@dataclass(frozen=True, slots=True)
class Waits:
    """Not as wished, and nothing to do until somebody wakes the object."""

    why: str
    """What it waits for."""


Result = Done | Again | Waits


class Terminal(PilviError):
    """Trying again cannot help until the desired generation changes."""


class Reconciler(Protocol):
    """Makes one kind of object so."""

    @property
    def kind(self) -> str:
        """The kind that wake-ups name."""
        ...

    async def reconcile(self, id: str) -> Result:
        """Read everything about `id` and take steps until it waits or is done. Repeatable.

        Raises anything: `Terminal` ends the tries, all else backs off.
        """
        ...

    async def list_unsettled(self) -> Sequence[str]:
        """Ids of all objects that are not known to be as desired.

        One that ended in `Terminal` is left out until its desired generation changes.
        """
        ...

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Record why the last try of `id` failed, where a user will see it."""
        ...


@runtime_checkable
class Relisting(Protocol):
    """A reconciler that lists more when wake-ups may have been lost: at start, after a crash."""

    def relist(self) -> None:
        """Let the next `list_unsettled` be as the first."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Named limits of a loop."""

    concurrent: int = 32
    """Objects in work at once. Lower: one slow object delays others; higher: more open work."""
    attempt_s: float = 300.0
    """Longest single try. Lower: long copies are cut; higher: a hung driver holds its object."""
    retry_s_min: float = 0.1
    """First pause after an error. Lower: a broken part is hammered; higher: slow to recover."""
    retry_s_max: float = 15.0
    """Longest pause. Lower: more load while something is down; higher: late after it is back."""
    resync_s: float = 20.0
    """Pause between looks for unsettled objects. Lower: more reading; higher: lost wakes cost."""
    claimed_s_min: float = 0.05
    """First pause while another process has an object. Lower: more asking; higher: late after."""
    claimed_s_max: float = 2.0
    """Longest such pause. Lower: much asking during long work; higher: late after it."""


@dataclass(slots=True)
class Tally:
    """What a loop did for one kind since its start."""

    attempts: int = 0
    failures: int = 0
    """Attempts that raised: each is tried again unless trying cannot help."""
    waited_s: float = 0.0
    """From wake-ups to the attempts that answered them, in all."""
    busy_s: float = 0.0
    """In attempts, in all."""


@dataclass(slots=True)
class _Entry:
    """One object that is in work, queued or paused."""

    running: bool = False
    woken_at: float = 0.0
    again: bool = False
    tries: int = 0
    refusals: int = 0
    timer: asyncio.TimerHandle | None = None
    request_id: str = ""
    """Newest request that woke it."""


@dataclass(slots=True)
class Loop:
    """Runs reconcilers. One task per object; a wake while it runs means one more look after."""

    reconcilers: Iterable[Reconciler]
    limits: Limits = field(default_factory=Limits)
    progress: ProgressLog | None = None
    """Where what is not as wished is noted."""
    claims: Claims = field(default_factory=Alone)
    find_request: Callable[[str, str], str] | None = None
    """Knows for which request an object is as it is wished, where wake-ups do not say."""
    tallies: dict[str, Tally] = field(init=False, default_factory=dict)
    """By kind."""
    _by_kind: dict[str, Reconciler] = field(init=False, default_factory=dict)
    _entries: dict[tuple[str, str], _Entry] = field(init=False, default_factory=dict)
    _group: asyncio.TaskGroup | None = field(init=False, default=None)
    _slots: asyncio.Semaphore = field(init=False)
    _look_now: asyncio.Event = field(init=False, default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._by_kind = {reconciler.kind: reconciler for reconciler in self.reconcilers}
        self.tallies = {kind: Tally() for kind in self._by_kind}
        self._slots = asyncio.Semaphore(self.limits.concurrent)

    def wake(self, kind: str, id: str, request_id: str = "") -> None:
        """Look at one object soon. Any number of wakes before that look are one. Never waits.

        It is done for the request, if one is named: what is logged and wished meanwhile says so.

        A kind that this loop does not reconcile, and a wake while it is not running, are ignored:
        the object is found again by `list_unsettled`. Only from the event loop's own thread.
        """
        if kind not in self._by_kind or self._group is None:
            return
        key = (kind, id)
        entry = self._entries.setdefault(key, _Entry())
        entry.request_id = request_id or entry.request_id
        if entry.running:
            entry.again = True
            return
        if entry.timer is not None:
            entry.timer.cancel()
            entry.timer = None
        entry.running = True
        entry.woken_at = asyncio.get_running_loop().time()
        self._group.create_task(self._work(key, entry), name=f"{kind} {id}")

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                try:
                    while True:
                        self._look_now.clear()
                        await self.wake_unsettled()
                        await self._pause()
                finally:
                    # What is cancelled may still wake something: the group takes no more tasks.
                    self._group = None
        finally:
            for entry in self._entries.values():
                if entry.timer is not None:
                    entry.timer.cancel()
            self._entries.clear()

    async def _pause(self) -> None:
        """Until it is time for another look; processes that began together drift apart."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.limits.resync_s * random.uniform(0.75, 1.0)):
                await self._look_now.wait()

    async def wake_unsettled(self) -> None:
        """Wake every object that is not settled and not already waiting for its own time."""
        for kind, reconciler in self._by_kind.items():
            try:
                async with asyncio.timeout(self.limits.attempt_s):
                    ids = await reconciler.list_unsettled()
            except Exception:
                log.exception("cannot list unsettled objects", kind=kind)
                continue
            if self.progress is not None:
                self.progress.note_list(kind, ids)
            for id in ids:
                if (kind, id) not in self._entries:
                    self.wake(kind, id)

    def look_for_lost(self) -> None:
        """Look now, also for what may have been woken in a process that is gone. Never waits."""
        for reconciler in self._by_kind.values():
            if isinstance(reconciler, Relisting):
                reconciler.relist()
        self._look_now.set()

    @property
    def idle(self) -> bool:
        """Whether nothing is in work or waiting for its time."""
        return not self._entries

    async def _work(self, key: tuple[str, str], entry: _Entry) -> None:
        kind, id = key
        reconciler = self._by_kind[kind]
        while True:
            async with self._slots:
                entry.again = False
                result = await self._measure(reconciler, id, entry)
            if not entry.again or entry.tries:
                break
        entry.running = False
        if entry.again:
            # It failed and was woken meanwhile: soon again, but a wake never skips every pause.
            result = Again(self.limits.retry_s_min, "it was woken while it failed")
        if isinstance(result, Again):
            loop = asyncio.get_running_loop()
            entry.timer = loop.call_later(result.after_s, self.wake, kind, id)
        else:
            self._entries.pop(key, None)

    async def _measure(self, reconciler: Reconciler, id: str, entry: _Entry) -> Result:
        """An attempt, counted."""
        tally, clock = self.tallies[reconciler.kind], asyncio.get_running_loop().time
        began = clock()
        tally.attempts += 1
        tally.waited_s += began - entry.woken_at
        tries, find = entry.tries, self.find_request
        request_id = entry.request_id if find is None else find(reconciler.kind, id)
        about = structlog.contextvars.bound_contextvars(kind=reconciler.kind, id=id)
        try:
            # Every line that is logged meanwhile says of what, and for whom.
            with acting_for(request_id), about:
                return await self._attempt(reconciler, id, entry)
        finally:
            # A wake-up from now on, or from meanwhile, waits for the next attempt.
            entry.woken_at = clock()
            tally.busy_s += entry.woken_at - began
            tally.failures += entry.tries > tries

    async def _attempt(self, reconciler: Reconciler, id: str, entry: _Entry) -> Result:
        try:
            async with asyncio.timeout(self.limits.attempt_s):
                result = await self._reconcile(reconciler, id, entry)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Something that the reconciler awaited was cancelled, not the reconciler itself.
            failure: Exception = Internal(
                "cannot finish a step: it was interrupted", detail=repr(error)
            )
        except Exception as error:
            failure = error
        else:
            entry.tries = 0
            if not entry.refusals:
                # What another process has in work, that one takes note of.
                self._note(reconciler.kind, id, result)
            return result
        entry.tries += 1
        return await self._failed(reconciler, id, failure, entry)

    async def _reconcile(self, reconciler: Reconciler, id: str, entry: _Entry) -> Result:
        """One try, unless another process is at it: then later, for it may have read before us."""
        async with self.claims.held(reconciler.kind, id) as is_mine:
            if is_mine:
                entry.refusals = 0
                return await reconciler.reconcile(id)
        pause = self.limits.claimed_s_min * 2 ** min(entry.refusals, 16)
        pause = min(self.limits.claimed_s_max, pause) * random.uniform(0.5, 1.0)
        entry.refusals += 1
        return Again(pause, "another process has it in work")

    async def _failed(
        self, reconciler: Reconciler, id: str, error: Exception, entry: _Entry
    ) -> Result:
        expected = isinstance(error, PilviError)
        log.warning(
            "cannot reconcile",
            kind=reconciler.kind,
            id=id,
            tries=entry.tries,
            error=str(error) or type(error).__name__,
            detail=error.detail if isinstance(error, PilviError) else "",
            exc_info=None if expected else error,
        )
        try:
            await reconciler.note_failure(id, error, entry.tries)
        except Exception:
            log.exception("cannot record a failure", kind=reconciler.kind, id=id)
        words = (
            error.message
            if isinstance(error, PilviError)
            else "an internal error, which the log explains"
        )
        self._note(reconciler.kind, id, Waits(""), entry.tries, words)
        if isinstance(error, Terminal):
            return Done()
        pause = min(self.limits.retry_s_max, self.limits.retry_s_min * 2 ** min(entry.tries, 16))
        return Again(pause * random.uniform(0.5, 1.0), str(error))

    def _note(
        self, kind: str, id: str, result: Result, tries: int = 0, last_error: str = ""
    ) -> None:
        if self.progress is None:
            return
        if isinstance(result, Done):
            self.progress.settle(kind, id)
        else:
            self.progress.note(kind, id, result.why, tries, last_error)
