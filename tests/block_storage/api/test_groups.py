"""Conversations about groups of volumes and their snapshots."""

from typing import Any

from cloud import Cloud
from fake_host import FakeAgent
from volume_talk import call, make, message, wait


async def make_group(cloud: Cloud) -> Any:
    kind = await make(cloud, "/group_types", "group_type", "admin", name="kind")
    fields = {"group_type": kind["id"], "volume_types": ["__DEFAULT__"], "name": "g"}
    return await make(cloud, "/groups", "group", **fields)


async def test_a_group_with_its_volumes_and_snapshots(cloud: Cloud, agent: FakeAgent) -> None:
    group = await make_group(cloud)
    member = {"volume_type": "__DEFAULT__", "group_id": group["id"]}
    volume = await make(cloud, "/volumes", "volume", size=1, **member)
    assert volume["group_id"] == group["id"]
    message(await call(cloud, "DELETE", f"/volumes/{volume['id']}"), 400, "badRequest")
    taken = await make(cloud, "/group_snapshots", "group_snapshot", group_id=group["id"], name="s")
    assert (taken["status"], taken["group_id"]) == ("available", group["id"])
    source = {"create-from-src": {"group_snapshot_id": taken["id"], "name": "copy"}}
    made = (await call(cloud, "POST", "/groups/action", source)).json()["group"]
    copy = await wait(cloud, f"/groups/{made['id']}", "group")
    assert (copy["status"], copy["group_snapshot_id"]) == ("available", taken["id"])
    body: dict[str, Any] = {"delete": {"delete-volumes": True}}
    path = f"/groups/{group['id']}"
    message(await call(cloud, "POST", f"{path}/action", body), 400, "badRequest")
    assert (await call(cloud, "DELETE", f"/group_snapshots/{taken['id']}")).status_code == 202
    at = f"/group_snapshots/{taken['id']}"
    assert await wait(cloud, at, "group_snapshot") is None
    keep = {"delete": {"delete-volumes": False}}
    message(await call(cloud, "POST", f"{path}/action", keep), 400, "badRequest")
    assert (await call(cloud, "POST", f"{path}/action", body)).status_code == 202
    assert await wait(cloud, path, "group") is None
    assert await wait(cloud, f"/volumes/{volume['id']}", "volume") is None


async def test_volumes_join_and_leave(cloud: Cloud, agent: FakeAgent) -> None:
    group = await make_group(cloud)
    volume = await make(cloud, "/volumes", "volume", size=1)
    path = f"/groups/{group['id']}"
    join = {"group": {"add_volumes": volume["id"], "name": "new"}}
    assert (await call(cloud, "PUT", path, join)).status_code == 202
    message(await call(cloud, "PUT", path, join), 400, "badRequest")
    rows = (await call(cloud, "GET", f"/volumes/detail?group_id={group['id']}")).json()["volumes"]
    assert [row["id"] for row in rows] == [volume["id"]]
    shown = (await call(cloud, "GET", f"{path}?list_volume=true")).json()["group"]
    assert (shown["volumes"], shown["name"]) == ([volume["id"]], "new")
    leave = {"group": {"remove_volumes": volume["id"]}}
    assert (await call(cloud, "PUT", path, leave)).status_code == 202
    body = {"reset_status": {"status": "error"}}
    assert (await call(cloud, "POST", f"{path}/action", body, user="admin")).status_code == 202
    assert (await wait(cloud, path, "group"))["status"] == "error"


async def test_a_group_type_goes_when_no_group_is_of_it(cloud: Cloud, agent: FakeAgent) -> None:
    kind = await make(cloud, "/group_types", "group_type", "admin", name="kind")
    path = f"/group_types/{kind['id']}"
    message(await call(cloud, "DELETE", path), 403, "forbidden")
    assert (await call(cloud, "DELETE", path, user="admin")).status_code == 202
    message(await call(cloud, "GET", path, user="admin"), 404, "itemNotFound")
