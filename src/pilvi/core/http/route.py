"""One row of a service's surface."""

from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal

from pilvi.core.db import Transaction
from pilvi.core.http.call import Call

Handler = Callable[[Call[Any]], Awaitable[Any]]
Admit = Callable[[Transaction, str | None], Awaitable[object]]
"""Looks at the Authorization header. Raises `Unauthenticated`."""
# Bytes of a JSON body at most. Lower: large user data is refused; higher: memory per request.
BODY_BYTES_MAX = 1 << 20

Versioned = tuple[int, int]
Access = Literal["read", "write", "none"]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path (and action), who may use it, its types, and its status.

    The handler's name is the operation's name: one search shows row, policy, handler, operation,
    action record and tests.
    """

    method: str
    path: str
    """Below the service's root, with {parameters}."""
    handler: Handler
    policy: str
    _: KW_ONLY
    body: type | None = None
    """msgspec type of the newest request body; None: the body is not read."""
    reply: Any = None
    """msgspec type of the newest reply body, for the reference; None: no body."""
    status: int = 200
    action: str | None = None
    """The one key of an action's body; `body` is then the type of what is below that key."""
    since: Versioned | None = None
    """First microversion with this row."""
    until: Versioned | None = None
    """Last microversion with this row."""
    body_bytes_max: int = BODY_BYTES_MAX
    """Size of the request body at most."""
    zero_bytes: bool = False
    """Whether texts in the body may have them: the handler keeps none that has."""
    access: Access | None = None
    """Transaction the handler is given: read for GET and HEAD, write otherwise, or none."""
    admit: Admit | None = None
    """On a public row: who comes without a token passes this before the body is read."""

    @property
    def name(self) -> str:
        """The operation's name."""
        return self.handler.__name__

    @property
    def transaction(self) -> Access:
        """The kind of transaction in force."""
        if self.access is not None:
            return self.access
        return "read" if self.method in ("GET", "HEAD") else "write"
