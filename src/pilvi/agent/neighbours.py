"""Who looks at whom on one host: what to wake when a wish changes.

A wake too many costs a look, one too few costs the time until the next regular look.
"""

from collections.abc import Callable, Iterator

import msgspec

from pilvi.agent.desired import DesiredState
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import PortSpec, RouterSpec
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
    """Its ports, and their networks, which serve its metadata."""
    spec = desired.find_spec(Kind.VM, id, VmSpec)
    for nic in spec.nics if spec else ():
        yield Kind.PORT, nic.port_id
        port = desired.find_spec(Kind.PORT, nic.port_id, PortSpec)
        if port is not None:
            yield Kind.NETWORK, port.network_id


def _of_port(desired: DesiredState, id: str) -> Iterator[Key]:
    """Its vm, which waits for the tap, and its network, which serves its address."""
    spec = desired.find_spec(Kind.PORT, id, PortSpec)
    if spec is not None:
        yield Kind.VM, spec.server_id
        yield Kind.NETWORK, spec.network_id


def _of_network(desired: DesiredState, id: str) -> Iterator[Key]:
    """Ports and routers that plug into its bridge."""
    for assignment in desired.list(Kind.PORT):
        port = desired.find_spec(Kind.PORT, assignment.id, PortSpec)
        if port is not None and port.network_id == id:
            yield Kind.PORT, assignment.id
    for assignment in desired.list(Kind.ROUTER):
        router = desired.find_spec(Kind.ROUTER, assignment.id, RouterSpec)
        legs = [] if router is None else [*router.interfaces, router.gateway]
        if any(leg is not None and leg.network_id == id for leg in legs):
            yield Kind.ROUTER, assignment.id


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
    Kind.NETWORK: _of_network,
    Kind.VOLUME: _of_volume,
    Kind.CAPTURE: _of_capture,
}
