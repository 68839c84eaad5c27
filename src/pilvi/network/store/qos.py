"""Rows of policies of quality of service."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, or_, select, true, update

from pilvi.core.db import Transaction
from pilvi.errors import NotFound
from pilvi.network.model.port import Port
from pilvi.network.model.qos import (
    MINIMUMS,
    QosPolicy,
    QosPolicyId,
    QosRule,
    QosRuleId,
    RuleKind,
)
from pilvi.network.model.sharing import ObjectType
from pilvi.network.store.listing import Filters, Listing, common_filters, read_list
from pilvi.network.store.sharing import is_shared_filter, shared_with
from pilvi.network.store.tables import networks, ports, qos_policies, qos_rules

_p = qos_policies.c
_r = qos_rules.c

POLICY_FILTERS: Filters = {
    **common_filters(qos_policies),
    "is_default": _p.is_default,
    "shared": is_shared_filter(_p.id),
}
RULE_FILTERS: Filters = {
    "id": _r.id,
    "direction": _r.direction,
    "max_kbps": _r.max_kbps,
    "max_burst_kbps": _r.max_burst_kbps,
    "dscp_mark": _r.dscp_mark,
    "max_kpps": _r.max_kpps,
    "max_burst_kpps": _r.max_burst_kpps,
    "min_kbps": _r.min_kbps,
    "min_kpps": _r.min_kpps,
    "policy_id": _r.policy_id,
    "kind": _r.kind,
}


def _policy(row: Row[Any]) -> QosPolicy:
    return QosPolicy(
        id=QosPolicyId(row.id),
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        is_default=row.is_default,
        generation=row.generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _rule(row: Row[Any]) -> QosRule:
    return QosRule(
        id=QosRuleId(row.id),
        project_id=row.project_id,
        policy_id=row.policy_id,
        kind=RuleKind(row.kind),
        direction=row.direction,
        max_kbps=row.max_kbps,
        max_burst_kbps=row.max_burst_kbps,
        dscp_mark=row.dscp_mark,
        max_kpps=row.max_kpps,
        max_burst_kpps=row.max_burst_kpps,
        min_kbps=row.min_kbps,
        min_kpps=row.min_kpps,
    )


def _visible(project_id: str | None) -> ColumnElement[bool]:
    if project_id is None:
        return true()
    shared = shared_with(ObjectType.QOS_POLICY, project_id)
    return or_(_p.project_id == project_id, _p.id.in_(shared))


async def insert_policy(tx: Transaction, **values: Any) -> None:
    """Add a policy."""
    await tx.run(insert(qos_policies).values(**values))


async def get_policy(tx: Transaction, id: str, project_id: str | None) -> QosPolicy:
    """A policy that a project may see. Raises `NotFound`."""
    row = await tx.first(select(qos_policies).where(_p.id == id, _visible(project_id)))
    if row is None:
        raise NotFound(f"cannot find the QoS policy '{id}'")
    return _policy(row)


async def find_default_policy(tx: Transaction, project_id: str) -> QosPolicy | None:
    """A project's own default policy, or None."""
    mine = (_p.project_id == project_id) & _p.is_default.is_(True)
    row = await tx.first(select(qos_policies).where(mine))
    return None if row is None else _policy(row)


async def list_policies(tx: Transaction, listing: Listing) -> tuple[list[QosPolicy], bool]:
    """One page of the policies that a project may see, and whether more follow."""
    query = select(qos_policies).where(_visible(listing.project_id))
    rows, more = await read_list(tx, query, qos_policies, listing, POLICY_FILTERS)
    return [_policy(row) for row in rows], more


