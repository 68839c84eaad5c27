"""Aggregates: groups of hosts that share metadata, and perhaps an availability zone. Pure."""

import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pilvi.errors import InvalidRequest
from pilvi.scheduler.candidates import AVAILABILITY_ZONE

ZONE_KEY = "availability_zone"
"""Under which the zone also stands in the metadata, as in Nova."""
SPEC_SCOPE = "aggregate_instance_extra_specs:"
"""Extra specs with this prefix are compared with the metadata of a host's aggregates."""
_NAME = re.compile(r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """One aggregate."""

    number: int
    id: str
    name: str
    availability_zone: str | None
    metadata: dict[str, str] = field(default_factory=dict)
    """Without the zone."""
    host_ids: tuple[str, ...] = ()
    created_at: datetime.datetime
    updated_at: datetime.datetime | None = None

    @property
    def shown_metadata(self) -> dict[str, str]:
        """The metadata with the zone in it."""
        zone = {} if self.availability_zone is None else {ZONE_KEY: self.availability_zone}
        return {**self.metadata, **zone}


def check_name(name: str) -> str:
    """A name that an aggregate can have. Raises `InvalidRequest`."""
    if len(name) > 255 or not _NAME.fullmatch(name):
        raise InvalidRequest(
            "cannot use this name for an aggregate: it has 1 to 255 printable characters, "
            "without a space at either end"
        )
    return name


def check_zone(zone: str) -> str:
    """A name that an availability zone can have. Raises `InvalidRequest`."""
    if len(zone) > 255 or ":" in zone or not _NAME.fullmatch(zone):
        raise InvalidRequest(
            "cannot use this name for an availability zone: it has 1 to 255 printable characters, "
            "no ':' and no space at either end"
        )
    return zone


def zones_of_hosts(aggregates: Iterable[Aggregate]) -> dict[str, str]:
    """The availability zone of each host that an aggregate puts into one, by host id. Pure."""
    return {
        host_id: one.availability_zone
        for one in aggregates
        if one.availability_zone is not None
        for host_id in one.host_ids
    }


def zone_of(zones: Mapping[str, str], host_id: str | None) -> str:
    """The availability zone of a host. Pure."""
    return zones.get(host_id or "", AVAILABILITY_ZONE)


def refuse_hosts(
    aggregates: Sequence[Aggregate], extra_specs: Mapping[str, str], host_ids: Iterable[str]
) -> dict[str, str]:
    """Hosts whose aggregates do not say what a flavor's extra specs ask for, with why. Pure."""
    wanted = {
        key.removeprefix(SPEC_SCOPE): value
        for key, value in extra_specs.items()
        if key.startswith(SPEC_SCOPE)
    }
    found: dict[str, str] = {}
    for host_id in host_ids if wanted else ():
        said: dict[str, list[str]] = {}
        for one in aggregates:
            if host_id in one.host_ids:
                for key, value in one.shown_metadata.items():
                    said.setdefault(key, []).append(value)
        for key, value in wanted.items():
            if not any(is_matched(value, one) for one in said.get(key, ())):
                found[host_id] = f"is in no aggregate whose {key} is {value}"
                break
    return found


_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda said, asked: said >= asked,
    ">=": lambda said, asked: said >= asked,
    "<=": lambda said, asked: said <= asked,
    "==": lambda said, asked: said == asked,
    "!=": lambda said, asked: said != asked,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "s==": lambda said, asked: said == asked,
    "s!=": lambda said, asked: said != asked,
    "s<": lambda said, asked: said < asked,
    "s<=": lambda said, asked: said <= asked,
    "s>": lambda said, asked: said > asked,
    "s>=": lambda said, asked: said >= asked,
}


def is_matched(asked: str, said: str) -> bool:
    """Whether a value fits what an extra spec asks for, in Nova's small language. Pure.

    A plain text is equality; `<in>`, `<all-in>`, `<or>`, `s==` … and `=`, `>=` … are operators.
    """
    words = asked.split()
    operator, rest = (words[0], words[1:]) if words else ("", [])
    if operator in _TEXTS and rest:
        return _TEXTS[operator](said, " ".join(rest))
    if operator in _NUMBERS and rest:
        try:
            return _NUMBERS[operator](float(said), float(rest[0]))
        except ValueError:
            return False
    if operator == "<in>" and rest:
        return " ".join(rest) in said
    if operator == "<all-in>" and rest:
        return all(word in said for word in rest)
    if operator == "<or>":
        return said in {one.strip() for one in f" {asked}".split(" <or> ")[1:]}
    return said == asked
