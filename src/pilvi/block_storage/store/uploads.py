"""Rows of volumes on their way into the image store."""

from dataclasses import fields
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from pilvi.block_storage.model.upload import VolumeUpload
from pilvi.block_storage.store.tables import uploads
from pilvi.core.db import Prepared, Transaction

_t = uploads.c
_COLUMNS = tuple(one.name for one in fields(VolumeUpload))
_ALL = select(uploads).order_by(_t.created_at, _t.image_id)
_FIND = Prepared(select(uploads).where(_t.image_id == bindparam("of_image")))
_LIST = {False: Prepared(_ALL), True: Prepared(_ALL.where(_t.volume_id == bindparam("of_volume")))}
"""By whether a volume is named."""


def _upload(row: Row[Any]) -> VolumeUpload:
    return VolumeUpload(**{name: getattr(row, name) for name in _COLUMNS})


async def insert_upload(tx: Transaction, upload: VolumeUpload) -> None:
    """Add an upload."""
    await tx.run(insert(uploads).values(**{name: getattr(upload, name) for name in _COLUMNS}))


async def find_upload(tx: Transaction, image_id: str) -> VolumeUpload | None:
    """The upload that makes an image, or None."""
    row = await tx.first(_FIND, {"of_image": image_id})
    return None if row is None else _upload(row)


async def list_uploads(tx: Transaction, volume_id: str | None = None) -> list[VolumeUpload]:
    """The uploads of one volume, or all."""
    named = {} if volume_id is None else {"of_volume": volume_id}
    return [_upload(row) for row in await tx.all(_LIST[volume_id is not None], named)]


async def update_upload(tx: Transaction, image_id: str, **values: Any) -> None:
    """Change columns of an upload."""
    await tx.run(update(uploads).where(_t.image_id == image_id).values(**values))


async def delete_upload(tx: Transaction, image_id: str) -> None:
    """Remove an upload. Repeatable."""
    await tx.run(delete(uploads).where(_t.image_id == image_id))
