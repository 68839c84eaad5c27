"""Scenarios with and without faults, and whether they take every step that there is."""

import asyncio
from pathlib import Path

import pytest

from every_step import find_missing
from pilvi.settings import Settings
from pilvi.testing.simulation.cases import Case, Fault, Place, Verdict
from pilvi.testing.simulation.farm import run_forked
from pilvi.testing.simulation.matrix import Play
from pilvi.testing.simulation.scenario import Scenario
from pilvi.testing.simulation.scenarios import SCENARIOS
from pilvi.testing.template import ensure_template

ONLY_AFTER_A_FAULT = {
    ("api", "image", "Step.GIVE_UP"),
    ("api", "image", "Step.REMOVE_FILE"),
    ("api", "image_import", "Step.NOTE_SUCCESS"),
    ("api", "server", "AbandonReimage"),
    ("api", "server", "AbandonResize"),
    ("api", "server", "AbandonShelf"),
    ("api", "server", "GiveUp"),
    ("api", "server", "NoteFault"),
    ("api", "snapshot", "Fail"),
}
"""Answers to a failure, which no scenario without one takes; its cases with faults do."""


@pytest.fixture(scope="module")
def template() -> Path:
    return asyncio.run(ensure_template(Settings(state_dir="/nowhere", fake=True)))


def _play(template: Path, task: tuple[Scenario, list[Case]], folder: Path) -> list[Verdict]:
    play = Play(task[0], folder / "prepared", template)

    def one(case: Case, where: Path) -> Verdict:
        return play.play(case[0], case[1], where)

    return [verdict for _, verdict in run_forked(task[1], one, 1)]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_operation_ends_well_and_every_step_is_taken(template: Path) -> None:
    def plain(scenario: Scenario, folder: Path) -> Verdict:
        return Play(scenario, folder / "prepared", template).play(None, Fault.NONE, folder / "one")

    places = list[Place]()
    for scenario, verdict in run_forked(SCENARIOS, plain, 2):
        assert isinstance(verdict, Verdict), f"{scenario.name}: {verdict}"
        assert verdict.problems == [], scenario.name
        places += verdict.places
    assert find_missing(places) == ONLY_AFTER_A_FAULT


def test_a_fault_at_a_step_is_played_there(template: Path) -> None:
    scenario = next(one for one in SCENARIOS if one.name == "stop a server")
    faults = (Fault.KILL_AFTER, Fault.FAIL_BEFORE, Fault.DELETE)
    cases = [(Place(2, "", "", ""), fault) for fault in faults]
    work = [(scenario, cases)]
    [(_, verdicts)] = run_forked(work, lambda task, folder: _play(template, task, folder), 1)
    for verdict, fault in zip(verdicts, faults, strict=True):
        assert verdict.problems == [], fault
        assert any(f"here {fault}" in line for line in verdict.trace), fault
