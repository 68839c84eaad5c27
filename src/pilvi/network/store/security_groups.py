"""Rows of security groups and their rules."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    String,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    true,
    update,
)

from pilvi.core.db import Prepared, Transaction
from pilvi.core.db.engine import Rows
from pilvi.errors import NotFound
from pilvi.network.model.security_group import (
    RuleId,
    RuleMatch,
    SecurityGroup,
    SecurityGroupId,
    SecurityGroupRule,
)
from pilvi.network.model.sharing import ObjectType
from pilvi.network.store.listing import Filters, Listing, common_filters, read_list
from pilvi.network.store.sharing import is_shared_filter, shared_with
from pilvi.network.store.tables import (
    fixed_ips,
    port_groups,
    ports,
    security_group_rules,
    security_groups,
)

_g = security_groups.c
_r = security_group_rules.c

GROUP_FILTERS: Filters = {
    **common_filters(security_groups),
    "stateful": _g.is_stateful,
    "shared": is_shared_filter(_g.id),
}
RULE_FILTERS: Filters = {
    **{n: k for n, k in common_filters(security_group_rules).items() if n != "name"},
    "security_group_id": _r.group_id,
    "direction": _r.direction,
    "ethertype": _r.ethertype,
    "protocol": _r.protocol,
    "port_range_min": _r.port_min,
    "port_range_max": _r.port_max,
    "remote_group_id": _r.remote_group_id,
    "remote_ip_prefix": _r.remote_cidr,
    "remote_address_group_id": _r.remote_address_group_id,
}


_DEFAULT_OF = Prepared(select(security_groups).where(_g.default_of == bindparam("of_project")))
_STATELESS = Prepared(
    select(_g.id).where(_g.id.in_(bindparam("ids", expanding=True)), _g.is_stateful.is_(False))
)
_MEMBERS_CHANGED = Prepared(select(_g.id).where(_g.members_changed.is_(True)))
_UNAPPLIED = Prepared(select(_g.id).where(_g.generation != _g.applied_generation))
_INSERT_RULES = Prepared(insert(security_group_rules))
_RULES_OF = Prepared(
    select(security_group_rules)
    .where(_r.group_id.in_(bindparam("ids", expanding=True)))
    .order_by(_r.created_at, _r.id)
)


def _group(row: Row[Any]) -> SecurityGroup:
    return SecurityGroup(
        id=SecurityGroupId(row.id),
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        is_default=row.default_of is not None,
        is_stateful=row.is_stateful,
        generation=row.generation,
        applied_generation=row.applied_generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _rule(row: Row[Any]) -> SecurityGroupRule:
    return SecurityGroupRule(
        id=RuleId(row.id),
        project_id=row.project_id,
        group_id=row.group_id,
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
        generation=row.generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _own(column: ColumnElement[str], project_id: str | None) -> ColumnElement[bool]:
    return true() if project_id is None else column == project_id


def _visible(project_id: str | BindParameter[str] | None) -> ColumnElement[bool]:
    """Own groups, and those that are shared with the project."""
    if project_id is None:
        return true()
    shared = shared_with(ObjectType.SECURITY_GROUP, project_id)
    return or_(_g.project_id == project_id, _g.id.in_(shared))


_ANY = select(security_groups).where(_g.id == bindparam("of_id"))
_GET = {False: Prepared(_ANY), True: Prepared(_ANY.where(_visible(bindparam("viewer_id"))))}
"""By whether a project is named, as the next."""
_CALLED = bindparam("names", type_=String, expanding=True)
_ANY_NAMED = select(security_groups).where(or_(_g.id.in_(_CALLED), _g.name.in_(_CALLED)))
_NAMED = {
    False: Prepared(_ANY_NAMED),
    True: Prepared(_ANY_NAMED.where(_visible(bindparam("viewer_id")))),
}


async def insert_group(tx: Transaction, **values: Any) -> None:
    """Add a group. Raises `Conflict` for a project's second default group."""
    await tx.run(insert(security_groups).values(**values))


