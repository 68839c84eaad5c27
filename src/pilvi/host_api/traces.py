"""A trace: one walk along a guest's port, hop by hop, measured with packets where there are any.

A trace is a wish of one use. The host walks once for each `trace_id`, tells what it found, and
gives the wish up when it is withdrawn.
"""

from enum import StrEnum

import msgspec

TRACE_CAPABILITY = "network.trace"
"""The ability of a host to walk; an agent without it must not be asked."""


class HopName(StrEnum):
    """The parts of a guest's way, from its port to the world."""

    WISH = "port wish"
    HOST = "host alive"
    TAP = "tap"
    RULES = "filter rules"
    BRIDGE = "bridge"
    DHCP = "DHCP answers"
    METADATA = "metadata answers"
    ROUTER = "router"
    FLOATING_IP = "floating IP"
    GUEST = "guest answers"


class Outcome(StrEnum):
    """What was found of a hop."""

    OK = "ok"
    FAILED = "failed"
    ABSENT = "absent"
    """The port has no such part, and wishes none."""
    UNKNOWN = "unknown"
    """It could not be looked at."""


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the way."""

    name: HopName
    outcome: Outcome
    words: str
    """What was seen, for people."""
    mend: str = ""
    """What to do about a failure."""
    took_ms: float | None = None
    """Until the answer to a packet came; None where none was sent."""


class TraceSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be walked; everything else the host knows from its other wishes."""

    port_id: str
    trace_id: str
    """Another one for each time that somebody asks."""
    asked_at: float
    """Seconds since the epoch."""
    router_ids: list[str] = []
    """Routers with a leg in a subnet of the port."""
    floating_addresses: list[str] = []
    """Public addresses that stand for the port."""


class TraceSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What a host found."""

    trace_id: str
    hops: list[Hop]
