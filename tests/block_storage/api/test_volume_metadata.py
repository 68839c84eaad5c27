"""Conversations about metadata."""

from cloud import Cloud
from fake_hosts import FakeHost
from volume_talk import LATEST, ROOT, call, create, message


async def test_metadata_is_read_added_replaced_and_removed(cloud: Cloud, host: FakeHost) -> None:
    path = f"/volumes/{(await create(cloud, metadata={'a': '1'}))['id']}/metadata"
    added = await call(cloud, "POST", path, {"metadata": {"b": "2"}})
    assert added.json() == {"metadata": {"a": "1", "b": "2"}}
    assert (await call(cloud, "GET", f"{path}/b")).json() == {"meta": {"b": "2"}}
    changed = await call(cloud, "PUT", f"{path}/b", {"meta": {"b": "3"}})
    assert changed.json() == {"meta": {"b": "3"}}
    assert (await call(cloud, "DELETE", f"{path}/a")).status_code == 200
    assert (await call(cloud, "GET", path)).json() == {"metadata": {"b": "3"}}
    replaced = await call(cloud, "PUT", path, {"metadata": {"c/d": "4"}})
    assert replaced.json() == {"metadata": {"c/d": "4"}}
    assert (await call(cloud, "GET", f"{path}/c/d")).json() == {"meta": {"c/d": "4"}}
    assert (await call(cloud, "PUT", path, {"metadata": None})).json() == {"metadata": {}}


async def test_what_is_not_there_or_not_right_is_said(cloud: Cloud, host: FakeHost) -> None:
    path = f"/volumes/{(await create(cloud))['id']}/metadata"
    for method in ("GET", "DELETE"):
        message(await call(cloud, method, f"{path}/x"), 404, "itemNotFound")
    message(await call(cloud, "PUT", f"{path}/x", {"meta": {"y": "1"}}), 400, "badRequest")
    message(await call(cloud, "POST", path, {"metadata": {"x": 1}}), 400, "badRequest")
    many = {"metadata": {f"k{n}": "v" for n in range(129)}}
    message(await call(cloud, "POST", path, many), 413, "overLimit")


async def test_a_change_of_what_changed_meanwhile_is_412(cloud: Cloud, host: FakeHost) -> None:
    path = f"/volumes/{(await create(cloud, metadata={'a': '1'}))['id']}/metadata"
    etag = (await call(cloud, "GET", path)).headers["etag"]
    headers = {**LATEST, "if-match": etag}
    body = {"metadata": {"a": "2"}}
    first = await cloud.call("PUT", ROOT + path, body, headers=headers)
    assert first.status_code == 200
    second = await cloud.call("PUT", ROOT + path, {"metadata": {}}, headers=headers)
    assert second.status_code == 412
    item = await cloud.call("PUT", f"{ROOT}{path}/a", {"meta": {"a": "3"}}, headers=headers)
    assert item.status_code == 412
    assert (await call(cloud, "GET", path)).json() == body
