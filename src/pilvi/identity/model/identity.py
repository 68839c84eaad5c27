"""Users, projects, roles and domains."""

import datetime
from dataclasses import dataclass, field
from typing import NewType

UserId = NewType("UserId", str)
ProjectId = NewType("ProjectId", str)
RoleId = NewType("RoleId", str)

DEFAULT_DOMAIN_ID = "default"

IMPLIED_ROLES = {"admin": "manager", "manager": "member", "member": "reader"}
"""Each role brings the next; `service` brings none."""

ROLE_NAMES = ("admin", "manager", "member", "reader", "service")


@dataclass(frozen=True, slots=True)
class Domain:
    """A container of users and projects."""

    id: str
    name: str
    description: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Project:
    """The owner of things, and the usual scope of a token."""

    id: ProjectId
    domain_id: str
    name: str
    description: str
    enabled: bool
    epoch: int
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who can prove it with a password."""

    id: UserId
    domain_id: str
    name: str
    description: str
    email: str | None
    enabled: bool
    default_project_id: str | None
    password_hash: str | None
    epoch: int
    created_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Role:
    """A name that policy rules ask for."""

    id: RoleId
    name: str
    description: str


def with_implied(roles: set[str]) -> frozenset[str]:
    """The roles together with those that they bring. Pure."""
    found = set(roles)
    for role, implied in IMPLIED_ROLES.items():
        if role in found:
            found.add(implied)
    return frozenset(found)
