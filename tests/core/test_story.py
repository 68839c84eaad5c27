"""Stories: their order, and messages that end with a next step."""

import datetime

from pilvi.core.reconcile import Progress
from pilvi.core.story import (
    HOST_SAYS,
    Event,
    Wait,
    in_order,
    is_calm,
    wait_of,
    with_step,
    without_doubles,
)

NOON = datetime.datetime(2026, 11, 29, 12, tzinfo=datetime.UTC)


def test_a_message_gets_its_step_once() -> None:
    told = with_step("cannot go on: it is full.", "make room")
    assert told == "cannot go on: it is full. Next step: make room"
    assert with_step(told, "make more room") == told
    assert with_step("cannot go on", "") == "cannot go on"


def test_events_are_in_the_order_of_time() -> None:
    late, undated = Event(words="b", at=NOON), Event(words="c")
    early = Event(words="a", at=NOON - datetime.timedelta(hours=1))
    assert in_order([late, early, undated]) == (undated, early, late)
    assert without_doubles(["x", "", "y", "x"]) == ("x", "y")


def test_what_failed_or_is_complained_of_is_not_calm() -> None:
    calm = Wait(words="its host to take up the wish")
    assert is_calm([]) and is_calm([calm])
    assert not is_calm([calm, Wait(words="its host", last_error="cannot reach it")])
    assert not is_calm([Wait(words=f"the host to agree: {HOST_SAYS}cannot filter packets")])


def test_what_is_written_down_becomes_a_wait() -> None:
    wait = wait_of(Progress("server", "1", NOON, "its host", 3, "cannot reach it"))
    assert (wait.words, wait.since, wait.tries) == ("its host", NOON, 3)
    assert wait.last_error == "cannot reach it"
    assert wait_of(Progress("server", "1", NOON)).words == "the next look at it"
