"""Rows of memberships, on both databases."""

from dataclasses import replace

import pytest

from image_files import blank_image
from pilvi.core.db import Database, now
from pilvi.errors import Conflict
from pilvi.image.model.member import Member, MemberStatus
from pilvi.image.store import images
from pilvi.image.store import members as store


async def test_a_membership_is_written_changed_and_removed(db: Database) -> None:
    image, moment = blank_image(), now()
    member = Member(image.id, "project-2", MemberStatus.PENDING, moment, moment)
    async with db.write() as tx:
        await images.insert_image(tx, image)
        await store.insert_member(tx, member)
        await store.insert_member(tx, replace(member, member_id="project-3"))
    async with db.write() as tx:
        changed = replace(member, status=MemberStatus.ACCEPTED, updated_at=now())
        await store.update_member(tx, changed)
        assert await store.find_member(tx, image.id, "project-2") == changed
        found = await store.list_members(tx, image.id)
        assert [one.status for one in found] == [MemberStatus.ACCEPTED, MemberStatus.PENDING]
        await store.delete_member(tx, image.id, "project-2")
        assert await store.find_member(tx, image.id, "project-2") is None
    with pytest.raises(Conflict):
        async with db.write() as tx:
            await store.insert_member(tx, replace(member, member_id="project-3"))
