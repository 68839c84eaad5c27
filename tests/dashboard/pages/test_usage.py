from collections.abc import Sequence
from typing import Any

import httpx
from hypothesis import given
from hypothesis import strategies as st

from pilvi.dashboard.client import Client
from pilvi.dashboard.describe import Section
from pilvi.dashboard.pages.usage import (
    RECENT_MAX,
    SAMPLES_MAX,
    Usage,
    UsageMeter,
    show_usage,
)


def measure(second: int, **counters: Any) -> Usage:
    moment = f"2026-11-01T{10 + second // 3600}:{second // 60 % 60:02}:{second % 60:02}+00:00"
    names = ("cpu_s", "read_bytes", "written_bytes", "received_bytes", "sent_bytes")
    return {"measured_at": moment, **dict.fromkeys(names), **counters}


def test_a_line_is_how_much_it_was_between_two_looks() -> None:
    samples = [measure(0, cpu_s=5.0), measure(10, cpu_s=10.0), measure(20, cpu_s=30.0)]
    section = show_usage(samples)
    (graph,) = section.graphs
    assert (section.title, graph.label) == ("What it uses, over 20 s", "Processor")
    assert graph.words == "200 % now, 200 % at most"
    # Half of one processor, then two: a quarter of the height and all of it, from left to right.
    assert graph.points == "0.0,35.5 240.0,1.0"


def test_a_quiet_line_lies_at_the_bottom_and_two_looks_make_a_flat_one() -> None:
    samples = [measure(n, received_bytes=n, sent_bytes=0) for n in (0, 10)]
    (graph,) = show_usage(samples).graphs
    assert graph.words == "1 B/s now, 1 B/s at most"
    assert graph.points == "0.0,47.0 240.0,47.0"


def test_a_new_process_and_what_is_not_told_leave_a_gap() -> None:
    samples = [
        measure(0, cpu_s=100.0, read_bytes=1, written_bytes=1),
        measure(10, cpu_s=1.0, read_bytes=None, written_bytes=9),
        measure(20, cpu_s=2.0, read_bytes=4, written_bytes=10),
    ]
    (graph,) = show_usage(samples).graphs
    assert (graph.label, graph.words) == ("Processor", "10 % now, 10 % at most")


def test_before_there_is_a_line_the_page_says_why() -> None:
    section = show_usage([])
    assert "does not run" in section.empty and section.text == ""
    assert section.title == "What it uses"
    assert "with the next measurement" in show_usage([measure(0, cpu_s=1.0)]).empty


def test_a_minute_is_as_wide_where_one_point_is_of_it_as_where_there_are_many() -> None:
    seconds = [0, 60, 120, 150, 180]
    (graph,) = show_usage([measure(one, cpu_s=float(one)) for one in seconds]).graphs
    assert graph.words == "100 % now, 100 % at most"
    assert [point.split(",")[0] for point in graph.points.split()] == [
        "0.0",
        "120.0",
        "180.0",
        "240.0",
    ]


async def test_a_page_begins_with_what_was_kept_and_goes_on_with_what_comes() -> None:
    usages = [measure(60 * minute, cpu_s=30.0 * minute) for minute in range(60)]
    host = Host([*usages, measure(3570, cpu_s=3000.0)], measure(3560, cpu_s=1780.0))
    meter = UsageMeter()
    (section,) = await host.look(meter)
    (graph,) = section.graphs
    assert (section.title, graph.words) == (
        "What it uses, over 59 min",
        "50 % now, 50 % at most",
    )
    assert len(graph.points.split()) == 60, "what was kept before it was looked at, and that look"
    host.usage = measure(3565, cpu_s=1790.0)
    (section,) = await host.look(meter)
    assert section.graphs[0].words == "200 % now, 200 % at most"
    assert host.asked == ["pilvi-usage", "history", "pilvi-usage"]


async def test_of_a_guest_that_does_not_run_nothing_is_drawn() -> None:
    host = Host([measure(0, cpu_s=1.0), measure(60, cpu_s=2.0)], measure(0) | {"measured_at": None})
    (section,) = await host.look(UsageMeter())
    assert not section.graphs and "does not run" in section.empty


async def test_who_may_not_see_it_sees_no_such_part() -> None:
    assert await Host([], None).look(UsageMeter()) == []


class Host:
    """Tells what a guest uses, and what it used; None is of one that nobody may ask for."""

    def __init__(self, usages: list[Usage], usage: Usage | None) -> None:
        self.usages = usages
        self.usage = usage
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer as the API does."""
        self.asked.append(request.url.path.rpartition("/")[2])
        if self.usage is None:
            return httpx.Response(403, json={"forbidden": {"code": 403, "message": "cannot"}})
        is_history = self.asked[-1] == "history"
        return httpx.Response(
            200, json={"usages": self.usages} if is_history else {"usage": self.usage}
        )

    async def look(self, meter: UsageMeter) -> Sequence[Section]:
        """Let a page look once."""
        http = httpx.AsyncClient(transport=httpx.MockTransport(self), base_url="http://cloud.test")
        async with http:
            return await meter.read(Client(http, "token"), {"id": "s"})


@given(st.lists(st.integers(1, 90), max_size=4 * SAMPLES_MAX))
def test_a_page_remembers_the_newest_each_once_and_before_them_one_a_minute(
    pauses: list[int],
) -> None:
    meter, second, known = UsageMeter(), 0, []
    for pause in pauses:
        second += pause
        for _ in range(2):
            meter.take(measure(second, cpu_s=second))
        known.append(second)
    kept = [int(one["cpu_s"]) for one in meter._samples]
    recent, older = kept[1 - RECENT_MAX :], kept[: 1 - RECENT_MAX]
    assert len(kept) <= SAMPLES_MAX
    assert recent == known[1 - RECENT_MAX :]
    assert len({one // 60 for one in older}) == len(older)
    # No minute is without a point, as far back as the line goes.
    first = kept[0] if kept else 0
    assert {one // 60 for one in kept} == {one // 60 for one in known if one >= first}


def test_nothing_is_remembered_of_before_a_stop_or_a_clock_that_was_set_back() -> None:
    meter = UsageMeter()
    for second in (60, 120, 0):
        meter.take(measure(second, cpu_s=second))
    assert [one["cpu_s"] for one in meter._samples] == [0]
    meter.take({**measure(0), "measured_at": None})
    assert not meter._samples
