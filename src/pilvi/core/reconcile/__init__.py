"""Reconciling: compare what is desired with what is seen, take one repeatable step, again.

A wake-up carries a kind and an id and nothing else. `Loop` runs one task per object at a time,
backs off after errors, and at start and then regularly asks each reconciler for what is not
settled, so that no wake-up is needed for correctness.
"""

from pilvi.core.reconcile.claims import Alone, Claims
from pilvi.core.reconcile.loop import (
    Again,
    Done,
    Limits,
    Loop,
    Reconciler,
    Result,
    Tally,
    Terminal,
    Waits,
)
from pilvi.core.reconcile.progress import Progress, ProgressLog
from pilvi.core.reconcile.taking import taking

__all__ = [
    "Again",
    "Alone",
    "Claims",
    "Done",
    "Limits",
    "Loop",
    "Progress",
    "ProgressLog",
    "Reconciler",
    "Result",
    "Tally",
    "Terminal",
    "Waits",
    "taking",
]
