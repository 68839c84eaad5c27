"""Rows of assignments with what was observed of them."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, and_, bindparam, delete, func, insert, select, update

from pilvi.core.db import Prepared, Transaction
from pilvi.core.requests import current_request
from pilvi.host_api.contract import Assignment, HostFault, Kind, Observation
from pilvi.hosts.model.host import Held, HostId
from pilvi.hosts.store.tables import assignments

_t = assignments.c
_ON_HOST = _t.host_id == bindparam("of_host")
_NEWER = Prepared(
    select(assignments).where(_ON_HOST, _t.revision > bindparam("after")).order_by(_t.revision)
)
_ANY = (
    select(assignments)
    .where(_t.kind == bindparam("of_kind"), _t.id.in_(bindparam("ids", expanding=True)))
    .order_by(_t.host_id)
)
_HELD = Prepared(_ANY.where(_t.abandoned.is_(False)))
_HELD_HERE = Prepared(_ANY.where(_ON_HOST))
_ABANDONED = Prepared(_ANY.where(_t.abandoned.is_(True)))
_SEEN = Prepared(
    select(_t.host_id, _t.id, _t.seen)
    .where(_t.kind == bindparam("of_kind"), _t.seen_present.is_(True))
    .order_by(_t.host_id, _t.id)
)
_OF_KEY = and_(_ON_HOST, _t.kind == bindparam("of_kind"), _t.id == bindparam("of_id"))
_OF_KIND = Prepared(
    select(assignments).where(_t.kind == bindparam("of_kind")).order_by(_t.id, _t.host_id)
)
_INSERT = Prepared(insert(assignments))
_UPDATE = Prepared(update(assignments).where(_OF_KEY))
_OBSERVE = Prepared(
    update(assignments).where(_OF_KEY).returning(_t.owner_kind, _t.owner_id, _t.request_id)
)
_GIVE_UP = Prepared(
    delete(assignments).where(
        _OF_KEY, _t.present.is_(False), _t.generation == bindparam("of_generation")
    )
)


def _held(row: Row[Any]) -> Held:
    return Held(
        host_id=HostId(row.host_id),
        kind=Kind(row.kind),
        id=row.id,
        generation=row.generation,
        present=row.present,
        spec=row.spec.encode(),
        seen_generation=row.seen_generation,
        seen_present=row.seen_present,
        settled=row.settled,
        waiting=row.waiting,
        fault=None if row.fault is None else msgspec.convert(row.fault, HostFault),
        seen=row.seen.encode(),
        owner=(row.owner_kind, row.owner_id),
    )


async def list_newer(tx: Transaction, host_id: HostId, revision: int) -> list[Assignment]:
    """What changed for a host after a revision, oldest change first."""
    parameters = {"of_host": host_id, "after": revision}
    return [
        Assignment(
            kind=Kind(row.kind),
            id=row.id,
            generation=row.generation,
            revision=row.revision,
            present=row.present,
            spec=msgspec.Raw(row.spec.encode()),
            request_id=row.request_id,
        )
        for row in await tx.all(_NEWER, parameters)
    ]


async def list_held(
    tx: Transaction, kind: Kind, ids: Sequence[str], host_id: HostId | None = None
) -> list[Held]:
    """The assignments of some objects, on every host or on one.

    What was abandoned on a host that is down counts only where that host is named.
    """
    if not ids:
        return []
    parameters: dict[str, Any] = {"of_kind": kind, "ids": list(ids)}
    if host_id is None:
        return [_held(row) for row in await tx.all(_HELD, parameters)]
    return [_held(row) for row in await tx.all(_HELD_HERE, {**parameters, "of_host": host_id})]


async def list_abandoned(tx: Transaction, kind: Kind, id: str) -> list[Held]:
    """The assignments of one object that hosts which were down have not confirmed to be gone."""
    return [_held(row) for row in await tx.all(_ABANDONED, {"of_kind": kind, "ids": [id]})]


async def list_of_kind(tx: Transaction, kind: Kind) -> list[Held]:
    """Every assignment of one kind."""
    return [_held(row) for row in await tx.all(_OF_KIND, {"of_kind": kind})]


async def list_all(tx: Transaction) -> list[Held]:
    """Every assignment of every host."""
    query = select(assignments).order_by(_t.host_id, _t.kind, _t.id)
    return [_held(row) for row in await tx.all(query)]


async def list_seen(tx: Transaction, kind: Kind) -> list[tuple[HostId, str, bytes]]:
    """Host, id and what was seen of every object of a kind that is on a host."""
    rows = await tx.all(_SEEN, {"of_kind": kind})
    return [(HostId(row.host_id), row.id, row.seen.encode()) for row in rows]


async def insert_assignment(tx: Transaction, owner: tuple[str, str], **values: Any) -> None:
    """Add an assignment that nothing was observed of; this request's, as every change is."""
    defaults = {"seen_present": False, "settled": False, "waiting": "", "seen": "null"}
    named = {"owner_kind": owner[0], "owner_id": owner[1], "request_id": current_request()}
    await tx.run(_INSERT, {**defaults, **named, **values})


