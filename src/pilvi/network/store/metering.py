"""Rows of metering labels, their rules, and what hosts have counted."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    bindparam,
    delete,
    insert,
    or_,
    select,
    true,
    update,
)

from pilvi.core.db import Prepared, Transaction, now
from pilvi.errors import NotFound
from pilvi.network.model.metering import (
    LabelId,
    MeterCount,
    MeteringLabel,
    MeteringRule,
    MeteringRuleId,
)
from pilvi.network.store.listing import Filters, Listing, common_filters, read_list
from pilvi.network.store.traffic_tables import meter_counts, metering_labels, metering_rules

_l = metering_labels.c
_r = metering_rules.c
_c = meter_counts.c

LABEL_FILTERS: Filters = {**common_filters(metering_labels), "shared": _l.is_shared}
RULE_FILTERS: Filters = {
    "id": _r.id,
    "project_id": _r.project_id,
    "tenant_id": _r.project_id,
    "metering_label_id": _r.label_id,
    "direction": _r.direction,
    "remote_ip_prefix": _r.remote_prefix,
    "source_ip_prefix": _r.source_prefix,
    "destination_ip_prefix": _r.destination_prefix,
    "excluded": _r.is_excluded,
}


def _label(row: Row[Any]) -> MeteringLabel:
    return MeteringLabel(
        id=LabelId(row.id),
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        is_shared=row.is_shared,
        generation=row.generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _rule(row: Row[Any]) -> MeteringRule:
    return MeteringRule(
        id=MeteringRuleId(row.id),
        project_id=row.project_id,
        label_id=row.label_id,
        direction=row.direction,
        remote_prefix=row.remote_prefix,
        source_prefix=row.source_prefix,
        destination_prefix=row.destination_prefix,
        is_excluded=row.is_excluded,
    )


def _label_visible(project_id: str | BindParameter[str] | None) -> ColumnElement[bool]:
    if project_id is None:
        return true()
    return or_(_l.project_id == project_id, _l.is_shared.is_(True))


_LABELS_FOR = Prepared(
    select(metering_labels).where(_label_visible(bindparam("of_project"))).order_by(_l.id)
)
_COUNTS_OF_ROUTER = Prepared(select(meter_counts).where(_c.router_id == bindparam("of_router")))


async def insert_label(tx: Transaction, **values: Any) -> None:
    """Add a label."""
    await tx.run(insert(metering_labels).values(**values))


async def get_label(tx: Transaction, id: str, project_id: str | None) -> MeteringLabel:
    """A label that a project may see. Raises `NotFound`."""
    row = await tx.first(select(metering_labels).where(_l.id == id, _label_visible(project_id)))
    if row is None:
        raise NotFound(f"cannot find the metering label '{id}'")
    return _label(row)


async def list_labels(tx: Transaction, listing: Listing) -> tuple[list[MeteringLabel], bool]:
    """One page of the labels that a project may see, and whether more follow."""
    query = select(metering_labels).where(_label_visible(listing.project_id))
    rows, more = await read_list(tx, query, metering_labels, listing, LABEL_FILTERS)
    return [_label(row) for row in rows], more


async def list_labels_for(tx: Transaction, project_id: str) -> list[MeteringLabel]:
    """The labels that count the traffic of a project's routers."""
    return [_label(row) for row in await tx.all(_LABELS_FOR, {"of_project": project_id})]


async def update_label(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a label."""
    await tx.run(update(metering_labels).where(_l.id == id).values(**values))


async def delete_label(tx: Transaction, id: str) -> None:
    """Forget a label with its rules and counts. Repeatable."""
    await tx.run(delete(metering_rules).where(_r.label_id == id))
    await tx.run(delete(meter_counts).where(_c.label_id == id))
    await tx.run(delete(metering_labels).where(_l.id == id))


async def insert_rule(tx: Transaction, **values: Any) -> None:
    """Add a rule."""
    await tx.run(insert(metering_rules).values(**values))


async def get_rule(tx: Transaction, id: str, project_id: str | None) -> MeteringRule:
    """A rule of a label that a project may see. Raises `NotFound`."""
    labels = select(_l.id).where(_label_visible(project_id))
    row = await tx.first(select(metering_rules).where(_r.id == id, _r.label_id.in_(labels)))
    if row is None:
        raise NotFound(f"cannot find the metering label rule '{id}'")
    return _rule(row)


async def list_rules(tx: Transaction, listing: Listing) -> tuple[list[MeteringRule], bool]:
    """One page of the rules of labels that a project may see, and whether more follow."""
    labels = select(_l.id).where(_label_visible(listing.project_id))
    query = select(metering_rules).where(_r.label_id.in_(labels))
    rows, more = await read_list(tx, query, metering_rules, listing, RULE_FILTERS)
    return [_rule(row) for row in rows], more


async def list_rules_of(
    tx: Transaction, label_ids: Collection[str]
) -> dict[str, list[MeteringRule]]:
    """The rules of some labels, oldest first."""
    found: dict[str, list[MeteringRule]] = {}
    if label_ids:
        query = select(metering_rules).where(_r.label_id.in_(label_ids))
        for row in await tx.all(query.order_by(_r.created_at, _r.id)):
            found.setdefault(row.label_id, []).append(_rule(row))
    return found


async def update_rule(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a rule."""
    await tx.run(update(metering_rules).where(_r.id == id).values(**values))


async def delete_rule(tx: Transaction, id: str) -> None:
    """Forget a rule. Repeatable."""
    await tx.run(delete(metering_rules).where(_r.id == id))


async def replace_counts(
    tx: Transaction, router_id: str, counts: dict[str, tuple[int, int]]
) -> None:
    """Take note of what a router's host counts: packets and octets by label. Repeatable."""
    await tx.run(delete(meter_counts).where(_c.router_id == router_id))
    if counts:
        moment = now()
        rows = [
            {
                "label_id": label_id,
                "router_id": router_id,
                "packets": packets,
                "octets": octets,
                "counted_at": moment,
            }
            for label_id, (packets, octets) in sorted(counts.items())
        ]
        await tx.run(insert(meter_counts), rows)


async def list_counts(tx: Transaction, label_ids: Collection[str]) -> dict[str, list[MeterCount]]:
    """What was counted for some labels, router by router."""
    found: dict[str, list[MeterCount]] = {}
    if label_ids:
        query = select(meter_counts).where(_c.label_id.in_(label_ids)).order_by(_c.router_id)
        for row in await tx.all(query):
            count = MeterCount(
                label_id=row.label_id,
                router_id=row.router_id,
                packets=row.packets,
                octets=row.octets,
                counted_at=row.counted_at,
            )
            found.setdefault(row.label_id, []).append(count)
    return found


async def list_counts_of_router(tx: Transaction, router_id: str) -> dict[str, tuple[int, int]]:
    """What was last noted of a router: packets and octets by label."""
    rows = await tx.all(_COUNTS_OF_ROUTER, {"of_router": router_id})
    return {row.label_id: (row.packets, row.octets) for row in rows}
