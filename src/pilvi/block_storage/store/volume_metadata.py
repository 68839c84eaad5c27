"""Rows of what users and images say about volumes."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import bindparam, delete, insert, select

from pilvi.block_storage.store.tables import volume_metadata, volumes
from pilvi.block_storage.store.volumes import VolumeFilter
from pilvi.core.db import Prepared, Transaction

_t = volume_metadata.c
_OF_KIND = _t.kind == bindparam("of_kind")
_LIST = Prepared(
    select(volume_metadata)
    .where(_OF_KIND, _t.volume_id.in_(bindparam("ids", expanding=True)))
    .order_by(_t.key)
)
_FORGET = Prepared(delete(volume_metadata).where(_OF_KIND, _t.volume_id == bindparam("of_id")))
_INSERT = Prepared(insert(volume_metadata))


class MetadataKind(StrEnum):
    """Whose words they are."""

    USER = "user"
    IMAGE = "image"


async def list_metadata(
    tx: Transaction, kind: MetadataKind, volume_ids: Sequence[str]
) -> dict[str, dict[str, str]]:
    """The metadata of some volumes, by volume; a volume without any is left out."""
    if not volume_ids:
        return {}
    found: dict[str, dict[str, str]] = {}
    for row in await tx.all(_LIST, {"of_kind": kind, "ids": list(volume_ids)}):
        found.setdefault(row.volume_id, {})[row.key] = row.value
    return found


async def replace_metadata(
    tx: Transaction, kind: MetadataKind, volume_id: str, wanted: Mapping[str, str]
) -> None:
    """Give a volume exactly this metadata."""
    await tx.run(_FORGET, {"of_kind": kind, "of_id": volume_id})
    rows = [
        {"volume_id": volume_id, "kind": kind, "key": key, "value": value}
        for key, value in wanted.items()
    ]
    if rows:
        await tx.run(_INSERT, rows)


async def list_of_filter(tx: Transaction, wanted: VolumeFilter) -> dict[str, dict[str, str]]:
    """The users' metadata of the volumes that are looked for, by volume."""
    ids = wanted.apply(select(volumes.c.id))
    query = select(volume_metadata).where(_t.kind == MetadataKind.USER, _t.volume_id.in_(ids))
    found: dict[str, dict[str, str]] = {}
    for row in await tx.all(query.order_by(_t.volume_id, _t.key)):
        found.setdefault(row.volume_id, {})[row.key] = row.value
    return found
