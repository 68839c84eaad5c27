"""The parts of an agent, real or fake. Real drivers are imported only where they are used."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from pilvi.agent.context import AgentContext, ImageTransfer
from pilvi.agent.facts import Abilities
from pilvi.agent.parts import AgentParts
from pilvi.agent.ports.driver import PortDriver
from pilvi.agent.ports.reconciler import (
    AddressSetReconciler,
    NetworkReconciler,
    PortReconciler,
    RouterReconciler,
)
from pilvi.agent.vms.capture import CaptureReconciler
from pilvi.agent.vms.driver import HostDriver
from pilvi.agent.vms.reconciler import VmReconciler
from pilvi.agent.volumes.build import build_volume_reconcilers
from pilvi.agent.volumes.driver import VolumeDriver
from pilvi.core.reconcile import Reconciler
from pilvi.settings import Settings

if TYPE_CHECKING:
    from pilvi.agent.ports.fake import FakePortDriver
    from pilvi.agent.vms.fake import FakeVms
    from pilvi.agent.volumes.fake import FakeVolumeDriver


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


@dataclass(frozen=True, slots=True)
class FakeDrivers:
    """What stands for a host: values in memory, which a test may look at and break."""

    ports: "FakePortDriver"
    vms: "FakeVms"
    volumes: "FakeVolumeDriver"

    @classmethod
    def make(cls, settings: Settings) -> "FakeDrivers":
        """An empty host."""
        from pilvi.agent.ports.fake import FakePortDriver
        from pilvi.agent.vms.fake import FakeVms
        from pilvi.agent.volumes.fake import FakeVolumeDriver

        portal = f"127.0.0.1:{settings.iscsi_port}"
        vms = FakeVms(settings.agent_dir / "vms")
        return cls(FakePortDriver(), vms, FakeVolumeDriver(portal))


def build_fake_parts(
    context: AgentContext, images: ImageTransfer, drivers: FakeDrivers | None = None
) -> AgentParts:
    """Reconcilers over values in memory."""
    chosen = drivers or FakeDrivers.make(context.settings)
    return join_parts(context, images, chosen.ports, chosen.vms, chosen.volumes)


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
        AddressSetReconciler(context, ports),
        RouterReconciler(context, ports),
        *build_volume_reconcilers(context, volumes, images),
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
