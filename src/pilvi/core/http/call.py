"""The request's context, as a handler is given it, and what it may answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request

from pilvi.core.db import Database, Transaction
from pilvi.core.http.access import AccessRule
from pilvi.errors import Forbidden, Internal
from pilvi.settings import Settings

Body = TypeVar("Body")
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, from a verified token; nothing else in a request can set it.

    `project_id` is the scope: rows of other projects do not exist for this caller, unless
    `is_admin`, which the admin role in the scope gives.
    """

    user_id: str
    user_name: str = ""
    user_domain_id: str = "default"
    project_id: str | None = None
    project_name: str = ""
    domain_id: str | None = None
    """Domain of a domain-scoped token."""
    system_scope: bool = False
    roles: frozenset[str] = frozenset()
    delegation_id: str | None = None
    """What the token was made with, when not with its user's own proof."""
    access_rules: tuple[AccessRule, ...] | None = None
    """The only requests that the token is good for; None is no such limit."""

    @property
    def is_admin(self) -> bool:
        """Whether the caller may see and change every project's things."""
        return "admin" in self.roles

    @property
    def sees_system(self) -> bool:
        """Whether the caller may see everybody's things: an admin, or a reader of the system."""
        return self.is_admin or (self.system_scope and "reader" in self.roles)

    @property
    def visible_project_id(self) -> str | None:
        """The only project whose rows this caller may read; None means all."""
        return None if self.is_admin else (self.project_id or "")

    @property
    def own_project_id(self) -> str:
        """The project that new things belong to. Raises `Forbidden` for an unscoped caller."""
        if self.project_id is None:
            raise Forbidden("cannot do this with a token that is not scoped to a project")
        return self.project_id


ANONYMOUS = Caller(user_id="")


@dataclass(slots=True, kw_only=True)
class Call(Generic[Body]):
    """One request: everything a handler may look at."""

    request: Request
    caller: Caller
    settings: Settings
    db: Database
    path: Mapping[str, str]
    """Values of the path's parameters."""
    payload: Body
    """The decoded body in its newest shape; None where the route has none."""
    request_id: str
    version: tuple[int, int] | None = None
    """The microversion asked for, or None where the service has none."""
    flags: frozenset[str] = frozenset()
    """Names of behaviours that the version asked for switches on."""
    parts: Mapping[type, Any] = field(default_factory=dict)
    """Long-lived parts that bootstrap gave this service, by their type."""
    transaction: Transaction | None = None

    @property
    def tx(self) -> Transaction:
        """The request's transaction: read for GET, write otherwise."""
        if self.transaction is None:
            raise Internal("cannot use a transaction on a route that has none")
        return self.transaction

    @property
    def query(self) -> QueryParams:
        """The query parameters."""
        return self.request.query_params

    @property
    def headers(self) -> Headers:
        """The request's headers."""
        return self.request.headers

    _base_url: str | None = None

    @property
    def base_url(self) -> str:
        """Scheme, host and port as the caller reached us, without a path or trailing slash."""
        if self._base_url is None:
            url = self.request.url
            self._base_url = f"{url.scheme}://{url.netloc}"
        return self._base_url

    @property
    def service_url(self) -> str:
        """The URL of this service's versioned root, as the caller reached it, for links."""
        return self.base_url + str(self.request.scope.get("pilvi.root", ""))

    def part(self, part_type: type[Part]) -> Part:
        """A long-lived part that bootstrap gave this service."""
        found = self.parts[part_type]
        assert isinstance(found, part_type)
        return found


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply with more to say than a body: another status, headers."""

    body: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
