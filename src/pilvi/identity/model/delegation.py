"""What a user lets others, or programs, do in its place."""

import datetime
from dataclasses import dataclass

from pilvi.core.http.access import AccessRule


@dataclass(frozen=True, slots=True)
class ApplicationCredential:
    """A secret of its own with which programs act as a user in one project."""

    id: str
    user_id: str
    project_id: str
    name: str
    description: str | None
    secret_hash: str
    role_ids: list[str]
    access_rule_ids: list[str]
    unrestricted: bool
    expires_at: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class Trust:
    """A trustor's permission for a trustee to use some of its roles in a project."""

    id: str
    trustor_user_id: str
    trustee_user_id: str
    project_id: str | None
    impersonation: bool
    role_ids: list[str]
    expires_at: datetime.datetime | None
    remaining_uses: int | None
    redelegation_count: int
    redelegated_trust_id: str | None


@dataclass(frozen=True, slots=True)
class Grant:
    """What every kind of delegation comes down to."""

    grantor_id: str
    """Whose roles they are; all of them must still be the grantor's."""
    holder_id: str
    """Who uses them, and must be enabled too."""
    project_id: str
    role_ids: list[str]
    expires_at: datetime.datetime | None
    access_rules: tuple[AccessRule, ...] | None = None
    """The only requests that it is good for; None is no such limit."""
