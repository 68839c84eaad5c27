"""What came of the tests, read from the runner's record."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import testtools
from stestr.repository.file import RepositoryFactory

from conformance.lists import bare

# Letters of a cause in the summary; the whole is in the logs.
CAUSE_LENGTH = 400


class Outcome(StrEnum):
    """What came of one test."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Result:
    """One test's end."""

    outcome: Outcome
    cause: str = ""
    seconds: float = 0.0


@dataclass
class Report:
    """The results of a run, by test name."""

    results: dict[str, Result] = field(default_factory=dict)
    torn: dict[str, str] = field(default_factory=dict)
    """Classes whose end failed, and why."""

    def count(self, outcome: Outcome) -> int:
        """How many tests ended so."""
        return sum(result.outcome is outcome for result in self.results.values())

    def names(self, outcome: Outcome) -> list[str]:
        """The tests that ended so."""
        return sorted(n for n, result in self.results.items() if result.outcome is outcome)


def read_report(folder: Path, chosen: Iterable[str]) -> Report:
    """What the newest run in a folder says of the chosen tests; one without a word has failed."""
    records = _read_records(folder)
    report = Report()
    classes: dict[str, Result] = {}
    for id, record in records.items():
        if id.startswith("tearDownClass"):
            report.torn[_class_of(id)] = _result(record).cause
        elif id.startswith("setUpClass"):
            classes[_class_of(id)] = _result(record)
    for id in chosen:
        record = records.get(id)
        if record is not None:
            report.results[bare(id)] = _result(record)
            continue
        missing = Result(Outcome.FAILED, "it did not run: its class has no result")
        report.results[bare(id)] = classes.get(bare(id).rpartition(".")[0], missing)
    return report


def _read_records(folder: Path) -> dict[str, Mapping[str, Any]]:
    records: dict[str, Mapping[str, Any]] = {}

    def keep(record: Mapping[str, Any]) -> None:
        records[str(record["id"])] = record

    result = testtools.StreamToDict(keep)
    result.startTestRun()
    RepositoryFactory().open(str(folder)).get_latest_run().get_test().run(result)
    result.stopTestRun()
    return records


def _class_of(id: str) -> str:
    """The class in `setUpClass (package.Class)`. Pure."""
    return id.partition("(")[2].rstrip(")")


def _result(record: Mapping[str, Any]) -> Result:
    began, ended = record["timestamps"]
    seconds = (ended - began).total_seconds() if began and ended else 0.0
    details = {name: content.as_text() for name, content in record["details"].items()}
    if record["status"] in ("success", "xfail"):
        return Result(Outcome.PASSED, seconds=seconds)
    if record["status"] == "skip":
        return Result(Outcome.SKIPPED, details.get("reason", "").strip(), seconds)
    return Result(Outcome.FAILED, first_cause(details), seconds)


def first_cause(details: Mapping[str, str]) -> str:
    """The first exception of a failed test in one line. Pure."""
    traces = [text for name, text in sorted(details.items()) if name.startswith("traceback")]
    for text in traces:
        lines = [line for line in text.splitlines() if line.strip()]
        starts = [n for n, line in enumerate(lines) if line.startswith("Traceback ")]
        begin = starts[-1] if starts else 0
        words = [line for line in lines[begin + 1 :] if not line.startswith(" ")]
        if words:
            return " ".join(" ".join(words).split())[:CAUSE_LENGTH]
    return "no traceback"


def service_of(name: str) -> str:
    """The service of a test: the folder below `tempest.api`, or `scenario`. Pure."""
    parts = name.split(".")
    if parts[1] == "api":
        return parts[2]
    return parts[1]


def tabulate(report: Report) -> list[str]:
    """Lines of a table: a row a service, a column an outcome. Pure."""
    rows: dict[str, Counter[Outcome]] = defaultdict(Counter)
    for name, result in report.results.items():
        rows[service_of(name)][result.outcome] += 1
    lines = [f"{'':10}" + "".join(f"{outcome:>9}" for outcome in Outcome)]
    for service in sorted(rows):
        cells = "".join(f"{rows[service][outcome]:9}" for outcome in Outcome)
        lines.append(f"{service:10}{cells}")
    return lines
