"""What users were promised: every thing that a request made, and what they last wished of it."""

from dataclasses import dataclass, field
from enum import StrEnum


class Gone(StrEnum):
    """Whether a thing was asked to go."""

    NO = "no"
    MAYBE = "maybe"
    """Nobody knows whether the request arrived, or it may go with another thing."""
    YES = "yes"


@dataclass(slots=True, eq=False)
class Thing:
    """One thing that a user asked for."""

    kind: str
    id: str
    name: str
    gone: Gone = Gone.NO
    states: set[str] | None = None
    """Statuses that it may end in; None: any that rests."""
    unsure_until: float = 0.0
    """Until when a request that was given up may still arrive."""
    asked: int = 0
    """How many actions were asked for."""
    asking: int = 0
    """How many of them have no answer yet."""
    parent: "Thing | None" = None
    """What it goes with."""

    def wish(self, moment: float, *states: str) -> None:
        """A request was acknowledged."""
        self.states = set(states) if states and moment > self.unsure_until else None


@dataclass(slots=True)
class Kind:
    """A collection of the API."""

    name: str
    path: str
    """Of the collection."""
    key: str
    """Of one in a body."""

    @property
    def keys(self) -> str:
        """Of the list in a body."""
        return f"{self.key}s"


KINDS = {
    kind.name: kind
    for kind in (
        Kind("server", "/compute/v2.1/servers", "server"),
        Kind("volume", "/volume/v3/volumes", "volume"),
        Kind("snapshot", "/volume/v3/snapshots", "snapshot"),
        Kind("backup", "/volume/v3/backups", "backup"),
        Kind("image", "/image/v2/images", "image"),
        Kind("network", "/network/v2.0/networks", "network"),
        Kind("subnet", "/network/v2.0/subnets", "subnet"),
        Kind("port", "/network/v2.0/ports", "port"),
        Kind("router", "/network/v2.0/routers", "router"),
        Kind("floatingip", "/network/v2.0/floatingips", "floatingip"),
        Kind("security_group", "/network/v2.0/security-groups", "security_group"),
    )
}


@dataclass(slots=True)
class Promises:
    """Everything that all users asked for."""

    things: list[Thing] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Names of what was asked for and never acknowledged, with their kinds."""

    def add(self, thing: Thing) -> Thing:
        """A thing was acknowledged."""
        self.things.append(thing)
        return thing

    def there(self, kind: str) -> list[Thing]:
        """What is of a kind and was not asked to go."""
        return [one for one in self.things if one.kind == kind and one.gone is not Gone.YES]
