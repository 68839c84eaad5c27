"""Whole worlds, each in a process of its own: it leaves this one's logging and time alone."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from pilvi.settings import Settings
from pilvi.testing.simulation.farm import run_forked
from pilvi.testing.simulation.run import Outcome, run_seed
from pilvi.testing.template import ensure_template

SEEDS = (20, 3121, 2023)
"""Seeds that found something once."""


@pytest.fixture(scope="module")
def template() -> Path:
    return asyncio.run(ensure_template(Settings(state_dir="/nowhere", fake=True)))


def _run(template: Path, seed: int, folder: Path) -> Outcome:
    return run_seed(seed, folder, template)


def test_seeds_find_nothing(template: Path) -> None:
    outcomes = [outcome for _, outcome in run_forked(SEEDS, partial(_run, template), 2)]
    for outcome in outcomes:
        assert isinstance(outcome, Outcome), outcome
        assert outcome.findings == [], outcome.seed
        assert outcome.accepted > 0 and outcome.virtual_s > 30


def test_a_seed_tells_the_same_story_twice(template: Path) -> None:
    first, second = (outcome for _, outcome in run_forked([7, 7], partial(_run, template), 1))
    assert first.trace == second.trace and len(first.trace) > 50
