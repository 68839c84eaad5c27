"""Every step that any plan can hold, as the matrix names them: what it must have taken."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, get_args

from pilvi.agent.ports import steps as port_steps
from pilvi.agent.vms import plan as vm_plan
from pilvi.agent.vms.capture import CaptureStep
from pilvi.agent.volumes import plan as volume_plan
from pilvi.agent.volumes.copy_reconciler import CopyStep
from pilvi.block_storage.reconcilers import copies, upload
from pilvi.block_storage.reconcilers import plan as block_storage_plan
from pilvi.compute.reconcilers import snapshot, step
from pilvi.image.model import task
from pilvi.image.reconcilers import upload as image_upload
from pilvi.network.reconcilers import plan as network_plan
from pilvi.testing.simulation.cases import Place

PLANS: dict[tuple[str, str], Any] = {
    ("api", "server"): step.Step,
    ("api", "snapshot"): snapshot.Step,
    ("api", "volume"): block_storage_plan.Step,
    ("api", "volume-snapshot"): copies.CopyStep,
    ("api", "volume-backup"): copies.CopyStep,
    ("api", "volume-upload"): upload.Step,
    ("api", "network"): network_plan.Assign | network_plan.Withdraw | network_plan.Forget,
    ("api", "port"): (
        network_plan.Record | network_plan.Assign | network_plan.Withdraw | network_plan.Forget
    ),
    ("api", "router"): network_plan.Step,
    ("api", "image"): image_upload.Step,
    ("api", "image_import"): task.Step,
    ("host", "vm"): vm_plan.Step,
    ("host", "capture"): CaptureStep,
    ("host", "volume"): volume_plan.Step,
    ("host", "snapshot"): CopyStep,
    ("host", "backup"): CopyStep,
    ("host", "upload"): CopyStep,
    ("host", "network"): port_steps.NetworkStep,
    ("host", "port"): port_steps.PortStep,
    ("host", "address_set"): port_steps.SetStep,
    ("host", "router"): port_steps.RouterStep,
}
"""The steps of each kind of reconciler, by side."""

_NOT_STEPS = {"Wait", "CaptureStep.WAIT", "CaptureStep.NOTHING", "Step.WAIT"}


def list_steps() -> set[tuple[str, str, str]]:
    """Side, kind and name of every step that there is. Pure."""
    return {
        (side, kind, name)
        for (side, kind), plan in PLANS.items()
        for name in _names(plan)
        if name not in _NOT_STEPS
    }


def find_missing(places: Iterable[Place]) -> set[tuple[str, str, str]]:
    """The steps that none of these places is one of. Pure."""
    return list_steps() - {place.key for place in places}


def _names(plan: Any) -> list[str]:
    if isinstance(plan, type) and issubclass(plan, StrEnum):
        return [f"{plan.__name__}.{one.name}" for one in plan]
    return [one.__name__ for one in get_args(plan)]
