"""What a scenario of the matrix is made of."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from pilvi.testing.simulation.stage import Stage

Act = Callable[[Stage], Awaitable[object]]
Goal = Mapping[tuple[str, str], tuple[str, ...]]
"""By kind and key: the statuses that will do; `gone` is one."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One operation."""

    name: str
    prepare: Act
    act: Act
    goal: Goal
    check: Callable[[Stage], Awaitable[str]] | None = None
    """What else must be so: a sentence when it is not."""
    subject: tuple[str, str] = field(default=("server", "server"))
    """What a user would delete who changes his mind."""


def after(*acts: Act) -> Act:
    """One after another."""

    async def do(stage: Stage) -> None:
        for act in acts:
            await act(stage)

    return do
