"""Users, groups, projects, roles and domains."""

import datetime
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

UserId = NewType("UserId", str)
GroupId = NewType("GroupId", str)
ProjectId = NewType("ProjectId", str)
RoleId = NewType("RoleId", str)

DEFAULT_DOMAIN_ID = "default"

IMPLIED_ROLES = {"admin": "manager", "manager": "member", "member": "reader"}
"""What a new cloud's roles bring; `service` brings none."""

ROLE_NAMES = ("admin", "manager", "member", "reader", "service")


class Actor(StrEnum):
    """Who can be assigned a role."""

    USER = "user"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Domain:
    """A container of users and projects."""

    id: str
    name: str
    description: str
    enabled: bool
    epoch: int = 0
    tags: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


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
    parent_id: str | None = None
    """The project above, or None directly below the domain."""
    options: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


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
    options: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """Users who are assigned roles together."""

    id: GroupId
    domain_id: str
    name: str
    description: str
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Role:
    """A name that policy rules ask for, or a domain's own, which only brings others."""

    id: RoleId
    name: str
    description: str | None
    domain_id: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A role of a user or group in a scope, or in every project below it (`inherited`)."""

    actor: Actor
    actor_id: str
    scope: str
    scope_id: str
    role_id: str
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class Effective:
    """A role that a user has in a scope, and the assignment that it comes from."""

    user_id: str
    scope: str
    scope_id: str
    role_id: str
    source: Assignment


def close_inferences(role_ids: set[str], pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Each role with every role that it brings, itself too. Pure."""
    below: dict[str, set[str]] = {}
    for prior, implied in pairs:
        below.setdefault(prior, set()).add(implied)
    closed = set()
    for role in role_ids:
        seen, waiting = {role}, [role]
        while waiting:
            for implied in below.get(waiting.pop(), set()) - seen:
                seen.add(implied)
                waiting.append(implied)
        closed |= {(role, brought) for brought in seen}
    return closed
