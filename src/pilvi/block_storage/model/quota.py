"""How much a project may have."""

from collections.abc import Mapping
from dataclasses import dataclass

UNLIMITED = -1

DEFAULTS: Mapping[str, int] = {
    "volumes": 10,
    "snapshots": 10,
    "gigabytes": 1000,
    "backups": 10,
    "backup_gigabytes": 1000,
    "groups": 10,
    "per_volume_gigabytes": UNLIMITED,
}
"""What a project may have unless an admin says otherwise; -1 is as much as there is."""

OF_TYPES = ("volumes", "gigabytes", "snapshots")
"""Quotas that each volume type has too, as NAME_TYPE."""

# Key and value pairs of one volume. Lower: tools that label much are refused; higher: long rows.
METADATA_ITEMS_MAX = 128


@dataclass(frozen=True, slots=True)
class Used:
    """What a project has."""

    volumes: int = 0
    gigabytes: int = 0
    """Of volumes and of snapshots."""
    snapshots: int = 0
    backups: int = 0
    backup_gigabytes: int = 0
    groups: int = 0

    @property
    def by_name(self) -> dict[str, int]:
        """The figures by the name of their quota."""
        return {
            "volumes": self.volumes,
            "gigabytes": self.gigabytes,
            "snapshots": self.snapshots,
            "backups": self.backups,
            "backup_gigabytes": self.backup_gigabytes,
            "groups": self.groups,
        }


def shortfall(
    limits: Mapping[str, int], used: Mapping[str, int], asked_for: Mapping[str, int]
) -> str:
    """Why so much more is over a limit, in words; empty when it is not. Pure."""
    for name, asked in asked_for.items():
        limit, has = limits[name], used.get(name, 0)
        if asked > 0 and limit != UNLIMITED and has + asked > limit:
            return f"asked for {asked} {name}, {has} of {limit} are used"
    return ""


def too_large(limits: Mapping[str, int], size_gib: int) -> str:
    """Why one volume of that size is over its limit; empty when it is not. Pure."""
    limit = limits["per_volume_gigabytes"]
    if limit != UNLIMITED and size_gib > limit:
        return f"asked for {size_gib} gigabytes, one volume may have {limit}"
    return ""
