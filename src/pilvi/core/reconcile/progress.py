"""What stands between an unsettled object and its wish: kept while it lasts, shown where asked.

The loop notes each outcome here, in memory. What stays unsettled for longer than a moment is
written down, and again only when it changes, for many objects in one transaction: a look that
finds nothing new writes nothing.
"""

import asyncio
import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

log = structlog.get_logger()

# Seconds that an object may be under way before it is written down. Lower: every launch is written
# twice; higher: whoever asks early learns nothing.
QUIET_S = 5.0
# Seconds between two writes. Lower: more transactions; higher: what is shown is older.
FLUSH_S = 1.0
# Characters of a reason that are kept. Lower: long reasons are cut; higher: nothing.
REASON_MAX = 1000


@dataclass(frozen=True, slots=True)
class Progress:
    """One object that is not as wished."""

    kind: str
    id: str
    since: datetime.datetime
    """When it was first found so."""
    waits_for: str = ""
    """What has to happen next, a phrase for people; empty when that is not known."""
    tries: int = 0
    """How many tries in a row failed."""
    last_error: str = ""
    """Why the last of them failed."""

    @property
    def says_nothing(self) -> bool:
        """Whether nobody who worked on the object has told more than that it is under way."""
        return not (self.waits_for or self.tries or self.last_error)

    @property
    def sentence(self) -> str:
        """The whole in words for people."""
        parts = [f"waiting for {self.waits_for}"] if self.waits_for else []
        if self.tries:
            parts.append(f"tried {self.tries} times, the last time: {self.last_error}")
        elif self.last_error:
            parts.append(self.last_error)
        words = "; ".join(parts) or "under way"
        return f"{words} (since {self.since:%Y-%m-%dT%H:%M:%SZ})"


class ProgressStore(Protocol):
    """Where it is written down."""

    async def list_all(self) -> Sequence[Progress]:
        """Everything that is written down."""
        ...

    async def write(self, changed: Sequence[Progress], gone: Collection[tuple[str, str]]) -> None:
        """Write and forget, in one transaction. Repeatable."""
        ...


class ProgressLog:
    """Takes note of what loops find. Only from the event loop's own thread."""

    def __init__(self, store: ProgressStore) -> None:
        self._store = store
        self._found: dict[tuple[str, str], Progress] = {}
        self._paused: dict[tuple[str, str], Progress] = {}
        """What its reconciler was done with, until the next list agrees or knows better."""
        self._written: dict[tuple[str, str], Progress] = {}
        self._is_read = False

    def note(
        self, kind: str, id: str, waits_for: str = "", tries: int = 0, last_error: str = ""
    ) -> None:
        """An object is not as wished, and why. Never waits."""
        known = self._found.get((kind, id)) or self._paused.pop((kind, id), None)
        since = known.since if known is not None else _now()
        self._found[kind, id] = Progress(
            kind, id, since, waits_for[:REASON_MAX], tries, last_error[:REASON_MAX]
        )

    def settle(self, kind: str, id: str) -> None:
        """Nothing is left to do, as far as its reconciler says; the next list may know better."""
        known = self._found.pop((kind, id), None)
        if known is not None:
            self._paused[kind, id] = known

    def note_list(self, kind: str, ids: Collection[str]) -> None:
        """These objects of a kind, and no others, are not as wished."""
        unsettled = set(ids)
        for key in [key for key in self._found if key[0] == kind and key[1] not in unsettled]:
            del self._found[key]
        for id in unsettled:
            if (kind, id) not in self._found:
                before = self._paused.get((kind, id))
                since = before.since if before is not None else _now()
                self._found[kind, id] = Progress(kind, id, since)
        for key in [key for key in self._paused if key[0] == kind]:
            del self._paused[key]

    def list_found(self) -> list[Progress]:
        """Everything that is unsettled now, as far as it is known."""
        return [*self._found.values()]

    def inherit(self) -> None:
        """Take over what others wrote, who may be gone: the next lists tell what of it holds."""
        self._is_read = False

    async def run(self) -> None:
        """Write down until cancelled; what was written before is the beginning."""
        while True:
            try:
                if not self._is_read:
                    await self._read()
                else:
                    await self.flush()
            except Exception:
                log.exception("cannot write down what is under way")
            await asyncio.sleep(FLUSH_S)

    async def _read(self) -> None:
        self._is_read = True
        try:
            written = await self._store.list_all()
        except BaseException:
            self._is_read = False
            raise
        for known in written:
            key = (known.kind, known.id)
            self._written[key] = known
            found = self._found.get(key)
            if found is None or found.says_nothing:
                self._found[key] = known
            else:
                self._found[key] = replace(found, since=min(found.since, known.since))

    async def flush(self) -> None:
        """Write what changed. Nothing is written when nothing did."""
        moment = _now()
        quiet = datetime.timedelta(seconds=QUIET_S)
        changed = [
            found
            for key, found in self._found.items()
            # What began after now began before the clock was set back: longer ago than a moment.
            if not moment - quiet < found.since <= moment and self._written.get(key) != found
        ]
        gone = [key for key in self._written if key not in self._found]
        if not changed and not gone:
            return
        await self._store.write(changed, gone)
        for key in gone:
            self._written.pop(key, None)
        for found in changed:
            self._written[found.kind, found.id] = found


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
