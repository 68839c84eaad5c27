"""What to do next about one port, network or router. Pure.

Each function compares the rows with what hosts hold and answers steps; none means that only a
host's report is waited for, or nothing at all. Every step may be repeated.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pilvi.hosts.model.host import Held
from pilvi.network.model.network import Network
from pilvi.network.model.port import Port
from pilvi.network.model.router import Router


@dataclass(frozen=True, slots=True)
class Record:
    """Write down which host is going to be asked, or that none holds it any more."""

    host_id: str | None


@dataclass(frozen=True, slots=True)
class Assign:
    """Wish that a host holds it as it is now."""

    host_id: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Wish that a host holds it no more."""

    host_id: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Drop the row: no host holds anything of it."""


@dataclass(frozen=True, slots=True)
class ForgetLegs:
    """Drop the rows of a router's legs that its host has let go of."""


Step = Record | Assign | Withdraw | Forget | ForgetLegs


def plan_port(port: Port, held: Sequence[Held]) -> list[Step]:
    """Steps for a guest's port: on one host at a time, and on the next only when off the last."""
    wanted = port.host_id if port.is_guest and not port.is_deleting else None
    elsewhere = [one for one in held if one.host_id != wanted]
    if elsewhere:
        return [Withdraw(one.host_id) for one in elsewhere if one.present]
    if wanted is not None:
        record: list[Step] = [Record(wanted)] if port.held_host_id != wanted else []
        return [*record, Assign(wanted)]
    steps: list[Step] = [Record(None)] if port.held_host_id is not None else []
    return [*steps, Forget()] if port.is_deleting and port.is_guest else steps


def plan_network(network: Network, needed: Collection[str], held: Sequence[Held]) -> list[Step]:
    """Steps for a network: on every host that a port of it is on, still is, or is to be.

    One that is going stays as it is until the last of its ports has left.
    """
    steps: list[Step] = [
        Withdraw(one.host_id) for one in held if one.host_id not in needed and one.present
    ]
    if not network.is_deleting:
        return [*steps, *(Assign(host_id) for host_id in sorted(needed))]
    return [Forget()] if not needed and not held else steps


def plan_router(
    router: Router,
    legs: Sequence[Port],
    held: Sequence[Held],
    choice: str | None,
    away: Collection[str] = (),
) -> list[Step]:
    """Steps for a router: on one host while it has legs, and on the next only when off the last.

    `choice` is where one without a host would go, or one whose host is to be left. The hosts in
    `away` do not answer and are not waited for: they are told to let go, whenever they hear it.
    """
    wanted: str | None = None
    if not (router.is_deleting or router.is_parked) and any(not leg.is_deleting for leg in legs):
        stays = router.host_id if router.host_id not in away else None
        wanted = router.pinned_host_id or stays or choice or router.host_id
    elsewhere = [one for one in held if one.host_id != wanted]
    steps: list[Step] = [Withdraw(one.host_id) for one in elsewhere if one.present]
    if any(wanted is None or one.host_id not in away for one in elsewhere):
        return steps
    if wanted is not None:
        if router.host_id != wanted:
            steps.append(Record(wanted))
        there = [one for one in held if one.host_id == wanted]
        return [*steps, Assign(wanted), *_let_go(legs, there)]
    if router.host_id is not None:
        steps.append(Record(None))
    if any(leg.is_deleting for leg in legs):
        steps.append(ForgetLegs())
    return [*steps, Forget()] if router.is_deleting else steps


def _let_go(legs: Sequence[Port], held: Sequence[Held]) -> list[Step]:
    """A leg is let go of when the host agrees with the wish that was without it."""
    if any(leg.is_deleting for leg in legs) and held and all(one.is_settled for one in held):
        return [ForgetLegs()]
    return []
