"""Rows of memberships."""

from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from pilvi.core.db import Transaction
from pilvi.image.model.image import ImageId
from pilvi.image.model.member import Member, MemberStatus
from pilvi.image.store.tables import members

_m = members.c


def _member(row: Row[Any]) -> Member:
    return Member(
        image_id=ImageId(row.image_id),
        member_id=row.member_id,
        status=MemberStatus(row.status),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def insert_member(tx: Transaction, member: Member) -> None:
    """Add a membership."""
    values = {name: getattr(member, name) for name in member.__slots__}
    await tx.run(insert(members).values(**values))


async def list_members(tx: Transaction, image_id: ImageId) -> list[Member]:
    """The memberships of an image, oldest first."""
    query = select(members).where(_m.image_id == image_id).order_by(_m.created_at, _m.member_id)
    return [_member(row) for row in await tx.all(query)]


async def find_member(tx: Transaction, image_id: ImageId, member_id: str) -> Member | None:
    """One membership, or None."""
    query = select(members).where(_m.image_id == image_id, _m.member_id == member_id)
    row = await tx.first(query)
    return None if row is None else _member(row)


async def update_member(tx: Transaction, member: Member) -> None:
    """Change the status of a membership."""
    mine = (_m.image_id == member.image_id) & (_m.member_id == member.member_id)
    values = {"status": member.status, "updated_at": member.updated_at}
    await tx.run(update(members).where(mine).values(**values))


async def delete_member(tx: Transaction, image_id: ImageId, member_id: str) -> None:
    """Remove a membership. Repeatable."""
    mine = (_m.image_id == image_id) & (_m.member_id == member_id)
    await tx.run(delete(members).where(mine))
