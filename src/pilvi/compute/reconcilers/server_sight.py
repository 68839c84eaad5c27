"""Everything that a server's plan is made of: values only; `sight.py` gathers them."""

from dataclasses import dataclass
from enum import StrEnum

from pilvi.host_api.vms import Power


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeSight:
    """One volume of the server."""

    attachment_id: str
    is_wanted: bool
    error: str = ""
    """Why its target will never answer: it could not be made."""
    is_exported: bool = False
    """Whether its target answers."""
    is_assigned: bool = False
    """Whether the host was told of it."""
    is_grown: bool = False
    """Whether it is larger than the host was told."""
    is_attached: bool = False
    """Whether the guest has it."""
    is_noted: bool = False
    """Whether block storage knows that the guest has it."""


class Carry(StrEnum):
    """How far the images are that carry a server's disks, or the image on its way to a volume."""

    NONE = "none"
    UNDER_WAY = "under way"
    ARRIVED = "arrived"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OldSight:
    """What is seen of the vm on the host that a server leaves."""

    is_assigned: bool = False
    is_held: bool = False
    is_stopped: bool = False
    """Whether the host agrees that the guest is off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Everything that can be seen of a server from here."""

    has_host: bool = False
    """Whether a host is chosen and its allocation claimed."""
    has_claims: bool = False
    """Whether anything else is claimed: ports, carriers, a way back."""
    is_assigned: bool = False
    """Whether the host is asked to hold the vm."""
    is_held: bool = False
    """Whether anything may be left of the vm on the host."""
    assigned_generation: int | None = None
    """Desired generation that the host was last told."""
    is_settled: bool = False
    """Whether the host agrees with what it was last told."""
    is_launched: bool = False
    power: Power | None = None
    boot_generation: int = -1
    terminal_fault: str | None = None
    """Why the host says that trying again cannot help."""
    is_given_up: bool = False
    is_failed: bool = False
    """Whether that fault is noted already."""
    is_capturing: bool = False
    volumes: tuple[VolumeSight, ...] = ()
    leaving_ports: tuple[str, ...] = ()
    """Ports that the guest is to give up."""
    has_lost_port: bool = False
    """Whether the host was told of a port that somebody deleted or took away since."""
    attached_ports: frozenset[str] = frozenset()
    """Ports that the guest has."""
    has_local_disks: bool = True
    """Whether anything on the host would have to be carried."""
    carry: Carry = Carry.NONE
    carry_fault: str = ""
    is_left_behind: bool = False
    """Whether it is still to be taken from the host that it is evacuated from."""
    lingers_on: str = ""
    """A host that it was evacuated from, that answers, and that may still run the guest."""
    reimage: Carry = Carry.NONE
    """How far the image is that is written to the volume that it boots from."""
    reimage_fault: str = ""
    has_way_back: bool = False
    is_same_host: bool = True
    """Of a way back: whether it leads to the host where the server is."""
    overdue: str = ""
    """Why a server that was never launched is given up: it took too long."""
    old: OldSight = OldSight()
    """Of a way back that leads to another host."""
