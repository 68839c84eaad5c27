"""The table of legal transitions, and its drawing."""

import pilvi.compute
from pilvi.compute.model.allowed import TABLE, Action, draw
from pilvi.compute.model.state import VmState


def test_the_drawing_in_the_package_is_the_tables() -> None:
    assert pilvi.compute.__doc__ is not None
    assert draw() in pilvi.compute.__doc__


def test_every_stable_state_but_the_last_can_be_left() -> None:
    for state in set(VmState) - {VmState.DELETED}:
        assert any(state in row.vm_states for row in TABLE.values()), state


def test_a_server_is_deleted_in_every_state_and_task() -> None:
    row = TABLE[Action.DELETE]
    assert row.vm_states == set(VmState)
    assert None in row.task_states
