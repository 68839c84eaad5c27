"""A provider, and what a host's facts make of it."""

import datetime
import math
from dataclasses import dataclass
from typing import NewType

from pilvi.host_api.contract import HostFacts
from pilvi.placement.model.inventory import Inventory
from pilvi.placement.model.resources import ResourceClass
from pilvi.placement.model.traits import trait_of
from pilvi.settings import Settings

ProviderId = NewType("ProviderId", str)


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider: a host by another name, or what an admin made."""

    id: ProviderId
    name: str
    generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime
    parent_id: ProviderId | None = None
    follows_host: bool = True
    """Whether it stands for a host: then the host's report says what it has."""


def inventories_of(facts: HostFacts, settings: Settings) -> list[Inventory]:
    """What a host with these facts offers; a class of which it has nothing is left out. Pure.

    Nobody gets more virtual CPUs in one server than the host has, nor more memory or disk than is
    there; the ratios sell the same unit to several.
    """
    memory_reserved = min(settings.reserved_memory_mib, facts.memory_mib)
    rows = [
        _inventory(ResourceClass.VCPU, facts.vcpus, 0, settings.vcpu_ratio),
        _inventory(
            ResourceClass.MEMORY_MB, facts.memory_mib, memory_reserved, settings.memory_ratio
        ),
        _inventory(ResourceClass.DISK_GB, facts.disk_gib, 0, settings.disk_ratio),
    ]
    return [row for row in rows if row.total > 0]


def _inventory(name: ResourceClass, total: int, reserved: int, ratio: float) -> Inventory:
    if not math.isfinite(ratio) or ratio <= 0:
        ratio = 1.0
    return Inventory(
        resource_class=name.value,
        total=total,
        reserved=reserved,
        max_unit=max(1, total),
        allocation_ratio=ratio,
    )


def traits_of(facts: HostFacts) -> list[str]:
    """What a host with these facts can do, as trait names in order. Pure."""
    named = [f"accelerator {facts.accelerator}", *facts.capabilities]
    return sorted({trait_of(name) for name in named if name})
