"""Rows of the rules that new security groups begin with.

A cloud begins with Neutron's four: everything out, and into the default group from itself. They
are written on the first use; one that is removed leaves its row as a mark, so that it stays away.
"""

from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from pilvi.core.db import Transaction, now
from pilvi.errors import NotFound
from pilvi.network.model.security_group import IPV4, IPV6, DefaultRule, RuleId, RuleMatch
from pilvi.network.store.listing import Filters, Listing, common_filters, read_list
from pilvi.network.store.tables import default_rules

_t = default_rules.c
_there = _t.is_removed.is_(False)

_FIRST: dict[str, dict[str, Any]] = {
    "2f8c1d0a-5f0e-4a53-9d0e-1c6f0f3b7a01": {"direction": "egress", "ethertype": IPV4},
    "2f8c1d0a-5f0e-4a53-9d0e-1c6f0f3b7a02": {"direction": "egress", "ethertype": IPV6},
    "2f8c1d0a-5f0e-4a53-9d0e-1c6f0f3b7a03": {"direction": "ingress", "ethertype": IPV4},
    "2f8c1d0a-5f0e-4a53-9d0e-1c6f0f3b7a04": {"direction": "ingress", "ethertype": IPV6},
}

FILTERS: Filters = {
    **{
        name: known
        for name, known in common_filters(default_rules).items()
        if name in ("id", "description")
    },
    "direction": _t.direction,
    "ethertype": _t.ethertype,
    "protocol": _t.protocol,
    "port_range_min": _t.port_min,
    "port_range_max": _t.port_max,
    "remote_group_id": _t.remote_group_id,
    "remote_address_group_id": _t.remote_address_group_id,
    "remote_ip_prefix": _t.remote_cidr,
    "used_in_default_sg": _t.is_for_default,
    "used_in_non_default_sg": _t.is_for_others,
}


def _rule(row: Row[Any]) -> DefaultRule:
    return DefaultRule(
        id=RuleId(row.id),
        description=row.description,
        match=RuleMatch(
            direction=row.direction,
            ethertype=row.ethertype,
            protocol=row.protocol,
            port_min=row.port_min,
            port_max=row.port_max,
            remote_group_id=row.remote_group_id,
            remote_cidr=row.remote_cidr,
            remote_address_group_id=row.remote_address_group_id,
        ),
        is_remote_parent=row.is_remote_parent,
        is_for_default=row.is_for_default,
        is_for_others=row.is_for_others,
    )


async def has_first_rules(tx: Transaction) -> bool:
    """Whether the rules that a cloud begins with were written."""
    return await tx.first(select(_t.id).where(_t.id.in_(list(_FIRST))).limit(1)) is not None


async def ensure_first_rules(tx: Transaction) -> None:
    """Write the rules that a cloud begins with. Repeatable."""
    if await has_first_rules(tx):
        return
    moment = now()
    for id, rule in _FIRST.items():
        inward = rule["direction"] == "ingress"
        await insert_default_rule(
            tx,
            id=id,
            project_id="",
            **rule,
            is_remote_parent=inward,
            is_for_default=True,
            is_for_others=not inward,
            created_at=moment,
            updated_at=moment,
        )


async def insert_default_rule(tx: Transaction, **values: Any) -> None:
    """Add a rule."""
    await tx.run(insert(default_rules).values(**values))


async def get_default_rule(tx: Transaction, id: str) -> DefaultRule:
    """A rule. Raises `NotFound`."""
    row = await tx.first(select(default_rules).where(_t.id == id, _there))
    if row is None:
        raise NotFound(f"cannot find the default security group rule '{id}'")
    return _rule(row)


async def list_default_rules(tx: Transaction, listing: Listing) -> tuple[list[DefaultRule], bool]:
    """One page of the rules, and whether more follow."""
    query = select(default_rules).where(_there)
    rows, more = await read_list(tx, query, default_rules, listing, FILTERS)
    return [_rule(row) for row in rows], more


async def list_for(tx: Transaction, *, is_default: bool) -> list[DefaultRule]:
    """What a project's default group, or another new group, begins with."""
    wanted = _t.is_for_default if is_default else _t.is_for_others
    query = select(default_rules).where(wanted.is_(True), _there)
    query = query.order_by(_t.created_at, _t.id)
    return [_rule(row) for row in await tx.all(query)]


async def delete_default_rule(tx: Transaction, id: str) -> None:
    """Forget a rule. Repeatable."""
    if id in _FIRST:
        await tx.run(update(default_rules).where(_t.id == id).values(is_removed=True))
    else:
        await tx.run(delete(default_rules).where(_t.id == id))