async def insert_rules(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Add rules. Raises `Conflict` when a group has one of them already."""
    await tx.run(_INSERT_RULES, list(rows))


async def get_group(tx: Transaction, id: str, project_id: str | None) -> SecurityGroup:
    """A group that a project may see. Raises `NotFound`."""
    viewer = {} if project_id is None else {"viewer_id": project_id}
    row = await tx.first(_GET[project_id is not None], {"of_id": id, **viewer})
    if row is None:
        raise NotFound(f"cannot find the security group '{id}'")
    return _group(row)


async def find_default_group(tx: Transaction, project_id: str) -> SecurityGroup | None:
    """A project's default group, or None before its first use."""
    row = await tx.first(_DEFAULT_OF, {"of_project": project_id})
    return None if row is None else _group(row)


async def list_groups(tx: Transaction, listing: Listing) -> tuple[list[SecurityGroup], bool]:
    """One page of the groups that a project may see, and whether more follow."""
    query = select(security_groups).where(_visible(listing.project_id))
    rows, more = await read_list(tx, query, security_groups, listing, GROUP_FILTERS)
    return [_group(row) for row in rows], more


async def list_groups_named(
    tx: Transaction, project_id: str | None, names: Collection[str]
) -> list[SecurityGroup]:
    """The groups that a project may see and whose id or name is one of these."""
    viewer = {} if project_id is None else {"viewer_id": project_id}
    rows = await tx.all(_NAMED[project_id is not None], {"names": list(names), **viewer})
    return [_group(row) for row in rows]


async def find_group(tx: Transaction, id: str) -> SecurityGroup | None:
    """A group of whatever project, or None."""
    row = await tx.first(_GET[False], {"of_id": id})
    return None if row is None else _group(row)


async def list_stateless(tx: Transaction, ids: Collection[str]) -> set[str]:
    """Which of these groups are stateless."""
    if not ids:
        return set()
    return {row.id for row in await tx.all(_STATELESS, {"ids": list(ids)})}


async def update_group(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a group."""
    await tx.run(update(security_groups).where(_g.id == id).values(**values))


async def raise_generation(tx: Transaction, ids: Collection[str]) -> None:
    """Count one more change of each of some groups."""
    change = update(security_groups).where(_g.id.in_(ids))
    await tx.run(change.values(generation=_g.generation + 1))


_NOTE_MEMBERS = Prepared(
    update(security_groups).where(
        _g.id.in_(bindparam("ids", expanding=True)), _g.members_changed != bindparam("changed")
    )
)


async def note_members_changed(tx: Transaction, ids: Collection[str], *, changed: bool) -> None:
    """Write down whether hosts have still to be told of the members of some groups."""
    await tx.run(_NOTE_MEMBERS, {"ids": list(ids), "changed": changed, "members_changed": changed})


async def list_members_changed(tx: Transaction) -> list[str]:
    """Ids of the groups of whose members hosts have still to be told."""
    return [row.id for row in await tx.all(_MEMBERS_CHANGED)]


async def list_unapplied(tx: Transaction) -> list[str]:
    """Ids of groups whose newest change has not reached their ports' specs."""
    return [row.id for row in await tx.all(_UNAPPLIED)]


async def delete_group(tx: Transaction, id: str) -> None:
    """Forget a group, its rules, and the rules of other groups that name it."""
    rules = or_(_r.group_id == id, _r.remote_group_id == id)
    await tx.run(delete(security_group_rules).where(rules))
    await tx.run(delete(port_groups).where(port_groups.c.group_id == id))
    await tx.run(delete(security_groups).where(_g.id == id))


async def is_group_used(tx: Transaction, id: str) -> bool:
    """Whether a port that is not going is in a group."""
    query = (
        select(ports.c.id)
        .join_from(port_groups, ports, port_groups.c.port_id == ports.c.id)
        .where(port_groups.c.group_id == id, ports.c.is_deleting.is_(False))
    )
    return await tx.first(query.limit(1)) is not None


async def list_groups_naming(tx: Transaction, id: str) -> list[str]:
    """Ids of the other groups that have a rule which names a group as remote."""
    query = select(_r.group_id).where(_r.remote_group_id == id, _r.group_id != id)
    return [row.group_id for row in await tx.all(query.distinct())]


async def get_rule(tx: Transaction, id: str, project_id: str | None) -> SecurityGroupRule:
    """A rule that a project may see. Raises `NotFound`."""
    found = (_r.id == id) & _own(_r.project_id, project_id)
    row = await tx.first(select(security_group_rules).where(found))
    if row is None:
        raise NotFound(f"cannot find the security group rule '{id}'")
    return _rule(row)


async def find_rule_by_key(tx: Transaction, group_id: str, key: str) -> str | None:
    """The id of a group's rule that says the same, or None."""
    found = (_r.group_id == group_id) & (_r.key == key)
    row = await tx.first(select(_r.id).where(found))
    return None if row is None else str(row.id)


async def list_rules(tx: Transaction, listing: Listing) -> tuple[list[SecurityGroupRule], bool]:
    """One page of the rules that a project may see, and whether more follow."""
    query = select(security_group_rules).where(_own(_r.project_id, listing.project_id))
    rows, more = await read_list(tx, query, security_group_rules, listing, RULE_FILTERS)
    return [_rule(row) for row in rows], more


async def list_rules_of(
    tx: Transaction, group_ids: Collection[str]
) -> dict[str, list[SecurityGroupRule]]:
    """The rules of some groups, oldest first."""
    found: dict[str, list[SecurityGroupRule]] = {}
    if group_ids:
        for row in await tx.all(_RULES_OF, {"ids": list(group_ids)}):
            found.setdefault(row.group_id, []).append(_rule(row))
    return found


async def delete_rule(tx: Transaction, id: str) -> None:
    """Forget a rule. Repeatable."""
    await tx.run(delete(security_group_rules).where(_r.id == id))


_ARE_MEMBERS = and_(
    port_groups.c.group_id.in_(bindparam("group_ids", expanding=True)),
    ports.c.is_deleting.is_(False),
)
_ADDRESSES = Prepared(
    select(port_groups.c.group_id, fixed_ips.c.address)
    .join_from(port_groups, ports, port_groups.c.port_id == ports.c.id)
    .join(fixed_ips, fixed_ips.c.port_id == ports.c.id)
    .where(_ARE_MEMBERS)
)
_PAIRS = Prepared(
    select(port_groups.c.group_id, ports.c.address_pairs)
    .join_from(port_groups, ports, port_groups.c.port_id == ports.c.id)
    .where(_ARE_MEMBERS, ports.c.address_pairs != [])
)
_HOSTS_NAMING = [
    Prepared(
        select(column.label("set_id"), ports.c.held_host_id)
        .join_from(security_group_rules, port_groups, port_groups.c.group_id == _r.group_id)
        .join(ports, ports.c.id == port_groups.c.port_id)
        .where(
            column.in_(bindparam("set_ids", expanding=True)),
            ports.c.held_host_id.is_not(None),
            ports.c.is_deleting.is_(False),
            ports.c.port_security_enabled.is_(True),
        )
        .distinct()
    )
    for column in (_r.remote_group_id, _r.remote_address_group_id)
]


async def list_members(tx: Transaction, group_ids: Collection[str]) -> dict[str, list[str]]:
    """The addresses (and allowed ranges) of the ports in some groups: two queries."""
    found: dict[str, list[str]] = {}
    if not group_ids:
        return found
    named = {"group_ids": list(group_ids)}
    for row in await tx.all(_ADDRESSES, named):
        found.setdefault(row.group_id, []).append(row.address)
    for row in await tx.all(_PAIRS, named):
        for _, address in row.address_pairs:
            found.setdefault(row.group_id, []).append(address)
    return found


async def list_ports_in_group(tx: Transaction, group_id: str) -> list[str]:
    """Ids of the ports on hosts that are in a group."""
    query = (
        select(ports.c.id)
        .join_from(port_groups, ports, port_groups.c.port_id == ports.c.id)
        .where(
            port_groups.c.group_id == group_id,
            ports.c.held_host_id.is_not(None),
            ports.c.is_deleting.is_(False),
        )
    )
    rows: Rows = await tx.all(query.distinct().order_by(ports.c.id))
    return [row.id for row in rows]


async def list_hosts_naming(tx: Transaction, set_ids: Collection[str]) -> dict[str, set[str]]:
    """The hosts with a port whose rules name each of some groups, of whichever kind, as remote."""
    found: dict[str, set[str]] = {id: set() for id in set_ids}
    if not set_ids:
        return found
    for query in _HOSTS_NAMING:
        for row in await tx.all(query, {"set_ids": list(set_ids)}):
            found[row.set_id].add(row.held_host_id)
    return found
