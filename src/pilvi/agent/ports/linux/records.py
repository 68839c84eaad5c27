"""What is loaded in the fabric's tables, as nft itself tells it: nothing is kept elsewhere."""

from dataclasses import dataclass, field
from typing import Any

from pilvi.agent.ports.linux.nft import list_elements
from pilvi.agent.ports.port_rules import TABLE, LoadedFilter
from pilvi.agent.ports.port_tables import set_name
from pilvi.errors import Conflict

ZONE_MAX = 65_535
"""The kernel's limit; zone 0 is for traffic that no network owns."""


@dataclass(slots=True)
class Ledger:
    """What is loaded in the fabric's tables."""

    zones: dict[str, int] = field(default_factory=dict)
    filters: dict[str, LoadedFilter] = field(default_factory=dict)
    sets: dict[str, str] = field(default_factory=dict)
    """Address sets and the digests of their members."""


def choose_zone(segment: int, taken: set[int]) -> int:
    """The conntrack zone of a new bridge: its segment's number if it fits and is free. Pure."""
    if segment <= ZONE_MAX and segment not in taken:
        return segment
    for zone in range(ZONE_MAX, 0, -1):
        if zone not in taken:
            return zone
    raise Conflict("cannot carry more networks on this host: every conntrack zone is taken")


def read_ledger() -> Ledger:
    """What is loaded in the namespace of the calling thread."""
    ledger = Ledger()
    for bridge, zone in list_elements("map", "inet", TABLE, "zones") or []:
        ledger.zones[bridge] = int(zone)
    for entry in list_elements("set", "inet", TABLE, "loaded") or []:
        record = LoadedFilter.parse(entry["elem"]["val"], entry["elem"]["comment"])
        ledger.filters[record.tap] = record
    for entry in list_elements("set", "inet", TABLE, "loaded_sets") or []:
        set_id, digest = entry["elem"]["comment"].split(" ")
        ledger.sets[set_id] = digest
    return ledger


def read_members(set_id: str) -> tuple[str, ...]:
    """The CIDRs that are in a set in the namespace of the calling thread."""
    found: list[str] = []
    for version in (4, 6):
        elements = list_elements("set", "inet", TABLE, set_name(set_id, version)) or []
        found += [_cidr(element) for element in elements]
    return tuple(found)


def _cidr(element: Any) -> str:
    """Members are disjoint CIDRs, so nft prints each as an address or as a prefix."""
    if isinstance(element, str):
        return element
    prefix = element["prefix"]
    return f"{prefix['addr']}/{prefix['len']}"
