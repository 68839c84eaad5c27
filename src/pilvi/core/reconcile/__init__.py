"""Reconciling: compare what is desired with what is seen, take one repeatable step, again.

A wake-up carries a kind and an id and nothing else. `Loop` runs one task per object at a time,
backs off after errors, and at start and then regularly asks each reconciler for what is not
settled, so that no wake-up is needed for correctness.
"""

from pilvi.core.reconcile.loop import Again, Done, Limits, Loop, Reconciler, Result, Terminal

__all__ = ["Again", "Done", "Limits", "Loop", "Reconciler", "Result", "Terminal"]
