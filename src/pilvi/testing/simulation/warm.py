"""Makes a parent warm before it forks: everything imported, compiled and used once."""

import asyncio
import tempfile
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, NoReturn

import structlog

from pilvi.settings import Settings
from pilvi.testing.simulation.run import Outcome, run_seed
from pilvi.testing.template import ensure_template

# Seeds that touch most of the code, so that their children find its statements compiled.
WARM_SEEDS = (1, 2, 3)


def make_warm(*, seeds: tuple[int, ...] = WARM_SEEDS) -> Path:
    """Run a few seeds here; answers the template of a fresh cloud."""
    structlog.configure(processors=[_drop])
    template = asyncio.run(ensure_template(Settings(state_dir="/nowhere", fake=True)))
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="pilvi-warm-") as folder:
            _ignore(run_seed(seed, Path(folder) / "world", template))
    return template


def _ignore(outcome: Outcome) -> None:
    """Its findings are found again by the seeds that are asked for."""


def _drop(logger: object, method: str, event: MutableMapping[str, Any]) -> NoReturn:
    """Nobody asks how the template was made; a world takes its own log."""
    raise structlog.DropEvent
