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
    plain_root: str = ""
    """Another path of the versioned API, where only its oldest version is served: /compute/v2."""
    request_id_headers: Sequence[str] = ("x-openstack-request-id",)
    """Names of the header that tells a request's id."""
    parts: Mapping[type, Any] = field(default_factory=dict)
    """Long-lived parts for the handlers, by type."""
    other_types: Sequence[str] = ()
    """Names besides the folder's by which an access rule may mean this service."""

    @property
    def types(self) -> tuple[str, ...]:
        """The catalog's names of this service."""
        return (self.name.replace("_", "-"), *self.other_types)
