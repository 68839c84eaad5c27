"""Conversations about volumes that change hands."""

import pytest

from cloud import Cloud
from fake_host import FakeAgent
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
