"""When a server that never came is given up, and what it says."""

import dataclasses
import datetime

import pytest

from compute.blanks import blank_server
from pilvi.compute.model.state import Observed
from pilvi.compute.reconcilers.overdue import may_be_overdue, overdue
from pilvi.compute.reconcilers.plan import plan_server
from pilvi.compute.reconcilers.server_sight import Sight
from pilvi.compute.reconcilers.step import GiveUp
from pilvi.hosts.model.deadlines import DEADLINES
from pilvi.hosts.operations.reasons import Reason

LIMITS = DEADLINES["server"]
DOWN = Reason("its host, which is not heard of", is_trouble=True)
BUSY = Reason("its host to agree", is_trouble=False)


@pytest.mark.parametrize(
    ("reason", "limit_s"), [(DOWN, LIMITS.stuck_s), (BUSY, LIMITS.ends_s), (None, LIMITS.ends_s)]
)
def test_a_server_that_never_came_ends_after_its_limit(
    reason: Reason | None, limit_s: float
) -> None:
    server = blank_server()
    begun = server.created_at
    assert overdue(server, reason, begun + datetime.timedelta(seconds=limit_s - 1)) == ""
    words = overdue(server, reason, begun + datetime.timedelta(seconds=limit_s + 1))
    assert words.startswith("cannot launch the server: for ")
    assert words.endswith(reason.words if reason is not None else "its host")


def test_one_that_ran_and_one_that_goes_wait_for_ever() -> None:
    late = blank_server().created_at + datetime.timedelta(days=9)
    ran = dataclasses.replace(blank_server(), observed=Observed(is_launched=True))
    assert overdue(ran, DOWN, late) == ""
    going = blank_server()
    going = dataclasses.replace(going, desired=dataclasses.replace(going.desired, present=False))
    assert overdue(going, DOWN, late) == ""
    assert overdue(dataclasses.replace(blank_server(), given_up=True), DOWN, late) == ""
    assert may_be_overdue(blank_server(), late) and not may_be_overdue(ran, late)


def test_the_plan_of_an_overdue_server_gives_it_up_and_never_one_that_ran() -> None:
    desired = blank_server().desired
    sight = Sight(overdue="cannot launch the server: it waited")
    assert plan_server(desired, sight) == [GiveUp("cannot launch the server: it waited")]
    ran = plan_server(desired, dataclasses.replace(sight, is_launched=True))
    assert not any(isinstance(step, GiveUp) for step in ran)
    gone = dataclasses.replace(desired, present=False)
    assert not any(isinstance(step, GiveUp) for step in plan_server(gone, sight))
