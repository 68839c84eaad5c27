"""Images: what callers and other services do with them. All in the caller's transaction."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.paging import Page
from pilvi.errors import Conflict, Forbidden, InvalidRequest, NotFound, QuotaExceeded
from pilvi.host_api.vms import ImageSource
from pilvi.image.model.changes import (
    ATTRIBUTES,
    Change,
    apply_changes,
    check_image_quota,
    check_visibility,
)
from pilvi.image.model.image import (
    Action,
    Allowed,
    ContainerFormat,
    Denied,
    DiskFormat,
    Image,
    ImageId,
    Status,
    Viewer,
    Visibility,
    may,
)
from pilvi.image.model.image_filter import ImageFilter
from pilvi.image.model.member import MemberStatus
from pilvi.image.model.quota import MIB, PROJECT_QUOTA
from pilvi.image.model.task import OPEN
from pilvi.image.store import images as store
from pilvi.image.store import tasks, uploads

BLOB_WAKE = "image_blob"
"""Kind of the wake-up for a content that an image or upload no longer names."""
UPLOAD_WAKE = "image"
"""Kind of the wake-up for an upload, by the upload's id."""
IMPORT_WAKE = "image_import"
"""Kind of the wake-up for a task, by the task's id."""


async def get_image(tx: Transaction, id: str, project_id: str | None) -> Image:
    """An image that a project may use: its own, public, community, or shared and accepted.

    None is a caller who may use all. Raises `NotFound`.
    """
    viewer = Viewer(project_id or "", is_admin=project_id is None)
    return _found(await store.find_image(tx, id, viewer, MemberStatus.ACCEPTED), id)


async def list_contents(tx: Transaction) -> set[str]:
    """The sha512 of every content that an image has: what a backup of the cloud must hold."""
    return await store.list_contents(tx)


async def show_image(tx: Transaction, viewer: Viewer, id: str) -> Image:
    """An image that the viewer may see, also one whose membership is not accepted yet."""
    return _found(await store.find_image(tx, id, viewer, None), id)


async def require_own_image(tx: Transaction, viewer: Viewer, id: str) -> Image:
    """An image that the viewer may change.

    Raises `NotFound` for one that it cannot see, `Forbidden` for another project's.
    """
    image = await show_image(tx, viewer, id)
    if not viewer.is_admin and image.owner != viewer.project_id:
        raise Forbidden("cannot change the image: it belongs to another project")
    return image


async def list_images(
    tx: Transaction, viewer: Viewer, wanted: ImageFilter, page: Page
) -> tuple[list[Image], bool]:
    """One page of the images that the viewer may see, and whether more follow."""
    return await store.list_images(tx, viewer, wanted, page)


async def create_image(
    tx: Transaction, viewer: Viewer, fields: Mapping[str, Any], properties: Mapping[str, str]
) -> Image:
    """A new record without bytes. `fields` has wire names and checked values.

    Raises `Conflict` for an id that is or was in use, `Forbidden`, `QuotaExceeded`.
    """
    owner = fields.get("owner") or viewer.project_id
    if owner != viewer.project_id and not viewer.is_admin:
        raise Forbidden("cannot create an image for another project: leave 'owner' out")
    if not owner:
        raise InvalidRequest("cannot create an image without an owner; name a project in 'owner'")
    image = _blank(owner, fields.get("id"))
    values: dict[str, Any] = {ATTRIBUTES[name]: fields[name] for name in fields if name != "id"}
    values.update(owner=owner, tags=tuple(sorted(set(fields.get("tags", ())))))
    image = replace(image, properties=dict(properties), **values)
    check_visibility(image.visibility, is_admin=viewer.is_admin)
    return await _insert(tx, image)


async def create_image_record(  # noqa: PLR0913  # a record has that many parts
    tx: Transaction,
    *,
    owner: str,
    name: str,
    disk_format: str,
    container_format: str = "bare",
    properties: dict[str, str],
    min_disk_gib: int = 0,
    min_ram_mib: int = 0,
    visibility: str = "private",
    protected: bool = False,
) -> Image:
    """A queued record whose bytes a host will send. Raises `QuotaExceeded`."""
    image = replace(
        _blank(owner, None),
        name=name,
        disk_format=DiskFormat(disk_format),
        container_format=ContainerFormat(container_format),
        properties=dict(properties),
        min_disk_gib=min_disk_gib,
        min_ram_mib=min_ram_mib,
        visibility=Visibility(visibility),
        protected=protected,
    )
    return await _insert(tx, image)


async def create_reference_image(
    tx: Transaction, *, owner: str, name: str, properties: dict[str, str]
) -> Image:
    """An active record that has no bytes and never will: its properties say what it stands for.

    Raises `QuotaExceeded`.
    """
    image = replace(
        _blank(owner, None),
        name=name,
        status=Status.ACTIVE,
        visibility=Visibility.PRIVATE,
        disk_format=DiskFormat.QCOW2,
        container_format=ContainerFormat.BARE,
        size_bytes=0,
        properties=dict(properties),
    )
    return await _insert(tx, image)


async def update_image(
    tx: Transaction, viewer: Viewer, id: str, changes: Iterable[Change]
) -> Image:
    """Change an image. Raises what `apply_changes` raises."""
    before = await require_own_image(tx, viewer, id)
    image = apply_changes(before, changes, is_admin=viewer.is_admin)
    if image == before:
        return before
    if image.owner != before.owner:
        await _check_quota(tx, image.owner)
    return await save_image(tx, image, before)


