"""What this host is: its inventory and its abilities."""

import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from pilvi.host_api.contract import HostFacts
from pilvi.settings import Settings

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the drivers say of themselves once, at start."""

    accelerator: str
    hypervisor_version: str
    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """The size of a host; a fake one may claim any."""

    hostname: str
    vcpus: int
    memory_mib: int


def read_inventory(hostname: str = "") -> Inventory:
    """The size of this machine, under its own name or another."""
    return Inventory(hostname or socket.gethostname(), os.cpu_count() or 1, _read_memory_mib())


def collect_facts(settings: Settings, inventory: Inventory, abilities: Abilities) -> HostFacts:
    """The facts as they are now; only the disk's free space changes."""
    disk = shutil.disk_usage(settings.agent_dir)
    return HostFacts(
        hostname=inventory.hostname,
        vcpus=inventory.vcpus,
        memory_mib=inventory.memory_mib,
        disk_gib=disk.total // GIB,
        disk_free_gib=disk.free // GIB,
        accelerator=abilities.accelerator,
        capabilities=list(abilities.capabilities),
        hypervisor_version=abilities.hypervisor_version,
        addresses=[settings.listen_host],
        booted_at=_read_boot_time(),
    )


def _read_boot_time(path: Path = Path("/proc/stat")) -> int:
    for line in path.read_text().splitlines():
        if line.startswith("btime "):
            return int(line.split()[1])
    raise AssertionError("the kernel does not say when it started")


def _read_memory_mib(path: Path = Path("/proc/meminfo")) -> int:
    for line in path.read_text().splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // 1024
    raise AssertionError("the kernel does not say how much memory there is")
