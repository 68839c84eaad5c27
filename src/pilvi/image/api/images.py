"""Images: how they look, and the handlers of one image."""

from typing import Any

from pilvi.core.http import Call, Reply
from pilvi.core.http.bodies import convert
from pilvi.errors import UnsupportedMediaType
from pilvi.image.api.faults import PATCH_TYPES
from pilvi.image.api.image_fields import Text255, refuse_nul, split_fields
from pilvi.image.api.image_patches import parse_changes
from pilvi.image.model.image import STORE_ID, Action, Image, ImportOutcome, Viewer
from pilvi.image.model.task import ImportMethod
from pilvi.image.operations import images as operations

IMPORT_METHODS = tuple(ImportMethod)


def viewer(call: Call[Any]) -> Viewer:
    """Who looks, from the verified token."""
    return Viewer(call.caller.project_id or "", is_admin=call.caller.is_admin)


def render_image(image: Image) -> dict[str, Any]:
    """An image as the API shows it: its properties stand beside its attributes."""
    path = f"/v2/images/{image.id}"
    return {
        **image.properties,
        **_render_progress(image),
        "id": image.id,
        "name": image.name,
        "status": image.status,
        "visibility": image.visibility,
        "owner": image.owner,
        "protected": image.protected,
        "os_hidden": image.hidden,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
        "min_disk": image.min_disk_gib,
        "min_ram": image.min_ram_mib,
        "size": image.size_bytes,
        "virtual_size": image.virtual_size_bytes,
        "checksum": image.checksum,
        "os_hash_algo": None if image.sha512 is None else "sha512",
        "os_hash_value": image.sha512,
        "tags": list(image.tags),
        "created_at": f"{image.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{image.updated_at:%Y-%m-%dT%H:%M:%SZ}",
        "self": path,
        "file": f"{path}/file",
        "schema": "/v2/schemas/image",
    }


def _render_progress(image: Image) -> dict[str, str]:
    """Members that an image has at times: why it failed, where its bytes are or are going."""
    found = {} if image.fault is None else {"pilvi_fault": image.fault}
    if image.sha512 is not None:
        found["stores"] = STORE_ID
    outcome = image.import_outcome
    if outcome is not None:
        is_running, has_failed = outcome is ImportOutcome.RUNNING, outcome is ImportOutcome.FAILED
        found["os_glance_importing_to_stores"] = STORE_ID if is_running else ""
        found["os_glance_failed_import"] = STORE_ID if has_failed else ""
    return found


async def create_image(call: Call[dict[str, Any]]) -> Reply:
    """A new record without bytes."""
    fields, properties = split_fields(call.payload)
    image = await operations.create_image(call.tx, viewer(call), fields, properties)
    headers = {
        "location": f"{call.service_url}/images/{image.id}",
        "openstack-image-import-methods": ",".join(IMPORT_METHODS),
        "openstack-image-store-ids": STORE_ID,
    }
    return Reply(render_image(image), headers=headers)


async def show_image(call: Call[None]) -> dict[str, Any]:
    """One image."""
    return render_image(await operations.show_image(call.tx, viewer(call), call.path["image_id"]))


async def update_image(call: Call[list[Any]]) -> dict[str, Any]:
    """Change an image by a list of operations."""
    content_type = call.headers.get("content-type", "").partition(";")[0].strip()
    if content_type not in PATCH_TYPES:
        known = " or ".join(PATCH_TYPES)
        raise UnsupportedMediaType(f"cannot read a change of type '{content_type}'; send {known}")
    changes = parse_changes(call.payload, content_type)
    who = viewer(call)
    image = await operations.update_image(call.tx, who, call.path["image_id"], changes)
    return render_image(image)


async def delete_image(call: Call[None]) -> None:
    """Remove an image."""
    await operations.delete_image(call.tx, viewer(call), call.path["image_id"])


async def deactivate_image(call: Call[None]) -> None:
    """Forbid the use of an image's bytes."""
    await operations.change_status(call.tx, viewer(call), call.path["image_id"], Action.DEACTIVATE)


async def reactivate_image(call: Call[None]) -> None:
    """Allow the use of an image's bytes again."""
    await operations.change_status(call.tx, viewer(call), call.path["image_id"], Action.REACTIVATE)


async def add_tag(call: Call[None]) -> None:
    """Give an image a tag."""
    tag = convert(call.path["tag_value"], Text255)
    refuse_nul(tag)
    await operations.add_tag(call.tx, viewer(call), call.path["image_id"], tag)


async def remove_tag(call: Call[None]) -> None:
    """Take a tag away."""
    await operations.remove_tag(
        call.tx, viewer(call), call.path["image_id"], call.path["tag_value"]
    )
