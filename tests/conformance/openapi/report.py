"""What a run found, per service: operations in the document, of them those that OpenStack serves,
routed, valid; and what is wrong."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from conformance.openapi.corrections import Correction
from conformance.openapi.documents import SERVICES, Operation, published
from conformance.openapi.judge import Exchange, judge_of, make_judge, service_of
from conformance.openapi.known_errors import CORRECTIONS, GONE_PATHS, NEEDS_MORE
from conformance.openapi.not_openstack import NOT_OPENSTACK

ROUTED_SHARE_MIN = 80
"""Percent of the operations that OpenStack serves that must be routed."""


@dataclass
class Tally:
    """One service's figures."""

    service: str
    operations: int = 0
    absent: set[str] = field(default_factory=set)
    """Of the document only: OpenStack itself refuses them. Never counted as routed."""
    routed: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    """Routed, but only to a clear refusal; counted as not routed."""
    valid: set[str] = field(default_factory=set)
    problems: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Of an operation: what was wrong with its replies."""
    missing: list[str] = field(default_factory=list)
    answered: dict[str, set[int]] = field(default_factory=dict)
    """Of an operation: the statuses that the drive was answered with."""

    @property
    def unproven(self) -> list[str]:
        """Routed operations of which no reply of success was seen."""
        return sorted(self.routed - self.refused - self.valid - set(self.problems))

    @property
    def possible(self) -> int:
        """How many of the document's operations OpenStack serves."""
        return self.operations - len(self.absent)

    @property
    def share(self) -> float:
        """Percent of the operations of OpenStack that are routed to something that serves them."""
        return 100 * len(self.routed - self.refused) / self.possible

    @property
    def share_of_all(self) -> float:
        """The same of all that the document has, with what OpenStack itself refuses."""
        return 100 * len(self.routed - self.refused) / self.operations

    @property
    def is_good(self) -> bool:
        """Whether every routed operation was seen to answer, and rightly."""
        return not self.problems and not self.unproven


Statuses = Mapping[tuple[str, str], set[int]]


def make_tallies(
    routed: Mapping[str, Mapping[str, bool]], statuses: Statuses, exchanges: Sequence[Exchange]
) -> list[Tally]:
    """The figures of every service.

    `routed` has the names of operations with rows, and whether they certainly serve them.
    """
    tallies = {name: Tally(name, routed=set(routed[name])) for name in SERVICES}
    for exchange in exchanges:
        name = service_of(exchange.path)
        if name is not None:
            _count(tallies[name], exchange)
    for tally in tallies.values():
        document = published(tally.service)
        tally.operations = len(document.operations)
        tally.absent = set(NOT_OPENSTACK.get(tally.service, ()))
        for operation in document.operations:
            answered = statuses.get((tally.service, operation.name), set())
            tally.answered[operation.name] = answered
            _complete(tally, operation, answered)
        certain = {name for name, is_certain in routed[tally.service].items() if is_certain}
        tally.routed &= certain | tally.valid | set(tally.problems)
        _set_absent_apart(tally)
        known = tally.routed | tally.absent
        tally.missing = [each.name for each in document.operations if each.name not in known]
    return list(tallies.values())


def _count(tally: Tally, exchange: Exchange) -> None:
    judge = judge_of(tally.service)
    operation = judge.find(exchange)
    if operation is None:
        return
    problems = judge.weigh(exchange)
    at = exchange.version.rpartition(" ")[2]
    for problem in problems:
        tally.problems[operation.name].add(f"{at and at + ': '}{problem}")
    if not problems:
        tally.valid.add(operation.name)


def _set_absent_apart(tally: Tally) -> None:
    """What OpenStack refuses is not served, and has to be refused here too."""
    tally.routed -= tally.absent
    tally.valid -= tally.absent
    for name in tally.absent:
        for status in sorted(tally.answered.get(name, ())):
            if not 400 <= status < 500:
                tally.problems[name].add(f"OpenStack refuses it, and it was answered {status}")


def _complete(tally: Tally, operation: Operation, answered: set[int]) -> None:
    """Settle what is known of an operation by its likes.

    Block storage has each path with and without the project's id, and a HEAD is its GET without
    the body: the same row answers them.
    """
    name = operation.name
    if is_removed(operation) and 410 in answered:
        tally.absent.add(name)
    if name not in tally.routed or name in tally.valid:
        return
    alike = {name.replace("HEAD ", "GET ", 1), name.replace("{project_id}/", "", 1)}
    if "{admin_project_id}" in name:
        alike = {name.replace("{admin_project_id}/", "", 1)}
    if (alike - {name}) & tally.valid:
        tally.valid.add(name)
    elif 501 in answered or (alike - {name}) & tally.refused or needs_more(operation):
        tally.refused.add(name)


def needs_more(operation: Operation) -> bool:
    """Whether an operation needs what this cloud does not have, so that it is always refused."""
    return any(fnmatchcase(operation.name, one) for one in NEEDS_MORE.get(operation.service, ()))


def is_removed(operation: Operation) -> bool:
    """Whether OpenStack itself answers an operation with 410 only."""
    told = "gone(410)" in operation.value.get("description", "")
    is_listed = any(fnmatchcase(operation.path, path) for path in GONE_PATHS)
    return told or (operation.service == "compute" and is_listed)


def list_unneeded(exchanges: Sequence[Exchange]) -> list[Correction]:
    """Corrections without which no reply of a run would have been refused."""
    unneeded = []
    for correction in CORRECTIONS:
        without = [other for other in CORRECTIONS if other is not correction]
        judge = make_judge(correction.service, without)
        own = (each for each in exchanges if service_of(each.path) == correction.service)
        if not any(judge.weigh(each) for each in own):
            unneeded.append(correction)
    return unneeded


def print_report(tallies: Sequence[Tally], *, details: bool) -> None:
    """Say it to a person."""
    heads = f"{'service':<15}{'operations':>11}{'OpenStack':>10}{'routed':>8}{'':>7}{'of all':>8}"
    print(f"{heads}{'valid':>7}{'refused':>9}")
    for tally in tallies:
        served = len(tally.routed - tally.refused)
        right = len((tally.valid & tally.routed) - tally.refused - set(tally.problems))
        print(
            f"{tally.service:<15}{tally.operations:>11}{tally.possible:>10}{served:>8}"
            f"{tally.share:>5.0f} %{tally.share_of_all:>6.0f} %"
            f"{right:>7}{len(tally.refused):>9}"
        )
    for tally in tallies:
        for name, problems in sorted(tally.problems.items()):
            for problem in sorted(problems):
                print(f"invalid: {tally.service}: {name}: {problem}")
        for name in tally.unproven:
            seen = ", ".join(map(str, sorted(tally.answered[name]))) or "not asked"
            print(f"never answered with success: {tally.service}: {name} ({seen})")
        if details:
            for name in tally.missing:
                print(f"not routed: {tally.service}: {name}")
            for name in sorted(tally.refused):
                print(f"refused: {tally.service}: {name}")
            for name in sorted(tally.absent):
                why = NOT_OPENSTACK[tally.service].get(name, "removed from OpenStack")
                print(f"OpenStack itself refuses: {tally.service}: {name}: {why}")
