"""What is done to one volume by POST /volumes/{id}/action."""

from typing import Any

import msgspec

from pilvi.block_storage.api.volumes import Metadata, Name, get_own, read_size
from pilvi.block_storage.operations import volumes as operations
from pilvi.block_storage.store.volume_metadata import MetadataKind, list_metadata
from pilvi.core.http import Call
from pilvi.errors import InvalidRequest, NotFound, Unsupported


class Extend(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-extend."""

    new_size: int | str


class SetBootable(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-set_bootable."""

    bootable: bool | str


class SetReadOnly(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-update_readonly_flag."""

    readonly: bool | str


class ResetStatus(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-reset_status."""

    status: Name | None = None
    attach_status: Name | None = None
    migration_status: Name | None = None


class Retype(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-retype."""

    new_type: Name
    migration_policy: Name | None = None


class SetImageMetadata(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-set_image_metadata."""

    metadata: Metadata


class UnsetImageMetadata(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-unset_image_metadata."""

    key: Name


async def extend_volume(call: Call[Extend]) -> None:
    """Wish a volume larger."""
    await operations.extend_volume(call.tx, await get_own(call), read_size(call.payload.new_size))


async def set_bootable(call: Call[SetBootable]) -> None:
    """Say whether a guest can boot from a volume."""
    bootable = _read_flag(call.payload.bootable)
    await operations.update_volume(call.tx, await get_own(call), bootable=bootable)


async def set_read_only(call: Call[SetReadOnly]) -> None:
    """Say whether servers may only read a volume."""
    read_only = _read_flag(call.payload.readonly)
    await operations.set_read_only(call.tx, await get_own(call), read_only)


async def retype_volume(call: Call[Retype]) -> None:
    """Give a volume another type; nothing has to move."""
    await operations.retype_volume(call.tx, await get_own(call), call.payload.new_type)


async def reset_status(call: Call[ResetStatus]) -> None:
    """Mark a volume as an error, or take the mark away and try anew.

    A status follows from what is wished and seen: no other one can be set.
    """
    volume, wanted = await get_own(call), call.payload
    if wanted.attach_status is not None or wanted.migration_status is not None:
        raise Unsupported("cannot reset attachments or migrations: they are what hosts show")
    if wanted.status == "error":
        await operations.mark_error(call.tx, volume)
    elif wanted.status in ("available", "in-use"):
        await operations.retry_volume(call.tx, volume)
    else:
        raise InvalidRequest(
            f"cannot reset the status to '{wanted.status}': use error, or available to try anew"
        )


async def force_delete_volume(call: Call[None]) -> None:
    """Wish a volume away whatever its status."""
    await operations.force_delete_volume(call.tx, await get_own(call))


async def set_image_metadata(call: Call[SetImageMetadata]) -> dict[str, Any]:
    """Say what an image would say of a volume."""
    volume = await get_own(call)
    kind = MetadataKind.IMAGE
    found = (await list_metadata(call.tx, kind, [volume.id])).get(volume.id, {})
    found.update(call.payload.metadata)
    await operations.save_metadata(call.tx, volume, kind, found)
    return {"metadata": found}


async def unset_image_metadata(call: Call[UnsetImageMetadata]) -> None:
    """Take one of those words away."""
    volume = await get_own(call)
    kind = MetadataKind.IMAGE
    found = (await list_metadata(call.tx, kind, [volume.id])).get(volume.id, {})
    if call.payload.key not in found:
        raise NotFound(f"cannot find the image metadata '{call.payload.key}' of this volume")
    del found[call.payload.key]
    await operations.save_metadata(call.tx, volume, kind, found)


async def show_image_metadata(call: Call[None]) -> dict[str, Any]:
    """What an image would say of a volume."""
    volume = await get_own(call)
    found = await list_metadata(call.tx, MetadataKind.IMAGE, [volume.id])
    return {"metadata": found.get(volume.id, {})}


async def refuse_connection(call: Call[None]) -> None:
    """Connecting is between compute and block storage; there is nothing to do by hand."""
    await get_own(call)
    raise Unsupported(
        "cannot connect volumes by hand: attach them to a server through the compute API"
    )


async def refuse_action(call: Call[None]) -> None:
    """What is not served."""
    await get_own(call)
    raise Unsupported("cannot do this to a volume in this cloud yet")


def _read_flag(value: bool | str) -> bool:
    text = str(value).lower()
    if text in ("1", "t", "true", "on", "y", "yes"):
        return True
    if text in ("0", "f", "false", "off", "n", "no"):
        return False
    raise InvalidRequest(f"cannot read '{value}': it is true or false")
