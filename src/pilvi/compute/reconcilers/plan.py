"""What to do next for one server: a pure answer from the wish and from what is seen.

A plan is what can be done now; when the same plan comes twice, somebody else has to act first (a
host, a volume, a port), whose report wakes the server again. An empty plan means that nothing is
left to do.
"""

from pilvi.compute.model.state import Desired, Word
from pilvi.compute.reconcilers.plan_moves import plan_reimage, plan_resize, plan_shelf
from pilvi.compute.reconcilers.server_sight import Carry, Sight
from pilvi.compute.reconcilers.step import (
    AbandonResize,
    AssignVm,
    CancelCaptures,
    Claim,
    DropCarriers,
    EndEvacuation,
    EndResize,
    Evacuate,
    FollowPowerOff,
    GiveUp,
    MarkAttached,
    NoteExtension,
    NoteFault,
    ReleaseAll,
    ReleasePort,
    ReleaseVolume,
    Remove,
    Step,
    Wait,
    Withdraw,
)
from pilvi.host_api.vms import Power


def plan_server(desired: Desired, seen: Sight) -> list[Step]:
    """The steps from what is seen to the wish. Pure."""
    if not desired.present or seen.is_given_up:
        return _plan_absent(desired, seen)
    if seen.overdue and not seen.is_launched:
        return [GiveUp(seen.overdue)]
    if seen.is_left_behind:
        return [*([CancelCaptures()] if seen.is_capturing else []), Evacuate()]
    if desired.shelved:
        return plan_shelf(desired, seen)
    if desired.reimage is not None:
        return plan_reimage(desired, seen)
    if seen.terminal_fault is not None and seen.assigned_generation == desired.generation:
        # A fault of an older wish says nothing of this one.
        if not seen.is_launched:
            return [GiveUp(seen.terminal_fault)]
        if seen.has_way_back and desired.resize and desired.resize.word is Word.PENDING:
            return [AbandonResize(seen.terminal_fault)]
        if not seen.is_failed:
            return [NoteFault(seen.terminal_fault)]
    if desired.resize is not None:
        steps = plan_resize(desired.resize.word, seen)
        if steps is not None:
            return steps
    return _plan_present(desired, seen)


def _plan_absent(desired: Desired, seen: Sight) -> list[Step]:
    steps: list[Step] = [CancelCaptures()] if seen.is_capturing else []
    if seen.is_assigned or seen.old.is_assigned:
        return [*steps, Withdraw(), Wait("the host to remove the vm")]
    if seen.is_held or seen.old.is_held:
        return [*steps, Wait("the host to remove the vm")]
    if seen.has_host or seen.has_claims or seen.volumes:
        return [*steps, ReleaseAll()]
    return [*steps, Remove()] if not desired.present else steps


def _plan_present(desired: Desired, seen: Sight) -> list[Step]:
    broken = next((v.error for v in seen.volumes if v.is_wanted and v.error), None)
    if broken and not seen.is_launched:
        return [GiveUp(broken)]
    steps: list[Step] = [] if seen.has_host else [Claim()]
    if seen.lingers_on and not seen.is_assigned:
        return [*steps, Wait(f"host {seen.lingers_on} to give up the guest", polls=True)]
    missing = [v for v in seen.volumes if v.is_wanted and not (v.is_exported or v.is_assigned)]
    if missing and not seen.is_assigned:
        return [*steps, Wait("its volumes to be exported")]
    ready = {v.attachment_id for v in seen.volumes if v.is_wanted} - {
        v.attachment_id for v in missing
    }
    told = {v.attachment_id for v in seen.volumes if v.is_assigned}
    is_current = seen.is_assigned and seen.assigned_generation == desired.generation
    grown = [NoteExtension(v.attachment_id) for v in seen.volumes if v.is_wanted and v.is_grown]
    if not is_current or seen.has_lost_port or ready != told or grown:
        return [*steps, *grown, AssignVm(tuple(sorted(ready)))]
    steps += _plan_volumes(seen)
    if seen.is_settled:
        leaving = (id for id in seen.leaving_ports if id not in seen.attached_ports)
        steps += [ReleasePort(id) for id in leaving]
        steps += _plan_arrived(desired, seen)
    if _turned_itself_off(desired, seen):
        steps.append(FollowPowerOff())
    if missing:
        steps.append(Wait("a volume to be exported"))
    if not seen.is_settled and not seen.is_failed:
        steps.append(Wait("the host to agree"))
    if seen.is_capturing:
        steps.append(Wait("a capture of its disk"))
    return steps


def _plan_arrived(desired: Desired, seen: Sight) -> list[Step]:
    """What is left to do once the vm is as wished where it was to go."""
    steps: list[Step] = [] if seen.carry is Carry.NONE else [DropCarriers()]
    if desired.resize is not None and desired.resize.word is not Word.PENDING:
        steps.append(EndResize())
    if desired.evacuation is not None:
        steps.append(EndEvacuation())
    return steps


def _plan_volumes(seen: Sight) -> list[Step]:
    steps: list[Step] = []
    for volume in seen.volumes:
        has_it = volume.is_assigned and (volume.is_attached or seen.is_settled)
        if volume.is_wanted and has_it and not volume.is_noted:
            steps.append(MarkAttached(volume.attachment_id))
        if not volume.is_wanted and seen.is_settled and not volume.is_attached:
            steps.append(ReleaseVolume(volume.attachment_id))
    return steps


def _turned_itself_off(desired: Desired, seen: Sight) -> bool:
    return (
        seen.is_settled
        and seen.power is Power.STOPPED
        and desired.power is not Power.STOPPED
        and seen.boot_generation >= desired.boot_generation
    )