async def update_assignment(tx: Transaction, held: Held, **values: Any) -> None:
    """Change the wish of an assignment."""
    values["request_id"] = current_request()
    await tx.run(_UPDATE, {**_key(held.host_id, held.kind, held.id), **values})


async def update_specs(tx: Transaction, changes: Sequence[tuple[Held, str]], revision: int) -> None:
    """Change the wishes of many assignments: one statement."""
    rows = [
        {
            **_key(held.host_id, held.kind, held.id),
            "generation": held.generation + 1,
            "spec": text,
            "present": True,
            "revision": revision,
            "request_id": current_request(),
        }
        for held, text in changes
    ]
    await tx.run(_UPDATE, rows)


async def update_observed(
    tx: Transaction, host_id: HostId, observation: Observation
) -> tuple[str, str, str] | None:
    """Take note of an observation, unless it is of what is not assigned.

    Returns the kind and id of the owner to wake, and the request for which the wish is as it is.
    """
    values = {
        "seen_generation": observation.generation,
        "seen_present": observation.present,
        "settled": observation.settled,
        "waiting": observation.waiting,
        "fault": None if observation.fault is None else msgspec.to_builtins(observation.fault),
        "seen": bytes(observation.seen).decode(),
    }
    named = _key(host_id, observation.kind, observation.id)
    row = await tx.first(_OBSERVE, {**named, **values})
    return None if row is None else (row.owner_kind, row.owner_id, row.request_id)


async def delete_given_up(tx: Transaction, host_id: HostId, observation: Observation) -> None:
    """Drop the row of a withdrawn object that its host no longer has."""
    await tx.run(
        _GIVE_UP,
        {
            **_key(host_id, observation.kind, observation.id),
            "of_generation": observation.generation,
        },
    )


def _key(host_id: HostId, kind: Kind, id: str) -> dict[str, Any]:
    """The parameters of `_OF_KEY`. Pure."""
    return {"of_host": host_id, "of_kind": kind, "of_id": id}


async def count_wanted(tx: Transaction, host_id: HostId) -> dict[str, int]:
    """How many things a host is to hold, by kind."""
    query = select(_t.kind, func.count().label("number")).group_by(_t.kind)
    rows = await tx.all(query.where(_t.host_id == host_id, _t.present.is_(True)))
    return {row.kind: int(row.number) for row in rows}


async def delete_all(tx: Transaction, host_id: HostId) -> None:
    """Forget everything that a host was ever told. Repeatable."""
    await tx.run(delete(assignments).where(_t.host_id == host_id))


async def list_specs_with(
    tx: Transaction, host_id: HostId, kinds: Sequence[Kind], text: str
) -> list[bytes]:
    """The specs of some kinds that a host should hold and that contain a text."""
    mine = and_(_t.host_id == host_id, _t.present.is_(True), _t.kind.in_(kinds))
    query = select(_t.spec).where(mine, _t.spec.contains(text, autoescape=True))
    return [row.spec.encode() for row in await tx.all(query)]
