from typing import Any

from pilvi.dashboard.pages.usage import SAMPLES_MAX, Usage, UsageMeter, show_usage


def measure(second: int, **counters: Any) -> Usage:
    moment = f"2026-11-01T10:{second // 60:02}:{second % 60:02}+00:00"
    names = ("cpu_s", "read_bytes", "written_bytes", "received_bytes", "sent_bytes")
    return {"measured_at": moment, **dict.fromkeys(names), **counters}


def test_a_line_is_how_much_it_was_between_two_looks() -> None:
    samples = [measure(0, cpu_s=5.0), measure(10, cpu_s=10.0), measure(20, cpu_s=30.0)]
    (graph,) = show_usage(samples).graphs
    assert graph.label == "Processor"
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
    assert "does not run" in show_usage([]).empty and show_usage([]).text == ""
    assert "is drawn from here on" in show_usage([measure(0, cpu_s=1.0)]).empty


def test_a_page_remembers_each_measurement_once_and_no_more_than_it_draws() -> None:
    meter = UsageMeter()
    for second in range(2 * SAMPLES_MAX):
        meter.take(measure(second, cpu_s=second))
        meter.take(measure(second, cpu_s=second))
    assert len(meter._samples) == SAMPLES_MAX
    meter.take({**measure(0), "measured_at": None})
    assert not meter._samples
