"""Rows of uploads."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, update

from pilvi.core.db import Prepared, Transaction
from pilvi.image.model.image import ImageId
from pilvi.image.model.upload import Purpose, Stored, Upload
from pilvi.image.store.tables import uploads

_u = uploads.c
_FIND = Prepared(select(uploads).where(_u.id == bindparam("of_id")))
_OF_IMAGE = Prepared(select(uploads).where(_u.image_id == bindparam("of_image")))
_UNFINISHED = Prepared(select(_u.id).where(_u.finished.is_(False)).order_by(_u.started_at))
_INSERT = Prepared(insert(uploads))
_UPDATE = Prepared(update(uploads).where(_u.id == bindparam("of_id")))
_DELETE = Prepared(delete(uploads).where(_u.id == bindparam("of_id")))
_SUM = Prepared(
    select(
        func.count().label("uploads"), func.coalesce(func.sum(_u.reserved_bytes), 0).label("bytes")
    ).where(_u.owner == bindparam("of_owner"))
)
_USED_BLOBS = Prepared(
    select(_u.sha512).where(_u.sha512.in_(bindparam("digests", expanding=True))).distinct()
)


def _upload(row: Row[Any]) -> Upload:
    stored = None
    if row.sha512 is not None:
        stored = Stored(row.size_bytes, row.virtual_size_bytes, row.sha512, row.checksum)
    return Upload(
        id=row.id,
        image_id=ImageId(row.image_id),
        owner=row.owner,
        purpose=Purpose(row.purpose),
        started_at=row.started_at,
        reserved_bytes=row.reserved_bytes,
        stored=stored,
        finished=row.finished,
    )


async def insert_upload(tx: Transaction, upload: Upload) -> None:
    """Add an upload of which nothing is known yet."""
    names = ("id", "image_id", "owner", "purpose", "started_at", "reserved_bytes", "finished")
    await tx.run(_INSERT, {name: getattr(upload, name) for name in names})


async def find_upload(tx: Transaction, id: str) -> Upload | None:
    """One upload, or None."""
    row = await tx.first(_FIND, {"of_id": id})
    return None if row is None else _upload(row)


async def list_uploads(tx: Transaction, image_id: ImageId) -> list[Upload]:
    """The uploads of one image."""
    return [_upload(row) for row in await tx.all(_OF_IMAGE, {"of_image": image_id})]


async def list_unfinished(tx: Transaction) -> list[str]:
    """Ids of the uploads that somebody should be writing."""
    return [row.id for row in await tx.all(_UNFINISHED)]


async def update_reserved(tx: Transaction, id: str, reserved_bytes: int) -> None:
    """Change what an upload counts in the quota."""
    await tx.run(_UPDATE, {"of_id": id, "reserved_bytes": reserved_bytes})


async def update_stored(tx: Transaction, id: str, stored: Stored) -> None:
    """Record what is known of the bytes, before they enter the store."""
    values = {name: getattr(stored, name) for name in stored.__slots__}
    await tx.run(_UPDATE, {"of_id": id, "reserved_bytes": stored.size_bytes, **values})


async def update_finished(tx: Transaction, id: str) -> None:
    """Note that the bytes are in the store and nobody writes any more."""
    await tx.run(_UPDATE, {"of_id": id, "finished": True})


async def delete_upload(tx: Transaction, id: str) -> None:
    """Forget an upload. Repeatable."""
    await tx.run(_DELETE, {"of_id": id})


async def count_uploads(tx: Transaction, owner: str) -> tuple[int, int]:
    """How many uploads a project has, and how many bytes they count."""
    row = await tx.first(_SUM, {"of_owner": owner})
    assert row is not None
    return int(row.uploads), int(row.bytes)


async def list_used_blobs(tx: Transaction, sha512: Sequence[str]) -> set[str]:
    """Those of some contents that an upload has."""
    return {row.sha512 for row in await tx.all(_USED_BLOBS, {"digests": list(sha512)})}
