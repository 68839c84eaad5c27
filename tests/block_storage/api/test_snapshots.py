"""Conversations about snapshots."""

from cloud import Cloud
from fake_host import FakeAgent
from pilvi.host_api.contract import HostFault, Kind
from volume_talk import call, make, message, wait


async def test_the_life_of_a_snapshot(cloud: Cloud, agent: FakeAgent) -> None:
    volume = await make(cloud, "/volumes", "volume", size=2)
    taken = await make(
        cloud, "/snapshots", "snapshot", volume_id=volume["id"], name="s", metadata={"a": "b"}
    )
    assert (taken["status"], taken["size"], taken["metadata"]) == ("available", 2, {"a": "b"})
    assert taken["os-extended-snapshot-attributes:progress"] == "100%"
    path = f"/snapshots/{taken['id']}"
    changed = await call(cloud, "PUT", path, {"snapshot": {"name": "new"}})
    assert changed.json()["snapshot"]["name"] == "new"
    message(await call(cloud, "DELETE", f"/volumes/{volume['id']}"), 400, "badRequest")
    assert (await call(cloud, "DELETE", path)).status_code == 202
    assert await wait(cloud, path, "snapshot") is None
    await cloud.settle()
    assert agent.holds(Kind.SNAPSHOT) == []


async def test_a_volume_is_made_of_a_snapshot_and_goes_back_to_it(
    cloud: Cloud, agent: FakeAgent
) -> None:
    volume = await make(cloud, "/volumes", "volume", size=2)
    taken = await make(cloud, "/snapshots", "snapshot", volume_id=volume["id"])
    small = {"volume": {"size": 1, "snapshot_id": taken["id"]}}
    message(await call(cloud, "POST", "/volumes", small), 400, "badRequest")
    copy = await make(cloud, "/volumes", "volume", snapshot_id=taken["id"])
    assert (copy["size"], copy["snapshot_id"], copy["status"]) == (2, taken["id"], "available")
    path = f"/volumes/{volume['id']}"
    body = {"revert": {"snapshot_id": taken["id"]}}
    assert (await call(cloud, "POST", f"{path}/action", body)).status_code == 202
    assert (await wait(cloud, path, "volume"))["status"] == "available"
    other = {"revert": {"snapshot_id": "x"}}
    message(await call(cloud, "POST", f"{path}/action", other), 404, "itemNotFound")
    assert (await call(cloud, "DELETE", f"{path}?cascade=true")).status_code == 202
    assert await wait(cloud, path, "volume") is None
    assert await wait(cloud, f"/snapshots/{taken['id']}", "snapshot") is None


async def test_lists_are_filtered_sorted_and_paged(cloud: Cloud, agent: FakeAgent) -> None:
    volume = await make(cloud, "/volumes", "volume", size=1)
    for name in ("b", "a", "c"):
        await make(cloud, "/snapshots", "snapshot", volume_id=volume["id"], name=name)
    found = (await call(cloud, "GET", "/snapshots/detail?sort=name:asc&limit=2")).json()
    assert [row["name"] for row in found["snapshots"]] == ["a", "b"] and found["snapshots_links"]
    for query, names in (("name=c", {"c"}), ("status=error", set()), ("name~=a", {"a"})):
        rows = (await call(cloud, "GET", f"/snapshots?{query}")).json()["snapshots"]
        assert {row["name"] for row in rows} == names
    assert (await call(cloud, "GET", "/snapshots?limit=0")).json()["snapshots"] == []
    message(await call(cloud, "GET", "/snapshots?marker=x"), 404, "itemNotFound")
    for path in ("/snapshots", "/snapshots/detail"):
        counted = (await call(cloud, "GET", f"{path}?with_count=true&limit=1")).json()
        assert counted["count"] == 3


async def test_a_host_that_fails_is_an_error_and_the_deletion_converges(
    cloud: Cloud, agent: FakeAgent
) -> None:
    volume = await make(cloud, "/volumes", "volume", size=1)
    agent.faults[Kind.SNAPSHOT] = HostFault(
        kind="NotFound", message="cannot copy the volume", terminal=True
    )
    taken = await make(cloud, "/snapshots", "snapshot", volume_id=volume["id"])
    assert taken["status"] == "error"
    agent.faults.clear()
    await call(cloud, "DELETE", f"/snapshots/{taken['id']}")
    assert await wait(cloud, f"/snapshots/{taken['id']}", "snapshot") is None


async def test_an_admin_marks_and_forces(cloud: Cloud, agent: FakeAgent) -> None:
    volume = await make(cloud, "/volumes", "volume", size=1)
    taken = await make(cloud, "/snapshots", "snapshot", volume_id=volume["id"])
    path = f"/snapshots/{taken['id']}"
    body = {"os-reset_status": {"status": "error_deleting"}}
    message(await call(cloud, "POST", f"{path}/action", body), 403, "forbidden")
    assert (await call(cloud, "POST", f"{path}/action", body, user="admin")).status_code == 202
    assert (await wait(cloud, path, "snapshot"))["status"] == "error_deleting"
    forced = {"os-force_delete": {}}
    assert (await call(cloud, "POST", f"{path}/action", forced, user="admin")).status_code == 202
    assert await wait(cloud, path, "snapshot") is None


async def test_metadata_of_a_snapshot(cloud: Cloud, agent: FakeAgent) -> None:
    volume = await make(cloud, "/volumes", "volume", size=1)
    taken = await make(cloud, "/snapshots", "snapshot", volume_id=volume["id"])
    path = f"/snapshots/{taken['id']}/metadata"
    for method, at, body, found in (
        ("POST", path, {"metadata": {"a": "1"}}, {"metadata": {"a": "1"}}),
        ("POST", path, {"metadata": {"b": "2"}}, {"metadata": {"a": "1", "b": "2"}}),
        ("PUT", f"{path}/a", {"meta": {"a": "3"}}, {"meta": {"a": "3"}}),
        ("GET", f"{path}/a", None, {"meta": {"a": "3"}}),
        ("PUT", path, {"metadata": {"c": "4"}}, {"metadata": {"c": "4"}}),
    ):
        assert (await call(cloud, method, at, body)).json() == found
    assert (await call(cloud, "DELETE", f"{path}/c")).status_code == 200
    message(await call(cloud, "DELETE", f"{path}/c"), 404, "itemNotFound")
