"""The steps that a server's plan is made of: values only; `steps.py` applies them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """Choose a host and claim everything there: allocation and ports."""


@dataclass(frozen=True, slots=True)
class AssignVm:
    """Tell the host what it should hold, with these volumes."""

    attachment_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MarkAttached:
    """Let block storage know that the guest has a volume."""

    attachment_id: str


@dataclass(frozen=True, slots=True)
class NoteExtension:
    """Let an action record say that a volume of the server has become larger."""

    attachment_id: str


@dataclass(frozen=True, slots=True)
class ReleaseVolume:
    """Give back a volume that the guest does not have; forget it once that is done."""

    attachment_id: str


@dataclass(frozen=True, slots=True)
class ReleasePort:
    """Give back a port that the guest does not have; forget it once that is done."""

    port_id: str


@dataclass(frozen=True, slots=True)
class FollowPowerOff:
    """The guest turned itself off: that is what is wished from now on."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It cannot be launched: note why; everything is given back next."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoteFault:
    """Note why the host cannot go on until the wish changes."""

    reason: str


@dataclass(frozen=True, slots=True)
class CancelCaptures:
    """Nobody wants the captures of a server that goes."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Wish the vm away."""


@dataclass(frozen=True, slots=True)
class ReleaseAll:
    """Give back ports, volumes, allocation and console, whatever is left of them."""


@dataclass(frozen=True, slots=True)
class Remove:
    """Nothing is left: the server is deleted."""


@dataclass(frozen=True, slots=True)
class BeginCarry:
    """Have the disks on the host copied into images, which carry them to where they go."""


@dataclass(frozen=True, slots=True)
class DropCarriers:
    """Remove the images that carried the disks: they have arrived."""


@dataclass(frozen=True, slots=True)
class Offload:
    """Shelve: give back host and allocation; ports and volumes stay the server's."""


@dataclass(frozen=True, slots=True)
class AbandonShelf:
    """It cannot be shelved: it goes on where it is."""

    reason: str


@dataclass(frozen=True, slots=True)
class ClaimResize:
    """Claim the new flavor, here or on another host, and keep the old claim as a way back."""


@dataclass(frozen=True, slots=True)
class StopOld:
    """Wish that the host it leaves stops the guest and keeps its disks."""


@dataclass(frozen=True, slots=True)
class Arrive:
    """Let the disks be made of what carried them, and the ports lead to the new host."""


@dataclass(frozen=True, slots=True)
class WithdrawOld:
    """Wish the vm away from the host that it left."""


@dataclass(frozen=True, slots=True)
class WithdrawNew:
    """Wish the vm away from the host that it does not go to after all."""


@dataclass(frozen=True, slots=True)
class ForgetWayBack:
    """The resize is confirmed: give back what the way back held."""


@dataclass(frozen=True, slots=True)
class GoBack:
    """The resize is reverted: everything is as it was before."""


@dataclass(frozen=True, slots=True)
class EndResize:
    """The owner's word about a resize is carried out."""


@dataclass(frozen=True, slots=True)
class AbandonResize:
    """It cannot be resized: it goes back to what it was."""

    reason: str


@dataclass(frozen=True, slots=True)
class Evacuate:
    """Claim another host, and give up what the one that is down may still hold."""


@dataclass(frozen=True, slots=True)
class EndEvacuation:
    """The guest is as wished on its new host."""


@dataclass(frozen=True, slots=True)
class BeginReimage:
    """Have the image written to the volume that it boots from."""


@dataclass(frozen=True, slots=True)
class EndReimage:
    """The image is written: boot from it."""


@dataclass(frozen=True, slots=True)
class AbandonReimage:
    """The image cannot be written: the guest stays off, and it is said why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be done before something else happens, which wakes the server."""

    why: str
    polls: bool = False
    """Whether nobody wakes the server when it happens."""


Step = (
    Claim
    | AssignVm
    | MarkAttached
    | NoteExtension
    | ReleaseVolume
    | ReleasePort
    | FollowPowerOff
    | GiveUp
    | NoteFault
    | CancelCaptures
    | Withdraw
    | ReleaseAll
    | Remove
    | BeginCarry
    | DropCarriers
    | Offload
    | AbandonShelf
    | ClaimResize
    | StopOld
    | Arrive
    | WithdrawOld
    | WithdrawNew
    | ForgetWayBack
    | GoBack
    | EndResize
    | AbandonResize
    | Evacuate
    | EndEvacuation
    | BeginReimage
    | EndReimage
    | AbandonReimage
    | Wait
)
