"""What to do next for a capture, from values."""

import dataclasses

from pilvi.compute.model.snapshot import Snapshot
from pilvi.compute.reconcilers.snapshot import (
    Assign,
    Fail,
    Forget,
    Sight,
    Wait,
    Withdraw,
    plan_snapshot,
)

WANTED = Snapshot("i", "s", "p", "h", "vda", True, "")
UNWANTED = dataclasses.replace(WANTED, present=False, reason="cannot: gone")


def test_a_capture_is_asked_for_followed_and_withdrawn() -> None:
    assert plan_snapshot(WANTED, Sight(image_status="queued")) == Assign()
    told = Sight(image_status="queued", is_assigned=True, is_held=True)
    assert isinstance(plan_snapshot(WANTED, told), Wait)
    active = dataclasses.replace(told, image_status="active", is_sent=True)
    assert plan_snapshot(WANTED, active) == Withdraw()
    leaving = dataclasses.replace(active, is_assigned=False)
    assert isinstance(plan_snapshot(WANTED, leaving), Wait)
    assert plan_snapshot(WANTED, Sight(image_status="active")) == Forget()


def test_what_was_sent_is_looked_for_in_the_store() -> None:
    sent = Sight(image_status="saving", is_assigned=True, is_held=True, is_sent=True)
    step = plan_snapshot(WANTED, sent)
    assert isinstance(step, Wait)
    assert step.after_s is not None


def test_a_fault_or_a_deleted_image_ends_it() -> None:
    told = Sight(image_status="queued", is_assigned=True, is_held=True, terminal_fault="full")
    assert plan_snapshot(WANTED, told) == Fail("full")
    assert isinstance(plan_snapshot(WANTED, Sight(image_status=None)), Fail)


def test_an_unwanted_capture_goes_wherever_it_is() -> None:
    told = Sight(image_status="queued", is_assigned=True, is_held=True)
    assert plan_snapshot(UNWANTED, told) == Withdraw()
    assert plan_snapshot(UNWANTED, Sight(image_status="queued")) == Forget()
