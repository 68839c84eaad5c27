"""One service's API as bootstrap mounts it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pilvi.core.http.policy import Rule
from pilvi.core.http.route import Route
from pilvi.core.http.versions import Versions
from pilvi.errors import PilviError

Fault = Callable[[PilviError, str], tuple[int, Any, Mapping[str, str]]]
"""Of an error and a request id: status, body and headers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything the dispatcher needs of a service."""

    name: str
    """compute, image, …: the folder's name."""
    root: str
    """Path of the versioned API: /compute/v2.1."""
    routes: Sequence[Route]
    rules: Sequence[Rule]
    fault: Fault
    versions: Versions | None = None
    accepts_project_in_path: bool = False
    """Whether ROOT/PROJECT_ID/… is the same as ROOT/… (checked against the token)."""
    discovery: Sequence[Route] = ()
    """Public routes with paths below `discovery_root`."""
    discovery_root: str = ""
    """Path above the version: /compute."""
    parts: Mapping[type, Any] = field(default_factory=dict)
    """Long-lived parts for the handlers, by type."""
