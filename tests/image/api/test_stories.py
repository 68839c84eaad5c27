"""Conversations about the story of an image."""

from typing import Any

from cloud import Cloud
from image_files import create, create_active, make_qcow2
from pilvi.image.operations.images import fail_image


async def story(cloud: Cloud, id: str, user: str = "demo") -> dict[str, Any]:
    reply = await cloud.call("GET", f"/image/v2/images/{id}/pilvi-story", user=user)
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()["story"]
    return told


async def test_an_image_with_its_bytes_needs_nothing(cloud: Cloud) -> None:
    image = await create_active(cloud, make_qcow2(), disk_format="qcow2")
    told = await story(cloud, image["id"])
    assert (told["kind"], told["status"]) == ("image", "active")
    assert [one["words"] for one in told["asked"]] == ["create"]
    assert "bytes were checked and stored" in told["done"][0]["words"]
    assert told["waits"] == told["failed"] == told["next_steps"] == []


async def test_an_image_without_bytes_says_how_they_come(cloud: Cloud) -> None:
    image = await create(cloud)
    told = await story(cloud, image["id"])
    assert told["status"] == "queued"
    assert told["waits"][0]["words"] == "its bytes, which nobody sends"
    assert "glance image-upload" in told["next_steps"][0]


async def test_an_image_that_will_never_come_says_why(cloud: Cloud) -> None:
    image = await create(cloud)
    async with cloud.db.write() as tx:
        await fail_image(tx, image["id"], "cannot copy the disk: its server was deleted")
    told = await story(cloud, image["id"])
    assert told["status"] == "killed"
    assert told["failed"][0]["words"] == "cannot copy the disk: its server was deleted"
    assert "make it once more" in told["next_steps"][0]
    assert f"openstack image delete {image['id']}" in told["next_steps"][1]


async def test_another_projects_public_image_tells_nothing_of_its_making(cloud: Cloud) -> None:
    image = await create(cloud, user="admin", visibility="public")
    told = await story(cloud, image["id"])
    assert told["next_steps"] == []
    hidden = await create(cloud, user="admin", visibility="private")
    reply = await cloud.call("GET", f"/image/v2/images/{hidden['id']}/pilvi-story")
    assert reply.status_code == 404
