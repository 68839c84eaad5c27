"""What to do so that a snapshot or a backup is as desired. Pure.

Both are one file on one host: asked for once, whole or not, and given up.
"""

import datetime
from dataclasses import dataclass

import msgspec

from pilvi.block_storage.reconcilers.plan import LOOK_S, PATIENCE_S
from pilvi.core.reconcile import Again, Done, Result
from pilvi.hosts.model.host import Held


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyView:
    """Everything that a plan depends on."""

    present: bool
    is_whole: bool
    error: str
    failed: bool
    desired_at: datetime.datetime
    spec: msgspec.Struct
    """What its host is asked for."""
    held: Held | None
    is_host_alive: bool
    now: datetime.datetime


@dataclass(frozen=True, slots=True)
class AssignCopy:
    """Ask the host for it."""

    spec: msgspec.Struct


@dataclass(frozen=True, slots=True)
class WithdrawCopy:
    """Wish that no host holds it."""


@dataclass(frozen=True, slots=True)
class NoteCopy:
    """Take note of how far the host is."""

    is_whole: bool
    error: str
    failed: bool


@dataclass(frozen=True, slots=True)
class DropCopy:
    """Forget it: nothing is left."""


CopyStep = AssignCopy | WithdrawCopy | NoteCopy | DropCopy


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """Steps to take in one transaction, and when to look again."""

    steps: list[CopyStep]
    result: Result


def plan_copy(view: CopyView) -> CopyPlan:
    """What brings a copy nearer to its wish; no steps when it waits or is there. Pure."""
    held = view.held
    if not view.present:
        if held is None:
            return CopyPlan([DropCopy()], Done())
        if held.present:
            # What is known of the wish before says nothing of this one.
            return CopyPlan([WithdrawCopy()], Again(LOOK_S, "the host"))
        return _with_trouble(view, [])
    if view.failed and held is None:
        return CopyPlan([], Done())
    is_asked = held is not None and held.present and held.spec == msgspec.json.encode(view.spec)
    steps: list[CopyStep] = [] if is_asked else [AssignCopy(view.spec)]
    if view.is_whole:
        return CopyPlan(steps, Done())
    if held is None or not is_asked:
        return CopyPlan([*steps, *_note(view, False, "", False)], Again(LOOK_S, "the host"))
    if held.is_settled and held.seen_present:
        return CopyPlan(_note(view, True, "", False), Done())
    return _with_trouble(view, [])


def _with_trouble(view: CopyView, steps: list[CopyStep]) -> CopyPlan:
    held = view.held
    fault = None
    if held is not None and held.seen_generation == held.generation:
        fault = held.fault
    if fault is not None:
        age_s = (view.now - view.desired_at).total_seconds()
        failed = fault.terminal or age_s >= PATIENCE_S
        wait: Result = Done() if failed else Again(LOOK_S, fault.message)
        return CopyPlan([*steps, *_note(view, view.is_whole, fault.message, failed)], wait)
    why = "" if view.is_host_alive else "cannot reach the host that keeps the volume: it is down"
    wait = Again(LOOK_S, why or "the host is at it")
    return CopyPlan([*steps, *_note(view, view.is_whole, why, False)], wait)


def _note(view: CopyView, is_whole: bool, error: str, failed: bool) -> list[CopyStep]:
    if (view.is_whole, view.error, view.failed) == (is_whole, error, failed):
        return []
    return [NoteCopy(is_whole, error, failed)]
