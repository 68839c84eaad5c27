"""What a fake host holds of vms, as a real one would list it. Pure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pilvi.agent.vms.driver import LocalCapture
from pilvi.agent.vms.local_vm import Process
from pilvi.host_api.holdings import Holding, HoldingKind

if TYPE_CHECKING:
    from pilvi.agent.vms.fake_vm import FakeVm


def list_holdings(
    vms: Mapping[str, "FakeVm"], bases: set[str], captures: Mapping[str, LocalCapture]
) -> list[Holding]:
    """Everything of vms and captures."""
    found = [
        Holding(kind=HoldingKind.BASE, owner=image_id, name=f"bases/{image_id}")
        for image_id in sorted(bases)
    ]
    for image_id, copy in captures.items():
        found.append(Holding(kind=HoldingKind.CAPTURE, owner=image_id, name=copy.path))
    for server_id, vm in vms.items():
        found += _list_vm(server_id, vm)
    return found


def _list_vm(server_id: str, vm: "FakeVm") -> list[Holding]:
    found = [Holding(kind=HoldingKind.GUEST, owner=server_id, name=f"vms/{server_id}")]
    for device, generation in sorted(vm.disks):
        part = f"{device}.{generation}"
        name = f"vms/{server_id}/{part}"
        found.append(Holding(kind=HoldingKind.DISK, owner=server_id, part=part, name=name))
    if vm.process not in (Process.NONE, Process.GONE):
        found.append(
            Holding(
                kind=HoldingKind.PROCESS,
                owner=server_id,
                name=f"pid {vm.pid}",
                since=vm.started_at,
            )
        )
    if vm.config_digest:
        found.append(Holding(kind=HoldingKind.CONFIG_DRIVE, owner=server_id, name="config.iso"))
    if vm.has_state:
        found.append(Holding(kind=HoldingKind.SAVED_STATE, owner=server_id, name="state.bin"))
    return found
