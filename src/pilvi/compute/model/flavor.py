"""A flavor: how much of everything a server has."""

import datetime
from dataclasses import dataclass, field

from pilvi.core.db import now

ROOT_DEVICE = "vda"
EPHEMERAL_DEVICE = "vdb"
SWAP_DEVICE = "swap"
"""Name of the swap disk on its host; the guest's own name follows the order of the disks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    """One flavor. A server keeps a copy, so a deleted flavor stays known to its servers."""

    id: str
    name: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    ephemeral_gib: int = 0
    swap_mib: int = 0
    rxtx_factor: float = 1.0
    is_public: bool = True
    description: str | None = None
    extra_specs: dict[str, str] = field(default_factory=dict)
    created_at: datetime.datetime = field(default_factory=now)

    @property
    def swap_gib(self) -> int:
        """What its swap disk takes of the host's disk, rounded up."""
        return -(-self.swap_mib // 1024)

    @property
    def resources(self) -> dict[str, int]:
        """What a server of this flavor takes of its host, by resource class."""
        disk_gib = self.disk_gib + self.ephemeral_gib + self.swap_gib
        amounts = {"VCPU": self.vcpus, "MEMORY_MB": self.memory_mib, "DISK_GB": disk_gib}
        return {name: amount for name, amount in amounts.items() if amount}


SEEDS = (
    Flavor(id="1", name="m1.tiny", vcpus=1, memory_mib=512, disk_gib=1),
    Flavor(id="2", name="m1.small", vcpus=1, memory_mib=2048, disk_gib=20),
    Flavor(id="3", name="m1.medium", vcpus=2, memory_mib=4096, disk_gib=40),
    Flavor(id="4", name="m1.large", vcpus=4, memory_mib=8192, disk_gib=80),
    Flavor(id="5", name="m1.xlarge", vcpus=8, memory_mib=16384, disk_gib=160),
    Flavor(id="p1.nano", name="p1.nano", vcpus=1, memory_mib=128, disk_gib=1),
    Flavor(
        id="p1.nano.eph",
        name="p1.nano.eph",
        vcpus=1,
        memory_mib=128,
        disk_gib=1,
        ephemeral_gib=1,
    ),
)
"""What a new cloud has: OpenStack's five, and two for the test image."""
