"""Rows of ranges of segmentation ids."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, false, insert, or_, select, true, update

from pilvi.core.db import Transaction
from pilvi.errors import NotFound
from pilvi.network.model.network import NetworkType
from pilvi.network.model.segment_range import SegmentRange, SegmentRangeId
from pilvi.network.store.admin_tables import segment_ranges
from pilvi.network.store.listing import Filters, Listing, common_filters, constant, read_list
from pilvi.network.store.tables import networks

_t = segment_ranges.c


def _is_null(values: Sequence[str]) -> ColumnElement[bool]:
    return true() if "" in values else false()


FILTERS: Filters = {
    **common_filters(segment_ranges),
    "shared": _t.is_shared,
    "default": constant(False),
    "network_type": _t.network_type,
    "physical_network": _is_null,
    "minimum": _t.minimum,
    "maximum": _t.maximum,
}


def _range(row: Row[Any]) -> SegmentRange:
    return SegmentRange(
        id=SegmentRangeId(row.id),
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        is_shared=row.is_shared,
        network_type=row.network_type,
        minimum=row.minimum,
        maximum=row.maximum,
        generation=row.generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def insert_range(tx: Transaction, **values: Any) -> None:
    """Add a range."""
    await tx.run(insert(segment_ranges).values(**values))


async def get_range(tx: Transaction, id: str, project_id: str | None) -> SegmentRange:
    """A range. Raises `NotFound`, also for projects: ranges are the admins' own."""
    row = None
    if project_id is None:
        row = await tx.first(select(segment_ranges).where(_t.id == id))
    if row is None:
        raise NotFound(f"cannot find the network segment range '{id}'")
    return _range(row)


async def list_ranges(tx: Transaction, listing: Listing) -> tuple[list[SegmentRange], bool]:
    """One page of the ranges, and whether more follow."""
    rows, more = await read_list(tx, select(segment_ranges), segment_ranges, listing, FILTERS)
    return [_range(row) for row in rows], more


async def list_all(tx: Transaction) -> list[SegmentRange]:
    """Every range, lowest first."""
    rows = await tx.all(select(segment_ranges).order_by(_t.minimum, _t.id))
    return [_range(row) for row in rows]


async def list_overlapping(tx: Transaction, minimum: int, maximum: int) -> list[str]:
    """Ids of ranges that share a number with another."""
    shares = (_t.minimum <= maximum) & (_t.maximum >= minimum)
    return [row.id for row in await tx.all(select(_t.id).where(shares).order_by(_t.id))]


async def list_used(tx: Transaction, spans: Sequence[tuple[int, int]]) -> dict[int, str]:
    """The segmentation ids within some spans that networks have, and whose those are."""
    if not spans:
        return {}
    n = networks.c
    within = or_(*(n.segment.between(first, last) for first, last in spans))
    query = select(n.segment, n.project_id).where(within, n.network_type != NetworkType.FLAT)
    return {row.segment: row.project_id for row in await tx.all(query.order_by(n.segment))}


async def update_range(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a range."""
    await tx.run(update(segment_ranges).where(_t.id == id).values(**values))


async def delete_range(tx: Transaction, id: str) -> None:
    """Forget a range. Repeatable."""
    await tx.run(delete(segment_ranges).where(_t.id == id))
