"""Resource classes and amounts."""

import re
from collections.abc import Mapping
from enum import StrEnum

from pilvi.core.numbers import parse_whole
from pilvi.errors import InvalidRequest

Amounts = Mapping[str, int]
"""Of each resource class: how much."""


class ResourceClass(StrEnum):
    """What a host of this cloud has."""

    VCPU = "VCPU"
    MEMORY_MB = "MEMORY_MB"
    DISK_GB = "DISK_GB"


HOST_CLASSES = frozenset(map(str, ResourceClass))
"""Classes of a host's provider that its report alone changes."""

STANDARD_CLASSES = (
    *ResourceClass,
    "PCI_DEVICE",
    "SRIOV_NET_VF",
    "NUMA_SOCKET",
    "NUMA_CORE",
    "NUMA_THREAD",
    "NUMA_MEMORY_MB",
    "IPV4_ADDRESS",
    "VGPU",
    "VGPU_DISPLAY_HEAD",
    "NET_BW_EGR_KILOBIT_PER_SEC",
    "NET_BW_IGR_KILOBIT_PER_SEC",
    "PCPU",
    "MEM_ENCRYPTION_CONTEXT",
    "FPGA",
    "PGPU",
    "NET_PACKET_RATE_KILOPACKET_PER_SEC",
    "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC",
    "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC",
)
"""Every class that OpenStack's clients may ask for by name; hosts have the first three."""

CUSTOM_CLASS = re.compile(r"CUSTOM_[A-Z0-9_]{1,248}")
"""Name of a class that an admin may make."""


def parse_resources(text: str) -> dict[str, int]:
    """`VCPU:1,MEMORY_MB:512` as amounts. Pure. Raises `InvalidRequest`."""
    amounts: dict[str, int] = {}
    for part in text.split(","):
        name, _, amount = part.partition(":")
        wanted = parse_whole(amount, digits_max=10)
        if not wanted:
            raise InvalidRequest(f"cannot read the resources '{text}': they look like VCPU:1")
        if name in amounts:
            raise InvalidRequest(f"cannot ask twice for {name} in '{text}'")
        amounts[name] = wanted
    return amounts
