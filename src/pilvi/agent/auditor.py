"""Answers audits: lists what is really on this host and tells it.

The list is made when it is asked for and is never kept. Nothing else waits for it.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import structlog

from pilvi.agent.desired import DesiredState
from pilvi.errors import PilviError
from pilvi.host_api.holdings import Holding, Holdings

log = structlog.get_logger()

Lister = Callable[[], Awaitable[list[Holding]]]

# Seconds that one part may take. Lower: a busy host's list is not whole; higher: a hung part holds
# the audit up.
LIST_S = 60.0
# Seconds between two tries to tell. Lower: hammers a control plane that starts; higher: late.
RETRY_S = 1.0


class HoldingsSink(Protocol):
    """Where lists go: the client's part."""

    async def send_holdings(self, holdings: Holdings) -> None:
        """Tell what is there, for an audit. It has arrived when this returns."""
        ...


class Auditor:
    """One list at a time; only the newest audit counts."""

    def __init__(
        self, desired: DesiredState, listers: Mapping[str, Lister], sink: HoldingsSink
    ) -> None:
        self._desired = desired
        self._listers = listers
        self._sink = sink
        self._wanted = 0
        self._changed = asyncio.Event()

    def ask(self, audit: int) -> None:
        """An audit waits for this host; 0 is none. Never waits. Repeatable."""
        if audit > self._wanted:
            self._wanted = audit
            self._changed.set()

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._tell(await self.list_holdings(self._wanted))

    async def list_holdings(self, audit: int) -> Holdings:
        """Everything that is there now."""
        items, failures = [], []
        listers = {"its own wishes": self._list_wishes, **self._listers}
        for name, list_part in listers.items():
            try:
                async with asyncio.timeout(LIST_S):
                    items += await list_part()
            except Exception as error:
                words = error.message if isinstance(error, PilviError) else type(error).__name__
                log.warning("cannot list what is there", part=name, exc_info=error)
                failures.append(f"cannot list {name}: {words}")
        return Holdings(audit=audit, items=items, failures=failures)

    async def _list_wishes(self) -> list[Holding]:
        return [*self._desired.list_files()]

    async def _tell(self, holdings: Holdings) -> None:
        while holdings.audit == self._wanted:
            try:
                await self._sink.send_holdings(holdings)
            except PilviError as error:
                log.warning("cannot tell what is there", error=error.message, detail=error.detail)
            else:
                return
            await asyncio.sleep(RETRY_S * random.uniform(0.5, 1.0))