async def update_policy(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a policy."""
    await tx.run(update(qos_policies).where(_p.id == id).values(**values))


async def delete_policy(tx: Transaction, id: str) -> None:
    """Forget a policy and its rules. Repeatable."""
    await tx.run(delete(qos_rules).where(_r.policy_id == id))
    await tx.run(delete(qos_policies).where(_p.id == id))


async def insert_rule(tx: Transaction, **values: Any) -> None:
    """Add a rule. Raises `Conflict` for a second of its kind and direction."""
    await tx.run(insert(qos_rules).values(**values))


async def get_rule(tx: Transaction, policy_id: str, kind: RuleKind, id: str) -> QosRule:
    """A rule of a policy. Raises `NotFound`, also for another policy's rule."""
    mine = (_r.id == id) & (_r.policy_id == policy_id) & (_r.kind == kind)
    row = await tx.first(select(qos_rules).where(mine))
    if row is None:
        raise NotFound(f"cannot find the rule '{id}' in QoS policy {policy_id}")
    return _rule(row)


async def find_policy_of_rule(tx: Transaction, id: str) -> str | None:
    """The policy that a rule is of, or None."""
    row = await tx.first(select(_r.policy_id).where(_r.id == id))
    return None if row is None else str(row.policy_id)


async def list_rules(tx: Transaction, listing: Listing) -> tuple[list[QosRule], bool]:
    """One page of rules of policies that a project may see; the listing names their kind."""
    seen = select(_p.id).where(_visible(listing.project_id))
    query = select(qos_rules).where(_r.policy_id.in_(seen))
    rows, more = await read_list(tx, query, qos_rules, listing, RULE_FILTERS)
    return [_rule(row) for row in rows], more


async def list_rules_of(tx: Transaction, policy_ids: Collection[str]) -> dict[str, list[QosRule]]:
    """The rules of some policies, oldest first."""
    found: dict[str, list[QosRule]] = {}
    if policy_ids:
        query = select(qos_rules).where(_r.policy_id.in_(policy_ids))
        for row in await tx.all(query.order_by(_r.created_at, _r.id)):
            found.setdefault(row.policy_id, []).append(_rule(row))
    return found


async def list_minimums(tx: Transaction, there: Sequence[Port]) -> dict[str, list[QosRule]]:
    """The minimums in force for some ports, of their own policy or of their network's."""
    query = select(_r.policy_id).where(_r.kind.in_(MINIMUMS)).distinct()
    policy_ids = {row.policy_id for row in await tx.all(query)}
    if not policy_ids:
        return {}
    named = networks.c.qos_policy_id.in_(policy_ids)
    query = select(networks.c.id, networks.c.qos_policy_id).where(named)
    of_network = {row.id: row.qos_policy_id for row in await tx.all(query)}
    chosen = {p.id: p.qos_policy_id or of_network.get(p.network_id) for p in there}
    rules = await list_rules_of(tx, policy_ids & set(chosen.values()))
    return {
        port_id: [rule for rule in rules[policy_id] if rule.kind in MINIMUMS]
        for port_id, policy_id in chosen.items()
        if policy_id in rules
    }


async def update_rule(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a rule."""
    await tx.run(update(qos_rules).where(_r.id == id).values(**values))


async def delete_rule(tx: Transaction, id: str) -> None:
    """Forget a rule. Repeatable."""
    await tx.run(delete(qos_rules).where(_r.id == id))


async def list_ports_of_policy(tx: Transaction, policy_id: str) -> list[str]:
    """The ports that a policy is in force for: those that name it, or whose network does."""
    of_network = select(networks.c.id).where(networks.c.qos_policy_id == policy_id)
    by_network = ports.c.qos_policy_id.is_(None) & ports.c.network_id.in_(of_network)
    concerned = or_(ports.c.qos_policy_id == policy_id, by_network)
    rows = await tx.all(select(ports.c.id).where(concerned, ports.c.is_deleting.is_(False)))
    return [row.id for row in rows]


async def is_policy_used(tx: Transaction, policy_id: str) -> bool:
    """Whether a port or a network names a policy."""
    by_network = select(networks.c.id).where(
        networks.c.qos_policy_id == policy_id, networks.c.is_deleting.is_(False)
    )
    by_port = select(ports.c.id).where(
        ports.c.qos_policy_id == policy_id, ports.c.is_deleting.is_(False)
    )
    for query in (by_network, by_port):
        if await tx.first(query.limit(1)) is not None:
            return True
    return False
