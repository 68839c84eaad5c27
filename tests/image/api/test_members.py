"""Conversations about sharing."""

from typing import Any

import pytest

from cloud import Cloud
from image_files import add_user, create, create_active
from pilvi.image.model.quota import IMAGE_QUOTA

IMAGES = "/image/v2/images"


async def test_an_image_is_shared_accepted_and_taken_back(cloud: Cloud) -> None:
    eve = await add_user(cloud, "eve", "other")
    image = await create_active(cloud, b"shared bytes")
    path = f"{IMAGES}/{image['id']}"
    assert (await cloud.call("GET", path, user="eve")).status_code == 404
    added = await cloud.call("POST", f"{path}/members", {"member": eve})
    assert added.status_code == 200
    member = added.json()
    assert (member["member_id"], member["status"]) == (eve, "pending")
    assert member["image_id"] == image["id"] and member["schema"] == "/v2/schemas/member"
    assert (await cloud.call("GET", path, user="eve")).status_code == 200
    assert (await cloud.call("GET", f"{path}/file", user="eve")).content == b"shared bytes"
    body = {"status": "accepted", "member": eve}
    accepted = await cloud.call("PUT", f"{path}/members/{eve}", body, user="eve")
    assert accepted.status_code == 200 and accepted.json()["status"] == "accepted"
    for user in ("demo", "eve"):
        shown = await cloud.call("GET", f"{path}/members/{eve}", user=user)
        assert shown.json()["status"] == "accepted"
        listed = (await cloud.call("GET", f"{path}/members", user=user)).json()
        assert [one["member_id"] for one in listed["members"]] == [eve]
        assert listed["schema"] == "/v2/schemas/members"
    assert (await cloud.call("DELETE", f"{path}/members/{eve}")).status_code == 204
    assert (await cloud.call("DELETE", f"{path}/members/{eve}")).status_code == 404
    assert (await cloud.call("GET", path, user="eve")).status_code == 404


async def test_each_side_does_only_its_part(cloud: Cloud) -> None:
    eve = await add_user(cloud, "eve", "other")
    mallory = await add_user(cloud, "mallory", "third")
    image = await create(cloud)
    members = f"{IMAGES}/{image['id']}/members"
    for project in (eve, mallory):
        assert (await cloud.call("POST", members, {"member": project})).status_code == 200
    assert (await cloud.call("POST", members, {"member": eve})).status_code == 409
    accept = {"status": "accepted"}
    assert (await cloud.call("PUT", f"{members}/{eve}", accept)).status_code == 403
    assert (await cloud.call("POST", members, {"member": "x"}, user="eve")).status_code == 403
    assert (await cloud.call("DELETE", f"{members}/{mallory}", user="eve")).status_code == 403
    assert (await cloud.call("GET", f"{members}/{mallory}", user="eve")).status_code == 404
    other = await cloud.call("PUT", f"{members}/{mallory}", accept, user="eve")
    assert other.status_code == 404
    listed = (await cloud.call("GET", members, user="eve")).json()["members"]
    assert [one["member_id"] for one in listed] == [eve]
    listed = (await cloud.call("GET", members)).json()["members"]
    assert {one["status"] for one in listed} == {"pending"}


BAD_MEMBERS: list[Any] = [{}, {"member": ""}, {"member": 5}, {"member": "x", "y": 1}, []]


async def test_a_bad_member_is_400(cloud: Cloud) -> None:
    image = await create(cloud)
    for body in BAD_MEMBERS:
        reply = await cloud.call("POST", f"{IMAGES}/{image['id']}/members", body)
        assert reply.status_code == 400 and reply.json()["message"].startswith("cannot ")


async def test_a_bad_status_is_400(cloud: Cloud) -> None:
    image = await create(cloud)
    demo = cloud.project_ids["demo"]
    members = f"{IMAGES}/{image['id']}/members"
    assert (await cloud.call("POST", members, {"member": demo})).status_code == 200
    reply = await cloud.call("PUT", f"{members}/{demo}", {"status": "maybe"})
    assert reply.status_code == 400 and "maybe" in reply.json()["message"]


async def test_only_shared_images_have_members(cloud: Cloud) -> None:
    image = await create(cloud, visibility="private")
    members = f"{IMAGES}/{image['id']}/members"
    for method, path in (("POST", members), ("GET", members)):
        reply = await cloud.call(method, path, {"member": "x"})
        assert reply.status_code == 403 and "shared" in reply.json()["message"]


async def test_members_are_counted(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(IMAGE_QUOTA, "members", 1)
    image = await create(cloud)
    members = f"{IMAGES}/{image['id']}/members"
    assert (await cloud.call("POST", members, {"member": "a"})).status_code == 200
    assert (await cloud.call("POST", members, {"member": "b"})).status_code == 413
