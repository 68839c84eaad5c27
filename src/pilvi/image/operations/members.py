"""Memberships: with whom an image is shared. All in the caller's transaction."""

from dataclasses import replace

from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, Forbidden, NotFound, QuotaExceeded
from pilvi.image.model.image import Image, Viewer, Visibility
from pilvi.image.model.member import Member, MemberStatus
from pilvi.image.model.quota import IMAGE_QUOTA
from pilvi.image.operations.images import require_own_image, show_image
from pilvi.image.store import members as store


async def add_member(tx: Transaction, viewer: Viewer, image_id: str, member_id: str) -> Member:
    """Share an image with a project. Raises `Conflict` when it is shared with it already."""
    image = _shared(await require_own_image(tx, viewer, image_id))
    found = await store.list_members(tx, image.id)
    if any(member.member_id == member_id for member in found):
        raise Conflict(f"cannot add the project '{member_id}': it is a member of the image already")
    if len(found) >= IMAGE_QUOTA["members"]:
        raise QuotaExceeded(f"cannot add more than {IMAGE_QUOTA['members']} members to an image")
    moment = now()
    member = Member(image.id, member_id, MemberStatus.PENDING, moment, moment)
    await store.insert_member(tx, member)
    return member


async def list_members(tx: Transaction, viewer: Viewer, image_id: str) -> list[Member]:
    """The memberships that the viewer may see: all for the owner, one's own for a member."""
    image = _shared(await show_image(tx, viewer, image_id))
    found = await store.list_members(tx, image.id)
    if _owns(viewer, image):
        return found
    return [member for member in found if member.member_id == viewer.project_id]


async def get_member(tx: Transaction, viewer: Viewer, image_id: str, member_id: str) -> Member:
    """One membership. Raises `NotFound`, also for another project's."""
    image = await show_image(tx, viewer, image_id)
    found = None
    if _owns(viewer, image) or viewer.project_id == member_id:
        found = await store.find_member(tx, image.id, member_id)
    if found is None:
        raise NotFound(f"cannot find the member '{member_id}' of this image")
    return found


async def update_member(
    tx: Transaction, viewer: Viewer, image_id: str, member_id: str, status: MemberStatus
) -> Member:
    """Accept or reject a shared image. Raises `Forbidden` for anybody but the member."""
    _shared(await show_image(tx, viewer, image_id))
    before = await get_member(tx, viewer, image_id, member_id)
    if not viewer.is_admin and viewer.project_id != member_id:
        raise Forbidden("cannot change this membership: only the member itself may")
    member = replace(before, status=status, updated_at=now())
    await store.update_member(tx, member)
    return member


async def remove_member(tx: Transaction, viewer: Viewer, image_id: str, member_id: str) -> None:
    """Stop sharing an image with a project. Raises `NotFound`."""
    image = _shared(await require_own_image(tx, viewer, image_id))
    if await store.find_member(tx, image.id, member_id) is None:
        raise NotFound(f"cannot find the member '{member_id}' of this image")
    await store.delete_member(tx, image.id, member_id)


def _shared(image: Image) -> Image:
    if image.visibility is not Visibility.SHARED:
        raise Forbidden(
            f"cannot use members of the image: it is {image.visibility}; set its visibility to "
            "shared first"
        )
    return image


def _owns(viewer: Viewer, image: Image) -> bool:
    return viewer.is_admin or image.owner == viewer.project_id
