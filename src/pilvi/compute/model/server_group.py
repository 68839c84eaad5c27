"""Server groups: servers that are to share a host, or not to. Pure."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Policy(StrEnum):
    """How the servers of a group lie to each other."""

    AFFINITY = "affinity"
    ANTI_AFFINITY = "anti-affinity"
    SOFT_AFFINITY = "soft-affinity"
    SOFT_ANTI_AFFINITY = "soft-anti-affinity"


HARD = (Policy.AFFINITY, Policy.ANTI_AFFINITY)
"""Policies that refuse a host; the others only prefer one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerGroup:
    """One server group of a project."""

    id: str
    project_id: str
    user_id: str
    name: str
    policy: Policy
    max_server_per_host: int | None = None
    """With anti-affinity: how many of its servers one host may have; None is one."""
    created_at: datetime.datetime


def refuse_hosts(
    group: ServerGroup, placed: Mapping[str, int], host_ids: Iterable[str]
) -> dict[str, str]:
    """Hosts that the group's policy forbids to one more server, each with a phrase why. Pure.

    `placed` is how many other servers of the group each host has.
    """
    if group.policy is Policy.AFFINITY and placed:
        why = f"is not where the servers of the group {group.name} are"
        return {id: why for id in host_ids if not placed.get(id)}
    if group.policy is Policy.ANTI_AFFINITY:
        most = group.max_server_per_host or 1
        return {
            id: f"has {placed[id]} of the servers of the group {group.name}, {most} are allowed"
            for id in host_ids
            if placed.get(id, 0) >= most
        }
    return {}


def attract(group: ServerGroup, placed: Mapping[str, int]) -> dict[str, int]:
    """How much the group's policy prefers each host; negative where it would rather not. Pure."""
    match group.policy:
        case Policy.SOFT_AFFINITY:
            return dict(placed)
        case Policy.SOFT_ANTI_AFFINITY:
            return {id: -count for id, count in placed.items()}
        case _:
            return {}
