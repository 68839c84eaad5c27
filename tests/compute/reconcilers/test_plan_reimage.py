"""Servers whose volume is written anew, and servers whose host is down: single answers."""

import dataclasses

from pilvi.compute.model.state import (
    Desired,
    Evacuation,
    Observed,
    Reimage,
    Status,
    TaskState,
    condition,
)
from pilvi.compute.reconcilers.plan import plan_server
from pilvi.compute.reconcilers.plan_moves import plan_reimage
from pilvi.compute.reconcilers.server_sight import Carry, Sight, VolumeSight
from pilvi.compute.reconcilers.step import (
    AbandonReimage,
    AssignVm,
    BeginReimage,
    CancelCaptures,
    EndEvacuation,
    EndReimage,
    Evacuate,
    NoteExtension,
    Wait,
)
from pilvi.host_api.vms import Power

ROOT = VolumeSight(
    attachment_id="r",
    is_wanted=True,
    is_exported=True,
    is_assigned=True,
    is_attached=True,
    is_noted=True,
)
RUNS = Sight(
    has_host=True,
    is_assigned=True,
    is_held=True,
    assigned_generation=1,
    is_settled=True,
    is_launched=True,
    power=Power.RUNNING,
    boot_generation=1,
    volumes=(ROOT,),
)


def test_a_volume_is_written_only_while_the_guest_is_off() -> None:
    wish = Desired(generation=2, reimage=Reimage(image_id="i"))
    assert plan_server(wish, RUNS) == [AssignVm(("r",))]
    told = dataclasses.replace(RUNS, assigned_generation=2)
    assert plan_server(wish, told) == [Wait("the guest to stop")]
    off = dataclasses.replace(told, power=Power.STOPPED)
    assert plan_server(wish, dataclasses.replace(off, is_settled=False)) == [
        Wait("the guest to stop")
    ]
    assert plan_server(wish, off) == [BeginReimage()]
    under_way = dataclasses.replace(off, reimage=Carry.UNDER_WAY)
    assert [type(step) for step in plan_reimage(wish, under_way)] == [Wait]
    failed = dataclasses.replace(off, reimage=Carry.FAILED, reimage_fault="no")
    assert plan_reimage(wish, failed) == [AbandonReimage("no")]
    written = dataclasses.replace(off, reimage=Carry.ARRIVED)
    assert plan_reimage(wish, written) == [EndReimage()]
    hidden = dataclasses.replace(ROOT, is_exported=False)
    waiting = plan_reimage(wish, dataclasses.replace(written, volumes=(hidden,)))
    assert [type(step) for step in waiting] == [Wait]
    broken = dataclasses.replace(off, terminal_fault="disk full")
    assert plan_reimage(wish, broken) == [AbandonReimage("disk full")]


def test_it_shows_as_a_rebuild_whatever_the_guest_does() -> None:
    wish = Desired(generation=2, reimage=Reimage(image_id="i"))
    for power in (Power.RUNNING, Power.STOPPED):
        seen = Observed(is_launched=True, power=power, boot_generation=1, image_generation=1)
        shown = condition(wish, seen, is_error=False)
        assert (shown.status, shown.task_state) == (Status.REBUILD, TaskState.REBUILDING)
    assert wish.keeps_guest_off
    assert not dataclasses.replace(wish, reimage=None).keeps_guest_off


def test_a_server_leaves_a_host_that_is_down_before_anything_else() -> None:
    evacuation = Evacuation(migration_id="m", source_host_id="a")
    wish = Desired(generation=2, evacuation=evacuation)
    left = dataclasses.replace(RUNS, is_left_behind=True, is_settled=False)
    assert plan_server(wish, left) == [Evacuate()]
    copied = dataclasses.replace(left, is_capturing=True)
    assert plan_server(wish, copied) == [CancelCaptures(), Evacuate()]
    arrived = dataclasses.replace(RUNS, assigned_generation=2)
    assert plan_server(wish, arrived) == [EndEvacuation()]
    waiting = dataclasses.replace(arrived, is_settled=False)
    assert plan_server(wish, waiting) == [Wait("the host to agree")]
    gone = dataclasses.replace(wish, present=False)
    assert Evacuate() not in plan_server(gone, left)


def test_a_volume_that_grew_is_told_with_a_record() -> None:
    grown = dataclasses.replace(ROOT, is_grown=True)
    plan = plan_server(Desired(), dataclasses.replace(RUNS, volumes=(grown,)))
    assert plan == [NoteExtension("r"), AssignVm(("r",))]


def test_it_begins_elsewhere_when_the_host_that_answers_has_let_go() -> None:
    evacuation = Evacuation(migration_id="m", source_host_id="a")
    wish = Desired(generation=2, evacuation=evacuation)
    moved = dataclasses.replace(
        RUNS, is_assigned=False, is_settled=False, volumes=(), lingers_on="host1"
    )
    assert plan_server(wish, moved) == [Wait("host host1 to give up the guest", polls=True)]
    assert plan_server(wish, dataclasses.replace(moved, lingers_on="")) == [AssignVm(())]
    # Nothing is taken back when an older host is heard again.
    told = dataclasses.replace(RUNS, assigned_generation=2, lingers_on="host1")
    assert plan_server(wish, told) == [EndEvacuation()]
