"""What ended before the wall clock was set back does not begin again."""

import datetime

import pytest

from clocks import WallClock, make_clock
from pilvi.core.db import now
from pilvi.core.steady import SteadyClock

HOUR = datetime.timedelta(hours=1)
SECOND = datetime.timedelta(seconds=1)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> WallClock:
    """The wall clock of the test."""
    return make_clock(monkeypatch)


def _is_near(one: datetime.datetime, other: datetime.datetime) -> bool:
    return abs(one - other) < SECOND


def test_it_is_the_wall_clock_while_nobody_sets_it_back(wall: WallClock) -> None:
    steady, began = SteadyClock(), now()
    assert _is_near(steady.moment_for(began), now())
    wall.set(hours=5)
    assert _is_near(steady.moment_for(began), now()), "time that passed has passed"
    assert _is_near(steady.moment_for(began + 9 * HOUR), now())


def test_what_began_before_ages_on_when_the_clock_is_set_back(wall: WallClock) -> None:
    steady, began = SteadyClock(), now() - 2 * HOUR
    true = now()
    wall.set(hours=-1)
    assert _is_near(steady.moment_for(began), true)
    assert _is_near(steady.moment_for(now() + SECOND), now()), "what begins now has its own time"
    wall.set(hours=-1.5)
    assert _is_near(steady.moment_for(began), true), "a second time too"


def test_what_ended_while_the_clock_ran_ahead_does_not_come_back(wall: WallClock) -> None:
    steady, began = SteadyClock(), now() - HOUR
    wall.set(hours=48)
    ahead = steady.moment_for(began)
    wall.set()
    assert steady.moment_for(began) >= ahead
    assert _is_near(steady.moment_for(now() + SECOND), now())


def test_a_clock_that_is_slowed_down_is_not_set_back(wall: WallClock) -> None:
    steady, began = SteadyClock(), now() - HOUR
    for second in range(10):
        wall.set(seconds=-second)
        assert _is_near(steady.moment_for(began), now())
