"""Members of shared images."""

from typing import Annotated, Any

import msgspec

from pilvi.core.http import Call
from pilvi.image.api.images import viewer
from pilvi.image.model.member import Member, MemberStatus
from pilvi.image.operations import members as operations

_ProjectId = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern="^[^\\x00]+$")]


class MemberCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /v2/images/{image_id}/members."""

    member: _ProjectId


class MemberUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /v2/images/{image_id}/members/{member_id}; clients repeat the member."""

    status: MemberStatus
    member: str | None = None


def _render(member: Member) -> dict[str, Any]:
    return {
        "image_id": member.image_id,
        "member_id": member.member_id,
        "status": member.status,
        "created_at": f"{member.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{member.updated_at:%Y-%m-%dT%H:%M:%SZ}",
        "schema": "/v2/schemas/member",
    }


async def add_member(call: Call[MemberCreate]) -> dict[str, Any]:
    """Share an image with a project."""
    who, id = viewer(call), call.path["image_id"]
    return _render(await operations.add_member(call.tx, who, id, call.payload.member))


async def list_members(call: Call[None]) -> dict[str, Any]:
    """With whom an image is shared."""
    found = await operations.list_members(call.tx, viewer(call), call.path["image_id"])
    return {"members": [_render(member) for member in found], "schema": "/v2/schemas/members"}


async def show_member(call: Call[None]) -> dict[str, Any]:
    """One membership."""
    who, path = viewer(call), call.path
    return _render(await operations.get_member(call.tx, who, path["image_id"], path["member_id"]))


async def update_member(call: Call[MemberUpdate]) -> dict[str, Any]:
    """Accept or reject a shared image."""
    who, path, status = viewer(call), call.path, call.payload.status
    return _render(
        await operations.update_member(call.tx, who, path["image_id"], path["member_id"], status)
    )


async def remove_member(call: Call[None]) -> None:
    """Stop sharing an image with a project."""
    await operations.remove_member(
        call.tx, viewer(call), call.path["image_id"], call.path["member_id"]
    )
