"""Who a new thing belongs to, and what only admins may say."""

from collections.abc import Mapping
from typing import Any

from pilvi.core.http import Caller
from pilvi.errors import Forbidden


def choose_project(caller: Caller, wanted: str | None) -> str:
    """The project of a new thing. Raises `Forbidden` for another's, unless an admin asks. Pure."""
    if wanted is None or wanted == caller.project_id:
        return caller.own_project_id
    if not caller.is_admin:
        raise Forbidden("cannot make something for another project: only admins do")
    return wanted


def require_owner(caller: Caller, project_id: str, what: str) -> None:
    """Raise `Forbidden` when a caller who may see a thing may not change it. Pure."""
    if not caller.is_admin and caller.project_id != project_id:
        raise Forbidden(f"cannot change {what}: it belongs to another project")


def refuse_for_members(
    caller: Caller, values: Mapping[str, Any], defaults: Mapping[str, Any], *, new: bool
) -> None:
    """Raise `Forbidden` when a member sets what only admins set. Pure.

    In a new thing the default may be said; in a change not even that, because it would reset what
    an admin has set (OSSA-2014-031).
    """
    if caller.is_admin:
        return
    for name, default in defaults.items():
        if name in values and not (new and values[name] == default):
            raise Forbidden(f"cannot set {name}: only admins do")
