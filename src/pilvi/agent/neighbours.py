"""Who looks at whom on one host: what to wake when a wish changes.

A wake too many costs a look, one too few costs the time until the next regular look.
"""

from collections.abc import Callable, Iterator

import msgspec

from pilvi.agent.desired import DesiredState
from pilvi.agent.ports.documents import list_ports_of_server
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import PortSpec
from pilvi.host_api.vms import CaptureSpec, VmSpec

Key = tuple[Kind, str]


def list_neighbours(desired: DesiredState, kind: Kind, id: str) -> set[Key]:
    """The objects that look at this one, as the wishes stand now. Pure."""
    look = LOOKS.get(kind)
    try:
        return set() if look is None else set(look(desired, id)) - {(kind, id)}
    except msgspec.DecodeError:
        # Whoever reconciles the unreadable wish says so.
        return set()


def _of_vm(desired: DesiredState, id: str) -> Iterator[Key]:
    """Its ports, whose networks serve its metadata."""
    for port_id in list_ports_of_server(desired, id):
        yield Kind.PORT, port_id


def _of_port(desired: DesiredState, id: str) -> Iterator[Key]:
    """Its vm, which waits for the tap."""
    spec = desired.find_spec(Kind.PORT, id, PortSpec)
    if spec is not None:
        yield Kind.VM, spec.server_id


def _of_volume(desired: DesiredState, id: str) -> Iterator[Key]:
    """Vms that it is attached to."""
    for assignment in desired.list(Kind.VM):
        vm = desired.find_spec(Kind.VM, assignment.id, VmSpec)
        if vm is not None and any(volume.volume_id == id for volume in vm.volumes):
            yield Kind.VM, assignment.id


def _of_capture(desired: DesiredState, id: str) -> Iterator[Key]:
    """The vm whose disk is copied."""
    spec = desired.find_spec(Kind.CAPTURE, id, CaptureSpec)
    if spec is not None:
        yield Kind.VM, spec.server_id


LOOKS: dict[Kind, Callable[[DesiredState, str], Iterator[Key]]] = {
    Kind.VM: _of_vm,
    Kind.PORT: _of_port,
    Kind.VOLUME: _of_volume,
    Kind.CAPTURE: _of_capture,
}
