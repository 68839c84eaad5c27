"""A wall clock that was set back: what had ended by it does not begin again.

Wall clocks are what several machines share and what tokens carry; the monotonic clock is what one
process can trust. This joins the two for one process: it notices each time that the wall clock is
set back, and judges what began before by the time that has passed in truth.
"""

import datetime
import time

from pilvi.core.db.columns import UTC

# Seconds by which the wall clock may fall behind at once. Lower: a small correction counts as set
# back; higher: what has ended lives on for so long.
STEP_S = 2.0


# Seconds that the moments which are judged may be rounded down by.
ROUNDED_S = 1.0


class SteadyClock:
    """Knows what the wall clock would say if nobody had set it back. Of one process."""

    def __init__(self) -> None:
        self._seen_s = time.monotonic()
        """When it was last looked at."""
        self._ahead_s = self._ahead_s_max = time.time() - self._seen_s
        """Of the wall clock before the monotonic one: now, and when that was most."""
        self._set_back_at: datetime.datetime | None = None
        """What the wall clock said at the earliest once it was set back."""

    def moment_for(self, began: datetime.datetime) -> datetime.datetime:
        """The present moment for what began at another.

        The wall clock's, except for what began before it was last set back.
        """
        wall_s, monotonic_s = time.time(), time.monotonic()
        wall = datetime.datetime.fromtimestamp(wall_s, UTC)
        ahead_s, unseen_s = wall_s - monotonic_s, monotonic_s - self._seen_s
        if ahead_s < self._ahead_s - STEP_S:
            self._set_back_at = wall - datetime.timedelta(seconds=unseen_s + ROUNDED_S)
        self._seen_s, self._ahead_s = monotonic_s, ahead_s
        self._ahead_s_max = max(self._ahead_s_max, ahead_s)
        if self._set_back_at is None or began >= self._set_back_at:
            return wall
        return wall + datetime.timedelta(seconds=self._ahead_s_max - ahead_s)
