"""The parts of an agent, real or fake. Real drivers are imported only where they are used."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from pilvi.agent.consoles.driver import ConsoleDriver
from pilvi.agent.consoles.reconciler import ConsoleReconciler
from pilvi.agent.context import AgentContext, ImageTransfer
from pilvi.agent.dial import Socket
from pilvi.agent.facts import Abilities
from pilvi.agent.guest_counts import GuestCounter
from pilvi.agent.parts import AgentParts
from pilvi.agent.ports.driver import PortDriver
from pilvi.agent.ports.passwords import PostedPasswords
from pilvi.agent.ports.prober import Prober
from pilvi.agent.ports.reconciler import (
    AddressSetReconciler,
    NetworkReconciler,
    PortReconciler,
    RouterReconciler,
)
from pilvi.agent.ports.tracer import TraceReconciler
from pilvi.agent.vms.capture import CaptureReconciler
from pilvi.agent.vms.driver import HostDriver
from pilvi.agent.vms.reconciler import VmReconciler
from pilvi.agent.volumes.backups import BackupStore
from pilvi.agent.volumes.build import build_volume_reconcilers
from pilvi.agent.volumes.driver import VolumeDriver
from pilvi.core.reconcile import Reconciler
from pilvi.host_api.consoles import ConsoleSpec
from pilvi.host_api.traces import TRACE_CAPABILITY
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


class ControlPlaneWays(ImageTransfer, Protocol):
    """What parts ask of the control plane: the client's part."""

    async def dial_console(self, spec: ConsoleSpec) -> Socket:
        """A WebSocket to where the viewer of a console waits."""
        ...


def build_real_parts(context: AgentContext, ways: ControlPlaneWays) -> AgentParts:
    """QEMU, Linux networking and tgt."""
    from pilvi.agent.consoles.qemu import QemuConsoles
    from pilvi.agent.ports.linux.driver import LinuxPortDriver
    from pilvi.agent.ports.linux.prober import LinuxProber
    from pilvi.agent.ports.linux.traffic import LinuxTraffic
    from pilvi.agent.ports.names import CloudNames
    from pilvi.agent.vms.qemu import QemuVms
    from pilvi.agent.volumes.tgt import TgtVolumeDriver

    settings = context.settings
    ports, vms = LinuxPortDriver(settings), QemuVms(settings)
    parts = join_parts(context, ways, ports, vms, TgtVolumeDriver(settings))
    parts = _with_traces(parts, context, LinuxProber(settings))
    traffic = LinuxTraffic(CloudNames(settings.name_prefix).fabric)
    parts = _with_counts(parts, GuestCounter(context, vms, traffic))
    return _with_consoles(parts, context, QemuConsoles(settings), ways)


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
    context: AgentContext, ways: ControlPlaneWays, drivers: FakeDrivers | None = None
) -> AgentParts:
    """Reconcilers over values in memory."""
    from pilvi.agent.consoles.fake import FakeConsoles
    from pilvi.agent.ports.fake_prober import FakeProber
    from pilvi.agent.ports.fake_traffic import FakeTraffic

    chosen = drivers or FakeDrivers.make(context.settings)
    parts = join_parts(context, ways, chosen.ports, chosen.vms, chosen.volumes)
    parts = _with_traces(parts, context, FakeProber(chosen.ports))
    parts = _with_counts(parts, GuestCounter(context, chosen.vms, FakeTraffic(chosen.ports)))
    return _with_consoles(parts, context, FakeConsoles(chosen.vms), ways)


def _with_consoles(
    parts: AgentParts, context: AgentContext, driver: ConsoleDriver, ways: ControlPlaneWays
) -> AgentParts:
    """An agent's parts, and the consoles of its guests."""
    consoles = ConsoleReconciler(context, driver, ways.dial_console)
    return replace(
        parts,
        reconcilers=[*parts.reconcilers, consoles],
        watches=[*parts.watches, consoles.watch],
    )


def _with_counts(parts: AgentParts, counter: GuestCounter) -> AgentParts:
    """An agent's parts, and what its guests use."""
    return replace(parts, counts=counter, watches=[*parts.watches, counter.watch])


def _with_traces(parts: AgentParts, context: AgentContext, prober: Prober) -> AgentParts:
    """An agent's parts, and the walks along its guests' ports."""

    async def find_abilities() -> Abilities:
        found = await parts.find_abilities()
        return replace(found, capabilities=tuple(sorted({*found.capabilities, TRACE_CAPABILITY})))

    reconcilers = [*parts.reconcilers, TraceReconciler(context, prober)]
    return replace(parts, reconcilers=reconcilers, find_abilities=find_abilities)


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

    settings = context.settings
    backups = BackupStore(settings.backups, is_shared=bool(settings.backup_dir))

    async def find_abilities() -> Abilities:
        facts = await vms.facts()
        names = {*vms.capabilities, *ports.capabilities, *volumes.capabilities}
        return Abilities(facts.accelerator, facts.version, tuple(sorted(names)))

    return AgentParts(
        reconcilers=reconcilers,
        consoles=vms,
        passwords=PostedPasswords(context.desired, ports),
        find_abilities=find_abilities,
        watches=[one.watch for one in reconcilers if isinstance(one, Watcher)],
        listers={
            "guests": vms.holdings,
            "volumes": volumes.holdings,
            "networks": ports.holdings,
            "backups": backups.holdings,
        },
        closers=[vms.close, volumes.close, ports.close],
    )
