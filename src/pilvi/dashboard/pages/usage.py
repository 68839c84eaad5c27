"""What an instance uses, drawn over the last hour.

Its host measures a few times a minute, and one measurement of each minute is kept: a line begins
with those and goes on, while the page is open, with each that comes. What is counted since the
guest's process began is turned into how much it was between two of them.
"""

import datetime
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pilvi.dashboard.client import Client, Refused, at
from pilvi.dashboard.describe import Graph, Row, Section
from pilvi.dashboard.render import print_amount, size

# Measurements that a page remembers, and how many of them before the others are one a minute: in
# all, more than an hour. Lower: a shorter or coarser line; higher: more memory and longer parts.
SAMPLES_MAX = 120
RECENT_MAX = 60
WIDTH, HEIGHT = 240, 48
_ROOT = "/compute/v2.1/servers"

Usage = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Line:
    """One graph: what it counts, and how a rate of that is told."""

    label: str
    counters: Sequence[str]
    tell: Callable[[float], str]
    at_least: float
    """What the top of the box stands for while there is less: a quiet line lies at the bottom."""


_LINES = (
    _Line("Processor", ["cpu_s"], lambda rate: f"{print_amount(round(rate * 100))} %", 1.0),
    _Line("Disks", ["read_bytes", "written_bytes"], lambda rate: f"{size(rate)}/s", 1 << 20),
    _Line("Network", ["received_bytes", "sent_bytes"], lambda rate: f"{size(rate)}/s", 1 << 17),
)


class UsageMeter:
    """Remembers what was measured, before one page of an instance was opened and since."""

    def __init__(self) -> None:
        self._samples: deque[Usage] = deque(maxlen=SAMPLES_MAX)

    async def read(self, client: Client, row: Row) -> Sequence[Section]:
        """See `Meter.read`."""
        path = at(_ROOT, row["id"], "pilvi-usage")
        try:
            usage = (await client.get(path))["usage"]
            if not self._samples and usage["measured_at"] is not None:
                for before in (await client.get(f"{path}/history"))["usages"]:
                    if before["measured_at"] < usage["measured_at"]:
                        self.take(before)
        except Refused as refusal:
            if refusal.status == 403:
                return []
            raise
        self.take(usage)
        return [show_usage(list(self._samples))]

    def take(self, usage: Usage) -> None:
        """Remember a measurement, unless it is known; those that are no longer recent are thinned.

        What was measured before the newest that is known tells of a clock that was set back: the
        line begins anew.
        """
        known, measured_at = self._samples, usage["measured_at"]
        newest = known[-1]["measured_at"] if known else ""
        if measured_at is None:
            known.clear()
        elif measured_at != newest:
            if measured_at < newest:
                known.clear()
            known.append(usage)
            self._thin()

    def _thin(self) -> None:
        """Of what has just ceased to be recent keep the first of each minute."""
        known = self._samples
        if len(known) > RECENT_MAX:
            before, oldest = (
                _seconds(known[place]) // 60 for place in (-RECENT_MAX - 1, -RECENT_MAX)
            )
            if before == oldest:
                del known[-RECENT_MAX]


def show_usage(samples: Sequence[Usage]) -> Section:
    """What a page shows of measurements. Pure."""
    graphs = [graph for line in _LINES if (graph := draw(line, samples)) is not None]
    empty = "Its host tells nothing of it: it does not run, or has only begun."
    if samples:
        empty = "It was measured once: a line is drawn with the next measurement, in some seconds."
    title = "What it uses"
    if graphs:
        title += f", over {_span(_seconds(samples[-1]) - _seconds(samples[0]))}"
    return Section(title=title, graphs=graphs, text=None if graphs else "", empty=empty)


def draw(line: _Line, samples: Sequence[Usage]) -> Graph | None:
    """The line of one graph; None before there are two measurements of it. Pure."""
    rates = [
        (_seconds(after), rate)
        for before, after in pairwise(samples)
        if (rate := _rate(line, before, after)) is not None
    ]
    if not rates:
        return None
    if len(rates) == 1:
        rates.insert(0, (_seconds(samples[0]), rates[0][1]))
    began, ended = rates[0][0], rates[-1][0]
    most = max(rate for _, rate in rates)
    top = max(most, line.at_least)
    points = " ".join(
        f"{(moment - began) / ((ended - began) or 1) * WIDTH:.1f},"
        f"{HEIGHT - 1 - rate / top * (HEIGHT - 2):.1f}"
        for moment, rate in rates
    )
    words = f"{line.tell(rates[-1][1])} now, {line.tell(most)} at most"
    return Graph(line.label, words, points)


def _rate(line: _Line, before: Usage, after: Usage) -> float | None:
    """How much a second between two measurements; None where it cannot be told. Pure."""
    seconds = _seconds(after) - _seconds(before)
    pairs = [(before[name], after[name]) for name in line.counters]
    if seconds <= 0 or any(one is None for pair in pairs for one in pair):
        return None
    grown = sum(now - then for then, now in pairs)
    # Another process of the guest counts from nothing.
    return None if any(now < then for then, now in pairs) else grown / seconds


def _seconds(usage: Usage) -> float:
    return datetime.datetime.fromisoformat(usage["measured_at"]).timestamp()


def _span(seconds: float) -> str:
    """How long it is from the first to the last measurement, as people read it. Pure."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
