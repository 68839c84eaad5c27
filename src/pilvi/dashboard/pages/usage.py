"""What an instance uses, drawn over the time that its page is open.

Its host measures a few times a minute. What is counted since the guest's process began is turned
into how much it was between two looks; who opens the page anew begins anew.
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

# Measurements that a page remembers: 20 minutes. Lower: a shorter line; higher: more memory.
SAMPLES_MAX = 120
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
    """Remembers what was measured while one page of an instance is open."""

    def __init__(self) -> None:
        self._samples: deque[Usage] = deque(maxlen=SAMPLES_MAX)

    async def read(self, client: Client, row: Row) -> Sequence[Section]:
        """See `Meter.read`."""
        try:
            usage = (await client.get(at(_ROOT, row["id"], "pilvi-usage")))["usage"]
        except Refused as refusal:
            if refusal.status == 403:
                return []
            raise
        self.take(usage)
        return [show_usage(list(self._samples))]

    def take(self, usage: Usage) -> None:
        """Remember a measurement, unless it is known."""
        if usage["measured_at"] is None:
            self._samples.clear()
        elif not self._samples or self._samples[-1]["measured_at"] != usage["measured_at"]:
            self._samples.append(usage)


def show_usage(samples: Sequence[Usage]) -> Section:
    """What a page shows of measurements. Pure."""
    graphs = [graph for line in _LINES if (graph := draw(line, samples)) is not None]
    empty = "Its host tells nothing of it: it does not run, or has only begun."
    if samples:
        empty = "A line is drawn from here on, a few points a minute, while this page is open."
    return Section(title="What it uses", graphs=graphs, text=None if graphs else "", empty=empty)


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
