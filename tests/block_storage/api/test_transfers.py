"""Conversations about volumes that change hands."""

import pytest

from block_storage.api.test_groups import make_group
from cloud import Cloud
from fake_host import FakeAgent
from image_files import add_user
from volume_talk import call, make, message, wait


@pytest.mark.parametrize("path", ["/os-volume-transfer", "/volume-transfers"])
async def test_a_volume_is_offered_and_taken(cloud: Cloud, agent: FakeAgent, path: str) -> None:
    volume = await make(cloud, "/volumes", "volume", size=1)
    taken = await make(cloud, "/snapshots", "snapshot", volume_id=volume["id"])
    body = {"transfer": {"volume_id": volume["id"], "name": "t"}}
    offer = (await call(cloud, "POST", path, body)).json()["transfer"]
    key = offer.pop("auth_key")
    at = f"{path}/{offer['id']}"
    assert (await call(cloud, "GET", f"/volumes/{volume['id']}")).json()["volume"][
        "status"
    ] == "awaiting-transfer"
    shown = await call(cloud, "GET", at)
    assert key not in shown.text and shown.json()["transfer"]["volume_id"] == volume["id"]
    wrong = {"accept": {"auth_key": key[:-1]}}
    message(await call(cloud, "POST", f"{at}/accept", wrong, user="admin"), 404, "itemNotFound")
    right = {"accept": {"auth_key": key}}
    assert (await call(cloud, "POST", f"{at}/accept", right, user="admin")).status_code == 202
    message(await call(cloud, "GET", f"/volumes/{volume['id']}"), 404, "itemNotFound")
    message(await call(cloud, "GET", f"/snapshots/{taken['id']}"), 404, "itemNotFound")
    found = await wait(cloud, f"/volumes/{volume['id']}", "volume", "admin")
    admin = cloud.project_ids["admin"]
    assert (found["status"], found["os-vol-tenant-attr:tenant_id"]) == ("available", admin)
    again = await call(cloud, "POST", f"{at}/accept", right, user="admin")
    message(again, 404, "itemNotFound")


async def test_an_offer_is_taken_back(cloud: Cloud, agent: FakeAgent) -> None:
    volume = await make(cloud, "/volumes", "volume", size=1)
    body = {"transfer": {"volume_id": volume["id"]}}
    offer = (await call(cloud, "POST", "/volume-transfers", body)).json()["transfer"]
    message(await call(cloud, "POST", "/volume-transfers", body), 400, "badRequest")
    message(await call(cloud, "DELETE", f"/volumes/{volume['id']}"), 400, "badRequest")
    rows = (await call(cloud, "GET", "/volume-transfers/detail")).json()["transfers"]
    assert [row["id"] for row in rows] == [offer["id"]] and "auth_key" not in rows[0]
    assert (await call(cloud, "DELETE", f"/volume-transfers/{offer['id']}")).status_code == 202
    assert (await call(cloud, "GET", f"/volumes/{volume['id']}")).json()["volume"][
        "status"
    ] == "available"


async def test_a_former_owners_group_snapshot_holds_nothing_of_it(
    cloud: Cloud, agent: FakeAgent
) -> None:
    """A snapshot that went with its volume is not deleted by who had it before."""
    group = await make_group(cloud)
    member = {"volume_type": "__DEFAULT__", "group_id": group["id"]}
    volume = await make(cloud, "/volumes", "volume", size=1, **member)
    whole = await make(cloud, "/group_snapshots", "group_snapshot", group_id=group["id"])
    (taken,) = (await call(cloud, "GET", "/snapshots")).json()["snapshots"]
    leave = {"group": {"remove_volumes": volume["id"]}}
    assert (await call(cloud, "PUT", f"/groups/{group['id']}", leave)).status_code == 202
    body = {"transfer": {"volume_id": volume["id"]}}
    offer = (await call(cloud, "POST", "/volume-transfers", body)).json()["transfer"]
    accept = {"accept": {"auth_key": offer["auth_key"]}}
    at = f"/volume-transfers/{offer['id']}/accept"
    assert (await call(cloud, "POST", at, accept, user="admin")).status_code == 202
    path = f"/group_snapshots/{whole['id']}"
    assert (await call(cloud, "DELETE", path)).status_code == 202
    assert await wait(cloud, path, "group_snapshot") is None
    kept = await wait(cloud, f"/snapshots/{taken['id']}", "snapshot", "admin")
    assert kept is not None and kept["status"] == "available"
    gone = await call(cloud, "DELETE", f"/snapshots/{taken['id']}", user="admin")
    assert gone.status_code == 202


async def test_a_snapshot_that_stayed_behind_is_not_read_by_reverting(
    cloud: Cloud, agent: FakeAgent
) -> None:
    await add_user(cloud, "friend", "friends")
    volume = await make(cloud, "/volumes", "volume", size=1)
    kept = await make(cloud, "/snapshots", "snapshot", volume_id=volume["id"])
    body = {"transfer": {"volume_id": volume["id"], "no_snapshots": True}}
    offer = (await call(cloud, "POST", "/volume-transfers", body)).json()["transfer"]
    accept = {"accept": {"auth_key": offer["auth_key"]}}
    at = f"/volume-transfers/{offer['id']}/accept"
    assert (await call(cloud, "POST", at, accept, user="friend")).status_code == 202
    await wait(cloud, f"/volumes/{volume['id']}", "volume", "friend")
    revert = {"revert": {"snapshot_id": kept["id"]}}
    path = f"/volumes/{volume['id']}/action"
    message(await call(cloud, "POST", path, revert, user="friend"), 404, "itemNotFound")
