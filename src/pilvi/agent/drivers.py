"""The parts of an agent, real or fake. Real drivers are imported only where they are used."""

from typing import Protocol, runtime_checkable

from pilvi.agent.context import AgentContext, ImageTransfer
from pilvi.agent.facts import Abilities
from pilvi.agent.parts import AgentParts
from pilvi.agent.ports.driver import PortDriver
from pilvi.agent.ports.reconciler import NetworkReconciler, PortReconciler, RouterReconciler
from pilvi.agent.vms.capture import CaptureReconciler
from pilvi.agent.vms.driver import HostDriver
from pilvi.agent.vms.reconciler import VmReconciler
from pilvi.agent.volumes.driver import VolumeDriver
from pilvi.agent.volumes.reconciler import VolumeReconciler
from pilvi.core.reconcile import Reconciler


@runtime_checkable
class Watcher(Protocol):
    """A reconciler that turns what happens by itself into wakes."""

    async def watch(self) -> None:
        """Run until cancelled."""
        ...


def build_real_parts(context: AgentContext, images: ImageTransfer) -> AgentParts:
    """QEMU, Linux networking and tgt."""
    from pilvi.agent.ports.linux.driver import LinuxPortDriver
    from pilvi.agent.vms.qemu import QemuVms
    from pilvi.agent.volumes.tgt import TgtVolumeDriver

    settings = context.settings
    ports, vms = LinuxPortDriver(settings), QemuVms(settings)
    return join_parts(context, images, ports, vms, TgtVolumeDriver(settings))


def build_fake_parts(context: AgentContext, images: ImageTransfer) -> AgentParts:
    """Values in memory."""
    from pilvi.agent.ports.fake import FakePortDriver
    from pilvi.agent.vms.fake import FakeVms
    from pilvi.agent.volumes.fake import FakeVolumeDriver

    portal = f"127.0.0.1:{context.settings.iscsi_port}"
    vms = FakeVms(context.settings.agent_dir / "vms")
    return join_parts(context, images, FakePortDriver(), vms, FakeVolumeDriver(portal))


def join_parts(
    context: AgentContext,
    images: ImageTransfer,
    ports: PortDriver,
    vms: HostDriver,
    volumes: VolumeDriver,
) -> AgentParts:
    """Reconcilers over one driver of each kind."""
    reconcilers: list[Reconciler] = [
        NetworkReconciler(context, ports),
        PortReconciler(context, ports),
        RouterReconciler(context, ports),
        VolumeReconciler(context, volumes),
        VmReconciler(context, vms, ports, images),
        CaptureReconciler(context, vms, images),
    ]

    async def find_abilities() -> Abilities:
        facts = await vms.facts()
        names = {*vms.capabilities, *ports.capabilities, *volumes.capabilities}
        return Abilities(facts.accelerator, facts.version, tuple(sorted(names)))

    return AgentParts(
        reconcilers=reconcilers,
        consoles=vms,
        find_abilities=find_abilities,
        watches=[one.watch for one in reconcilers if isinstance(one, Watcher)],
        closers=[vms.close, volumes.close, ports.close],
    )
