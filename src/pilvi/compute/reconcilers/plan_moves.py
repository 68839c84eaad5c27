"""Plans of servers whose disks are at work: on the way to a shelf, another flavor or host, or
written anew where they boot from a volume. Pure.

Disks are carried through the image store: copied from the stopped guest, fetched by the host that
it goes to. The host that it leaves keeps its disks until the owner's word. A resize on the same
host carries nothing: its disks get a layer, and going back drops it.
"""

from pilvi.compute.model.state import Desired, Word
from pilvi.compute.reconcilers.server_sight import Carry, Sight
from pilvi.compute.reconcilers.step import (
    AbandonReimage,
    AbandonResize,
    AbandonShelf,
    Arrive,
    AssignVm,
    BeginCarry,
    BeginReimage,
    CancelCaptures,
    ClaimResize,
    EndReimage,
    ForgetWayBack,
    GoBack,
    MarkAttached,
    Offload,
    ReleaseVolume,
    Step,
    StopOld,
    Wait,
    Withdraw,
    WithdrawNew,
    WithdrawOld,
)
from pilvi.host_api.vms import Power

_REMOVING = Wait("the host to remove the vm")
_COPYING = Wait("a copy of its disk", polls=True)


def plan_shelf(desired: Desired, seen: Sight) -> list[Step]:
    """The steps of a server that is to have no host. Pure."""
    if not seen.is_held:
        if seen.has_host:
            return [Offload()]
        return _plan_shelved_volumes(seen)
    if not seen.is_assigned:
        return [_REMOVING]
    if not seen.has_local_disks or seen.carry is Carry.ARRIVED:
        is_stopped = seen.carry is Carry.ARRIVED or _is_off(desired, seen)
        if is_stopped:
            return [Withdraw(), _REMOVING]
    if seen.assigned_generation != desired.generation:
        told = (v.attachment_id for v in seen.volumes if v.is_wanted and v.is_assigned)
        return [AssignVm(tuple(sorted(told)))]
    if seen.terminal_fault is not None:
        return [AbandonShelf(seen.terminal_fault)]
    if not _is_off(desired, seen):
        return [Wait("the guest to stop")]
    match seen.carry:
        case Carry.NONE:
            return [BeginCarry()]
        case Carry.FAILED:
            return [AbandonShelf(seen.carry_fault)]
    return [_COPYING]


def _plan_shelved_volumes(seen: Sight) -> list[Step]:
    """No guest holds a volume of a shelved server: as in Nova it counts as attached."""
    noted = (v for v in seen.volumes if v.is_wanted and not v.is_noted)
    unwanted = (v for v in seen.volumes if not v.is_wanted)
    return [
        *(MarkAttached(v.attachment_id) for v in noted),
        *(ReleaseVolume(v.attachment_id) for v in unwanted),
    ]


def plan_reimage(desired: Desired, seen: Sight) -> list[Step]:
    """The steps of a server whose volume an image is written to while its guest is off. Pure."""
    if seen.assigned_generation != desired.generation:
        told = (v.attachment_id for v in seen.volumes if v.is_wanted and v.is_assigned)
        return [AssignVm(tuple(sorted(told)))]
    if seen.terminal_fault is not None:
        return [AbandonReimage(seen.terminal_fault)]
    if not _is_off(desired, seen):
        return [Wait("the guest to stop")]
    match seen.reimage:
        case Carry.NONE:
            return [BeginReimage()]
        case Carry.FAILED:
            return [AbandonReimage(seen.reimage_fault)]
        case Carry.UNDER_WAY:
            return [Wait("the image to be written to its volume", polls=True)]
    if not all(v.is_exported for v in seen.volumes if v.is_wanted):
        return [Wait("its volume to be exported", polls=True)]
    return [EndReimage()]


def _is_off(desired: Desired, seen: Sight) -> bool:
    is_current = seen.is_settled and seen.assigned_generation == desired.generation
    return is_current and seen.power in (Power.STOPPED, None)


def plan_resize(word: Word, seen: Sight) -> list[Step] | None:
    """The steps of a server on its way to another flavor or host; None: as any other. Pure."""
    match word:
        case Word.PENDING:
            return _plan_pending(seen)
        case Word.CONFIRMED:
            return _plan_confirmed(seen)
        case Word.REVERTED:
            return _plan_reverted(seen)


def _plan_pending(seen: Sight) -> list[Step] | None:
    if not seen.has_way_back:
        return [ClaimResize()]
    if seen.is_same_host or seen.is_assigned:
        return None
    if not seen.old.is_stopped:
        return [StopOld(), Wait("the guest to stop")]
    if seen.has_local_disks:
        match seen.carry:
            case Carry.NONE:
                return [BeginCarry()]
            case Carry.FAILED:
                return [AbandonResize(seen.carry_fault)]
            case Carry.UNDER_WAY:
                return [_COPYING]
    ready = (v.attachment_id for v in seen.volumes if v.is_wanted and v.is_exported)
    return [Arrive(), AssignVm(tuple(sorted(ready)))]


def _plan_confirmed(seen: Sight) -> list[Step] | None:
    if not seen.has_way_back:
        return None
    if seen.old.is_assigned:
        return [WithdrawOld(), _REMOVING]
    return [_REMOVING] if seen.old.is_held else [ForgetWayBack()]


def _plan_reverted(seen: Sight) -> list[Step] | None:
    if not seen.has_way_back:
        return None
    if seen.is_same_host:
        return [GoBack()]
    steps: list[Step] = [CancelCaptures()] if seen.is_capturing else []
    if seen.is_assigned:
        return [*steps, WithdrawNew(), _REMOVING]
    return [*steps, _REMOVING] if seen.is_held else [*steps, GoBack()]
