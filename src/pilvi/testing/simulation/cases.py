"""The cases of the matrix: which faults there are, and which step meets which. Pure."""

from dataclasses import dataclass, field
from enum import StrEnum

# Of the faults at a step that other scenarios take too, one in so many is played. Lower: the matrix
# takes longer; higher: a scenario meets fewer faults.
SHARE = 4


class Fault(StrEnum):
    """What goes wrong at a step."""

    NONE = "nothing"
    KILL_BEFORE = "its process is killed before"
    KILL_AFTER = "its process is killed after"
    KILL_SOON = "its process is killed a moment later"
    KILL_BOTH = "everything is killed after"
    KILL_OTHER = "the other side is killed before"
    POWER_OFF = "the host loses its power before"
    FAIL_BEFORE = "it fails before"
    FAIL_AFTER = "it fails after"
    FAIL_TERMINALLY = "it can never be done"
    TWICE = "it is done twice"
    LOSE_REPLIES = "replies are lost from here on"
    CUT = "the host cannot be reached from here on"
    FILL_DISK = "the disk is full from here on"
    DELETE = "the user deletes it meanwhile"
    LOSE = "it is lost"
    LOSE_REPLY = "its reply is lost"
    DELAY = "it comes late"
    DOUBLE = "it comes twice"


EXCUSED = {Fault.FAIL_TERMINALLY, Fault.FILL_DISK, Fault.POWER_OFF, Fault.CUT}
"""Faults after which a resource may say that it cannot be, and why."""
MESSAGE = "network"
"""Where messages are: they are places of a scenario like steps."""
OF_MESSAGES = {Fault.LOSE, Fault.LOSE_REPLY, Fault.DELAY, Fault.DOUBLE}
OF_BOTH = {Fault.KILL_SOON, Fault.KILL_BOTH, Fault.LOSE_REPLIES, Fault.DELETE}
ON_HOSTS_ONLY = {Fault.FAIL_TERMINALLY, Fault.TWICE, Fault.FAIL_AFTER}
"""A step of the control plane is part of a transaction: it has no effect of its own to repeat."""


REMOVING = ("Remove", "Detach", "End", "Unload", "Stop", "CopyStep.REMOVE", "CaptureStep.REMOVE")
"""Starts of names of steps that take something away: no driver says that this can never be done."""


@dataclass(frozen=True, slots=True)
class Place:
    """One step of a scenario."""

    number: int
    """Of the steps since the request."""
    where: str
    """`api`, or the name of the host."""
    kind: str
    step: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Side, kind, and name of the step."""
        side = self.where if self.where in ("api", MESSAGE) else "host"
        return side, self.kind, self.step

    def __str__(self) -> str:
        return f"step {self.number} ({self.where} {self.kind} {self.step})"


@dataclass
class Verdict:
    """What came of one case."""

    scenario: str
    place: Place | None
    fault: Fault
    problems: list[str] = field(default_factory=list)
    excuse: str = ""
    """Why a resource says that it cannot be."""
    trace: list[str] = field(default_factory=list)
    cpu_s: float = 0.0
    places: list[Place] = field(default_factory=list)
    """All steps that were taken."""

    def __str__(self) -> str:
        where = "" if self.place is None else f", at {self.place}"
        return f"{self.scenario}{where}: {self.fault}"


Case = tuple[Place, Fault]
StepKey = tuple[str, str, str]
"""Side, kind, and name of a step."""


def list_cases(places: list[Place], known: set[StepKey], salt: int) -> list[Case]:
    """The cases of a scenario: each kind of step where it is first taken. Pure.

    A step that no earlier scenario takes meets every fault, one that is `known` only some of them,
    other ones in each scenario.
    """
    cases: list[Case] = []
    seen = set[StepKey]()
    for place in places:
        key = place.key
        if key in seen:
            continue
        seen.add(key)
        fitting = [fault for fault in Fault if fault is not Fault.NONE and _fits(place, fault)]
        if key in known:
            salt += 1
            fitting = [fault for n, fault in enumerate(fitting) if (n + salt) % SHARE == 0]
        cases += [(place, fault) for fault in fitting]
    return cases


def _fits(place: Place, fault: Fault) -> bool:
    if (place.where == MESSAGE) != (fault in OF_MESSAGES) and fault not in OF_BOTH:
        return False
    if fault is Fault.FAIL_TERMINALLY and place.step.startswith(REMOVING):
        return False
    return place.where != "api" or fault not in ON_HOSTS_ONLY
