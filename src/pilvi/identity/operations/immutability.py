"""The option `immutable` of projects, domains and roles."""

from collections.abc import Mapping
from typing import Any

from pilvi.errors import Forbidden


def check_mutable(noun: str, options: Mapping[str, Any], changes: Mapping[str, Any] | None) -> None:
    """Raise `Forbidden` for a change (None: the deletion) of what is immutable. Pure.

    Taking the option away is the one change that is allowed, alone or with others.
    """
    if not options.get("immutable"):
        return
    if changes is not None and not changes.get("options", options).get("immutable"):
        return
    raise Forbidden(f"cannot change an immutable {noun}; take its option 'immutable' away first")
