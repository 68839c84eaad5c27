"""What is done to one volume by POST /volumes/{id}/action."""

from typing import Annotated, Any, Literal

import msgspec

from pilvi.block_storage.api.views import print_time, read_flag
from pilvi.block_storage.api.volumes import Metadata, Name, get_own, read_size
from pilvi.block_storage.model.volume import VolumeStatus
from pilvi.block_storage.operations import uploads
from pilvi.block_storage.operations import volumes as operations
from pilvi.block_storage.operations.volume_types import get_type
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


class Revert(msgspec.Struct, forbid_unknown_fields=True):
    """Of revert."""

    snapshot_id: Name


class Reimage(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-reimage."""

    image_id: Name
    reimage_reserved: bool | str | None = None


class UploadImage(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-volume_upload_image."""

    image_name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    force: bool | str | None = None
    disk_format: Name | None = None
    container_format: Name | None = None
    visibility: Literal["community", "public", "private", "shared"] | None = None
    protected: bool | str | None = None


class SetImageMetadata(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-set_image_metadata."""

    metadata: Metadata


class UnsetImageMetadata(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-unset_image_metadata."""

    key: Name


async def extend_volume(call: Call[Extend]) -> None:
    """Wish a volume larger."""
    size_gib = read_size(call.payload.new_size)
    may_be_attached = "extend_attached" in call.flags
    await operations.extend_volume(
        call.tx, await get_own(call), size_gib, may_be_attached=may_be_attached
    )


async def set_bootable(call: Call[SetBootable]) -> None:
    """Say whether a guest can boot from a volume."""
    bootable = read_flag(call.payload.bootable)
    await operations.update_volume(call.tx, await get_own(call), bootable=bootable)


async def set_read_only(call: Call[SetReadOnly]) -> None:
    """Say whether servers may only read a volume."""
    read_only = read_flag(call.payload.readonly)
    await operations.set_read_only(call.tx, await get_own(call), read_only)


async def retype_volume(call: Call[Retype]) -> None:
    """Give a volume another type; nothing has to move."""
    if call.payload.migration_policy not in (None, "never", "on-demand"):
        raise InvalidRequest("cannot use this migration_policy: it is never or on-demand")
    await operations.retype_volume(call.tx, await get_own(call), call.payload.new_type)


async def revert_to_snapshot(call: Call[Revert]) -> None:
    """Give a volume the content of its newest snapshot."""
    await operations.revert_volume(call.tx, await get_own(call), call.payload.snapshot_id)


async def reimage_volume(call: Call[Reimage]) -> None:
    """Write an image over a volume."""
    volume, wanted = await get_own(call), call.payload
    if volume.status is VolumeStatus.RESERVED:
        raise Unsupported("cannot write an image to a reserved volume: rebuild its server")
    project_id = call.caller.visible_project_id
    await operations.reimage_volume(call.tx, volume, wanted.image_id, project_id)


async def complete_extension(call: Call[None]) -> None:
    """Refused: hosts tell when an extension is done, nobody else."""
    await get_own(call)
    raise InvalidRequest(
        "cannot complete an extension by hand: the host that keeps the volume tells when it is done"
    )


async def reset_status(call: Call[ResetStatus]) -> None:
    """Say what a volume's status is, or take that back and try anew.

    What follows from hosts and servers (available, in-use) cannot be set: it is looked up anew.
    """
    volume, wanted = await get_own(call), call.payload
    if wanted.status is None and wanted.attach_status is None and wanted.migration_status is None:
        raise InvalidRequest("cannot reset a volume without a status; give a status")
    if wanted.attach_status not in (None, "detached", "attached"):
        raise InvalidRequest(f"cannot reset attach_status to '{wanted.attach_status}'")
    if wanted.status is None:
        raise Unsupported("cannot reset attachments or migrations: they are what hosts show")
    if wanted.status not in _RESETTABLE:
        raise InvalidRequest(
            f"cannot reset the status to '{wanted.status}'; use one of {', '.join(_RESETTABLE)}"
        )
    await operations.mark_status(call.tx, volume, VolumeStatus(wanted.status))


_RESETTABLE = (
    "creating",
    "available",
    "deleting",
    "error",
    "error_deleting",
    "attaching",
    "detaching",
    "in-use",
    "maintenance",
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


async def upload_volume(call: Call[UploadImage]) -> dict[str, Any]:
    """Make an image of what a volume holds."""
    volume, wanted = await get_own(call), call.payload
    newest = "upload_visibility" in call.flags
    image = await uploads.upload_volume(
        call.tx,
        volume,
        uploads.NewImage(
            project_id=call.caller.own_project_id,
            name=wanted.image_name,
            is_admin=call.caller.is_admin,
            disk_format=wanted.disk_format or "raw",
            container_format=wanted.container_format or "bare",
            visibility=(wanted.visibility if newest else None) or "private",
            protected=newest and read_flag(wanted.protected),
            force=read_flag(wanted.force),
        ),
    )
    volume_type = await get_type(call.tx, volume.volume_type_id, None)
    row = {
        "id": volume.id,
        "updated_at": print_time(volume.updated_at),
        "status": "uploading",
        "display_description": volume.description,
        "size": volume.current_size_gib,
        "volume_type": {
            "id": volume_type.id,
            "name": volume_type.name,
            "description": volume_type.description,
            "is_public": volume_type.is_public,
            "extra_specs": dict(volume_type.extra_specs),
            "qos_specs_id": volume_type.qos_specs_id,
            "created_at": print_time(volume_type.created_at),
            "updated_at": print_time(volume_type.updated_at),
            "deleted_at": None,
            "deleted": False,
        },
        "image_id": image.id,
        "container_format": str(image.container_format),
        "disk_format": str(image.disk_format),
        "image_name": image.name,
        "visibility": str(image.visibility),
        "protected": image.protected,
    }
    return {"os-volume_upload_image": row}


async def refuse_migration(call: Call[Any]) -> None:
    """Refused: a volume stays on its host."""
    await get_own(call)
    raise Unsupported("cannot move a volume to another host; make a backup and restore it there")


async def refuse_unmanage(call: Call[Any]) -> None:
    """Refused: every file that a host keeps belongs to a volume."""
    await get_own(call)
    raise Unsupported("cannot unmanage a volume; delete it, or upload it to an image first")
