"""Everything of images that an audit compares."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from pilvi.core.db import Transaction
from pilvi.image.model.image import Status
from pilvi.image.store.tables import images, uploads

_WITH_DATA = (Status.ACTIVE, Status.DEACTIVATED)


@dataclass(frozen=True, slots=True)
class ImageRows:
    """What the rows of images and uploads say of the store."""

    image_ids: frozenset[str]
    contents: frozenset[str]
    """Contents that an image or an upload names."""
    needed_contents: frozenset[str]
    """Contents without which an image has no data."""
    upload_ids: frozenset[str]
    """Uploads that are not finished."""
    image_bytes: Mapping[str, int] = field(default_factory=dict)
    """Size of the data of images that have data, by id."""
    content_bytes: Mapping[str, int] = field(default_factory=dict)
    """The same, by content."""


async def read_rows(tx: Transaction) -> ImageRows:
    """What the rows say."""
    columns = (images.c.id, images.c.sha512, images.c.status, images.c.size_bytes)
    found = await tx.all(select(*columns))
    going = await tx.all(select(uploads.c.id, uploads.c.sha512, uploads.c.finished))
    named = {row.sha512 for row in [*found, *going] if row.sha512}
    whole = [row for row in found if row.sha512 and row.status in _WITH_DATA]
    needed = {row.sha512 for row in whole}
    sized = [row for row in whole if row.size_bytes is not None]
    return ImageRows(
        frozenset(row.id for row in found),
        frozenset(named),
        frozenset(needed),
        frozenset(row.id for row in going if not row.finished),
        {row.id: row.size_bytes for row in sized},
        {row.sha512: row.size_bytes for row in sized},
    )
