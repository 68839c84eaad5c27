"""What a server's state is said to be, from values."""

import dataclasses
import itertools

import pytest

from compute.blanks import blank_server
from pilvi.compute.model.allowed import TABLE, Action, Allowed, AlreadyDone, Denied, may
from pilvi.compute.model.state import (
    Condition,
    Desired,
    Observed,
    Status,
    TaskState,
    VmState,
    condition,
    status,
)
from pilvi.host_api.vms import Power, RebootKind

RUNNING = Observed(
    is_claimed=True, is_assigned=True, is_launched=True, power=Power.RUNNING, boot_generation=1
)


def states(found: Condition) -> tuple[Status, VmState, TaskState | None, int]:
    return found.status, found.vm_state, found.task_state, found.power_state


@pytest.mark.parametrize(
    ("observed", "task"),
    [
        (Observed(), TaskState.SCHEDULING),
        (Observed(is_claimed=True), TaskState.BLOCK_DEVICE_MAPPING),
        (Observed(is_claimed=True, is_assigned=True), TaskState.SPAWNING),
    ],
)
def test_a_new_server_builds(observed: Observed, task: TaskState) -> None:
    found = condition(Desired(), observed, is_error=False)
    assert states(found) == (Status.BUILD, VmState.BUILDING, task, 0)


@pytest.mark.parametrize(
    ("power", "expected"),
    [
        (Power.RUNNING, (Status.ACTIVE, VmState.ACTIVE, None, 1)),
        (Power.PAUSED, (Status.PAUSED, VmState.PAUSED, None, 3)),
        (Power.STOPPED, (Status.SHUTOFF, VmState.STOPPED, None, 4)),
    ],
)
def test_a_server_whose_wish_is_seen_has_no_task(power: Power, expected: object) -> None:
    observed = dataclasses.replace(RUNNING, power=power)
    assert states(condition(Desired(power=power), observed, is_error=False)) == expected


@pytest.mark.parametrize(
    ("seen", "wanted", "task"),
    [
        (Power.RUNNING, Power.STOPPED, TaskState.POWERING_OFF),
        (Power.PAUSED, Power.STOPPED, TaskState.POWERING_OFF),
        (Power.STOPPED, Power.RUNNING, TaskState.POWERING_ON),
        (Power.RUNNING, Power.PAUSED, TaskState.PAUSING),
        (Power.PAUSED, Power.RUNNING, TaskState.UNPAUSING),
    ],
)
def test_a_power_that_is_not_seen_yet_is_a_task(
    seen: Power, wanted: Power, task: TaskState
) -> None:
    observed = dataclasses.replace(RUNNING, power=seen)
    assert condition(Desired(power=wanted), observed, is_error=False).task_state is task


@pytest.mark.parametrize(
    ("kind", "expected", "task"),
    [
        (RebootKind.SOFT, Status.REBOOT, TaskState.REBOOTING),
        (RebootKind.HARD, Status.HARD_REBOOT, TaskState.REBOOTING_HARD),
    ],
)
def test_an_older_boot_is_a_reboot(kind: RebootKind, expected: Status, task: TaskState) -> None:
    found = condition(Desired(boot_generation=2, boot_kind=kind), RUNNING, is_error=False)
    assert (found.status, found.task_state) == (expected, task)


def test_a_paused_server_that_is_rebooted_is_in_hard_reboot() -> None:
    observed = dataclasses.replace(RUNNING, power=Power.PAUSED)
    found = condition(Desired(boot_generation=2), observed, is_error=False)
    assert found.status is Status.HARD_REBOOT


def test_error_shows_and_deleting_shows_over_it() -> None:
    assert status(Desired(), RUNNING, is_error=True) is Status.ERROR
    found = condition(Desired(present=False), RUNNING, is_error=True)
    assert (found.status, found.task_state) == (Status.ERROR, TaskState.DELETING)


def test_a_capture_shows_as_a_task_and_changes_no_status() -> None:
    found = condition(Desired(), dataclasses.replace(RUNNING, is_capturing=True), is_error=False)
    assert (found.status, found.task_state) == (Status.ACTIVE, TaskState.IMAGE_SNAPSHOT)


def test_everything_that_can_be_seen_has_a_state() -> None:
    for seen, wanted, flags in itertools.product(
        [None, *Power], Power, itertools.product([False, True], repeat=5)
    ):
        claimed, assigned, launched, present, is_error = flags
        observed = Observed(
            is_claimed=claimed, is_assigned=assigned, is_launched=launched, power=seen
        )
        found = condition(Desired(power=wanted, present=present), observed, is_error=is_error)
        assert found.status in Status


def test_the_table_has_a_row_for_every_action_but_create() -> None:
    assert set(TABLE) == set(Action) - {Action.CREATE}


def test_only_a_stopped_server_starts() -> None:
    running = blank_server(observed=RUNNING)
    stopped = blank_server(
        observed=dataclasses.replace(RUNNING, power=Power.STOPPED),
        desired=Desired(power=Power.STOPPED),
    )
    assert may(Action.START, stopped) == Allowed()
    refused = may(Action.START, running)
    assert isinstance(refused, Denied)
    assert "while it is in vm_state active" in refused.reason


def test_a_task_keeps_other_actions_out_but_a_hard_reboot_may_follow_a_soft_one() -> None:
    rebooting = blank_server(
        observed=RUNNING, desired=Desired(boot_generation=2, boot_kind=RebootKind.SOFT)
    )
    refused = may(Action.STOP, rebooting)
    assert isinstance(refused, Denied)
    assert "task_state rebooting" in refused.reason
    assert may(Action.HARD_REBOOT, rebooting) == Allowed()


def test_a_locked_server_is_changed_by_admins_only() -> None:
    locked = blank_server(observed=RUNNING, locked_by="owner")
    for action in (Action.STOP, Action.DELETE, Action.HARD_REBOOT, Action.ATTACH_VOLUME):
        refused = may(action, locked)
        assert isinstance(refused, Denied)
        assert "locked" in refused.reason
        assert may(action, locked, is_admin=True) == Allowed()
    assert may(Action.CREATE_IMAGE, locked) == Allowed()


def test_deleting_twice_is_already_done() -> None:
    assert may(Action.DELETE, blank_server(desired=Desired(present=False))) == AlreadyDone()


def test_a_server_that_was_given_up_can_only_be_deleted() -> None:
    given_up = blank_server(given_up=True)
    assert isinstance(may(Action.HARD_REBOOT, given_up), Denied)
    assert may(Action.DELETE, given_up) == Allowed()
