"""How long each kind of object may be under way: one table for all kinds.

Past `told_s` the API says what stands in the way, with whatever the kind has for it. Past `ends_s`
what was never there ends in ERROR with the reason; None goes on trying for ever, as what exists
already must, and as every delete does.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadline:
    """The limits of one kind, in seconds."""

    told_s: float
    """Lower: what is only slow is told as trouble; higher: a user waits without a word."""
    ends_s: float | None = None
    """Of work that goes on. Lower: large images fail on slow disks; higher: hopeless work lasts."""
    stuck_s: float | None = None
    """Of work that stands still because of a known trouble, such as a host that is down. Lower:
    a host's reboot fails what waits for it; higher: a user waits for what will not come."""


DEADLINES: dict[str, Deadline] = {
    # A guest may take a minute to shut down when it is asked to.
    "server": Deadline(told_s=90.0, ends_s=3600.0, stuck_s=300.0),
    # The messages of volumes, snapshots and backups tell every trouble at once.
    "volume": Deadline(told_s=0.0, stuck_s=60.0),
    # Its binding tells every trouble at once.
    "port": Deadline(told_s=0.0),
}
"""By kind of wake-up; the volume's holds for what is made of volumes as well."""
