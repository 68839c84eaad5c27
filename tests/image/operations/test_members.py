"""Operations on memberships, on both databases."""

import pytest

from pilvi.core.db import Database
from pilvi.errors import Conflict, Forbidden, NotFound
from pilvi.image.model.image import Viewer
from pilvi.image.model.member import MemberStatus
from pilvi.image.operations import images, members

OWNER, OTHER, STRANGER = Viewer("project-1"), Viewer("project-2"), Viewer("project-3")


async def test_a_membership_lives_with_its_image(db: Database) -> None:
    async with db.write() as tx:
        image = await images.create_image(tx, OWNER, {}, {})
        member = await members.add_member(tx, OWNER, image.id, "project-2")
        assert member.status is MemberStatus.PENDING
        with pytest.raises(Conflict):
            await members.add_member(tx, OWNER, image.id, "project-2")
        with pytest.raises(NotFound):
            await members.list_members(tx, STRANGER, image.id)
        with pytest.raises(Forbidden):
            await members.remove_member(tx, OTHER, image.id, "project-2")
        changed = await members.update_member(
            tx, OTHER, image.id, "project-2", MemberStatus.REJECTED
        )
        assert changed.updated_at >= member.updated_at
        assert await members.list_members(tx, OWNER, image.id) == [changed]
        await images.delete_image(tx, OWNER, image.id)
        with pytest.raises(NotFound):
            await members.get_member(tx, OWNER, image.id, "project-2")
