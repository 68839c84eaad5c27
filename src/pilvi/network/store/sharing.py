"""Rows that share things with other projects."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    false,
    insert,
    or_,
    select,
    true,
    update,
)

from pilvi.core.db import Prepared, Transaction
from pilvi.errors import NotFound
from pilvi.network.model.sharing import EVERYBODY, Action, ObjectType, RbacPolicy, RbacPolicyId
from pilvi.network.store.listing import Condition, Filters, Listing, common_filters, read_list
from pilvi.network.store.tables import rbac_policies

_t = rbac_policies.c
_SHARED = Prepared(
    select(_t.object_id).where(
        _t.object_id.in_(bindparam("ids", expanding=True)),
        _t.action == Action.SHARED,
        or_(_t.target == EVERYBODY, _t.target == bindparam("to_project")),
    )
)
_FORGET_OF = Prepared(delete(rbac_policies).where(_t.object_id == bindparam("of_object")))

FILTERS: Filters = {
    **{
        name: known
        for name, known in common_filters(rbac_policies).items()
        if name in ("id", "project_id", "tenant_id")
    },
    "object_type": _t.object_type,
    "object_id": _t.object_id,
    "action": _t.action,
    "target_tenant": _t.target,
}


def shared_with(
    object_type: ObjectType, project_id: str | BindParameter[str], action: Action | None = None
) -> Select[Any]:
    """A query of the ids of what is shared with a project, as one thing or as any."""
    to_me = _t.target.in_([EVERYBODY, project_id])
    query = select(_t.object_id).where(_t.object_type == object_type, to_me)
    return query if action is None else query.where(_t.action == action)


def is_shared_filter(id: Column[Any]) -> Condition:
    """Rows that everybody is given, or those that not everybody is."""
    everybody = select(_t.object_id).where(_t.target == EVERYBODY, _t.action == Action.SHARED)

    def condition(values: Sequence[str]) -> ColumnElement[bool]:
        wanted = {value.lower() in ("true", "1") for value in values}
        found = [id.in_(everybody) if value else id.not_in(everybody) for value in wanted]
        return or_(false(), *found)

    return condition


def _policy(row: Row[Any]) -> RbacPolicy:
    return RbacPolicy(
        id=RbacPolicyId(row.id),
        project_id=row.project_id,
        object_type=ObjectType(row.object_type),
        object_id=row.object_id,
        action=Action(row.action),
        target=row.target,
        description=row.description,
        generation=row.generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _visible(project_id: str | None) -> ColumnElement[bool]:
    return true() if project_id is None else _t.project_id == project_id


async def insert_policy(tx: Transaction, **values: Any) -> None:
    """Add a policy. Raises `Conflict` when the thing is shared so already."""
    await tx.run(insert(rbac_policies).values(**values))


async def get_policy(tx: Transaction, id: str, project_id: str | None) -> RbacPolicy:
    """A policy that a project may see. Raises `NotFound`."""
    row = await tx.first(select(rbac_policies).where(_t.id == id, _visible(project_id)))
    if row is None:
        raise NotFound(f"cannot find the RBAC policy '{id}'")
    return _policy(row)


async def find_policy(
    tx: Transaction, object_id: str, action: Action, target: str
) -> RbacPolicy | None:
    """The policy that shares a thing so, or None."""
    same = and_(_t.object_id == object_id, _t.action == action, _t.target == target)
    row = await tx.first(select(rbac_policies).where(same))
    return None if row is None else _policy(row)


async def list_policies(tx: Transaction, listing: Listing) -> tuple[list[RbacPolicy], bool]:
    """One page of the policies that a project may see, and whether more follow."""
    query = select(rbac_policies).where(_visible(listing.project_id))
    rows, more = await read_list(tx, query, rbac_policies, listing, FILTERS)
    return [_policy(row) for row in rows], more


async def list_policies_of(tx: Transaction, object_id: str) -> list[RbacPolicy]:
    """Every policy of one thing."""
    query = select(rbac_policies).where(_t.object_id == object_id).order_by(_t.created_at, _t.id)
    return [_policy(row) for row in await tx.all(query)]


async def list_shared(tx: Transaction, ids: Collection[str], project_id: str | None) -> set[str]:
    """Which of these things a project is given as shared; None asks for what everybody is."""
    if not ids:
        return set()
    named = {"ids": list(ids), "to_project": project_id or EVERYBODY}
    return {row.object_id for row in await tx.all(_SHARED, named)}


async def is_shared_with(tx: Transaction, object_id: str, project_id: str, action: Action) -> bool:
    """Whether a project is given a thing."""
    to_me = _t.target.in_([EVERYBODY, project_id])
    query = select(_t.id).where(_t.object_id == object_id, _t.action == action, to_me)
    return await tx.first(query.limit(1)) is not None


async def update_policy(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a policy."""
    await tx.run(update(rbac_policies).where(_t.id == id).values(**values))


async def delete_policy(tx: Transaction, id: str) -> None:
    """Forget a policy. Repeatable."""
    await tx.run(delete(rbac_policies).where(_t.id == id))


async def delete_policies_of(tx: Transaction, object_id: str) -> None:
    """Forget every policy of a thing that goes. Repeatable."""
    await tx.run(_FORGET_OF, {"of_object": object_id})
