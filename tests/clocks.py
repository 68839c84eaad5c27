"""A wall clock that a test can set; the monotonic one goes on as it does."""

import time
from dataclasses import dataclass

import pytest


@dataclass
class WallClock:
    """How far the wall clock of this process is ahead."""

    ahead_s: float = 0.0

    def set(self, *, hours: float = 0.0, seconds: float = 0.0) -> None:
        """Set it ahead of the true time, or back with what is below zero."""
        self.ahead_s = hours * 3600 + seconds


def make_clock(monkeypatch: pytest.MonkeyPatch) -> WallClock:
    """Put the clock in the place of this process's own until the test is over."""
    clock, true = WallClock(), time.time
    monkeypatch.setattr(time, "time", lambda: true() + clock.ahead_s)
    return clock
