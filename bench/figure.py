"""What a benchmark gives."""

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure beside its goal."""

    name: str
    value: float
    unit: str
    goal: float
    smaller_is_better: bool = True
    detail: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the goal is reached."""
        return self.value <= self.goal if self.smaller_is_better else self.value >= self.goal

    def render(self) -> str:
        """One line of the table."""
        sign = "≤" if self.smaller_is_better else "≥"
        mark = "met" if self.is_met else "MISSED"
        value, goal = f"{self.value:,.1f} {self.unit}", f"{sign} {self.goal:,g} {self.unit}"
        return f"{self.name:<58} {value:>16}   goal {goal:<14} {mark:<7} {self.detail}"


def median_figure(name: str, values: Iterable[float], unit: str, goal: float) -> Figure:
    """The median of several measurements, with the smallest and largest."""
    kept = sorted(values)
    detail = f"(median of {len(kept)}, {kept[0]:.1f} to {kept[-1]:.1f})"
    return Figure(name, statistics.median(kept), unit, goal, detail=detail)


Measure = Callable[..., list[Figure]]