async def delete_image(tx: Transaction, viewer: Viewer, id: str) -> None:
    """Remove an image. Raises `Forbidden` while it is protected.

    Servers keep the base that their host has; an upload that is under way ends with an error.
    """
    image = await require_own_image(tx, viewer, id)
    if image.protected:
        raise Forbidden("cannot delete the image: it is protected; set 'protected' to false first")
    for upload in await uploads.list_uploads(tx, image.id):
        if upload.finished:
            await uploads.delete_upload(tx, upload.id)
            assert upload.stored is not None
            tx.wake(BLOB_WAKE, upload.stored.sha512)
    for task in await tasks.list_image_tasks(tx, image.id):
        if task.status in OPEN:
            tx.wake(IMPORT_WAKE, task.id)
        else:
            await tasks.delete_task(tx, task.id)
    await store.delete_image(tx, image.id)
    if image.sha512 is not None:
        tx.wake(BLOB_WAKE, image.sha512)


async def change_status(tx: Transaction, viewer: Viewer, id: str, action: Action) -> None:
    """Deactivate or reactivate an image. Repeatable."""
    image = await require_own_image(tx, viewer, id)
    answer = may(action, image.status)
    if isinstance(answer, Denied):
        raise Forbidden(answer.reason)
    if isinstance(answer, Allowed):
        await save_image(tx, replace(image, status=answer.status), image)


async def add_tag(tx: Transaction, viewer: Viewer, id: str, tag: str) -> None:
    """Give an image a tag. Repeatable."""
    before = await require_own_image(tx, viewer, id)
    if tag in before.tags:
        return
    image = replace(before, tags=(*before.tags, tag))
    check_image_quota(image)
    await save_image(tx, image, before)


async def remove_tag(tx: Transaction, viewer: Viewer, id: str, tag: str) -> None:
    """Take a tag away. Raises `NotFound` when the image does not have it."""
    before = await require_own_image(tx, viewer, id)
    if tag not in before.tags:
        raise NotFound(f"cannot find the tag '{tag}' on this image")
    image = replace(before, tags=tuple(one for one in before.tags if one != tag))
    await save_image(tx, image, before)


async def count_usage(tx: Transaction, owner: str) -> list[tuple[str, int, int]]:
    """What a project has and may have: Glance's name of it, used, limit; sizes in MiB."""
    count, stored_bytes = await store.count_images(tx, owner)
    under_way, coming_bytes = await uploads.count_uploads(tx, owner)
    size_limit = PROJECT_QUOTA["bytes"] // MIB
    return [
        ("image_size_total", -(-stored_bytes // MIB), size_limit),
        ("image_stage_total", -(-coming_bytes // MIB), size_limit),
        ("image_count_total", count, PROJECT_QUOTA["images"]),
        ("image_count_uploading", under_way, PROJECT_QUOTA["uploads"]),
    ]


async def fail_image(tx: Transaction, id: str, reason: str) -> None:
    """Note that an image will never have bytes. Repeatable; one that has bytes keeps them."""
    before = await find_any_image(tx, id)
    if before is None:
        return
    answer = may(Action.FAIL, before.status)
    if isinstance(answer, Allowed):
        await save_image(tx, replace(before, status=answer.status, fault=reason), before)


def image_source(image: Image) -> ImageSource:
    """An image as a host fetches and opens it. Pure.

    An ISO is opened as raw. Raises `Conflict` for an image that has no bytes to start from.
    """
    if image.status is not Status.ACTIVE:
        raise Conflict(f"cannot use the image {image.id}: it is '{image.status}', not 'active'")
    if image.sha512 is None:
        raise Conflict(f"cannot use the image {image.id}: it stands for snapshots, not for bytes")
    assert image.size_bytes is not None and image.virtual_size_bytes is not None
    is_qcow2 = image.disk_format is DiskFormat.QCOW2
    return ImageSource(
        image_id=image.id,
        disk_format=DiskFormat.QCOW2 if is_qcow2 else DiskFormat.RAW,
        size_bytes=image.size_bytes,
        sha512=image.sha512,
        virtual_size_bytes=image.virtual_size_bytes,
    )


async def find_any_image(tx: Transaction, id: str) -> Image | None:
    """An image whoever owns it, or None."""
    return await store.find_image(tx, id, Viewer("", is_admin=True), None)


async def save_image(tx: Transaction, image: Image, before: Image) -> Image:
    """Write a changed image, with the time of the change."""
    image = replace(image, updated_at=now())
    await store.update_image(tx, image, before)
    return image


def _found(image: Image | None, id: str) -> Image:
    if image is None:
        raise NotFound(f"cannot find the image '{id}'")
    return image


def _blank(owner: str, id: str | None) -> Image:
    moment = now()
    return Image(
        id=ImageId((id or str(uuid.uuid4())).lower()),
        owner=owner,
        name=None,
        status=Status.QUEUED,
        visibility=Visibility.SHARED,
        disk_format=None,
        container_format=None,
        created_at=moment,
        updated_at=moment,
    )


async def _insert(tx: Transaction, image: Image) -> Image:
    check_image_quota(image)
    if await store.is_id_taken(tx, image.id):
        raise Conflict(f"cannot use the id {image.id}: an image has it, or had it; choose another")
    await _check_quota(tx, image.owner)
    await store.insert_image(tx, image)
    return image


async def _check_quota(tx: Transaction, owner: str) -> None:
    count, _ = await store.count_images(tx, owner)
    if count >= PROJECT_QUOTA["images"]:
        raise QuotaExceeded(
            f"cannot have more than {PROJECT_QUOTA['images']} images in a project; delete one first"
        )
