"""Images under compute's old names."""

from compute.servers import ComputeCloud

LAST = "2.35"


async def test_an_image_is_shown_as_compute_did(compute: ComputeCloud) -> None:
    reply = await compute.call("GET", f"/images/{compute.image_id}", version=LAST)
    image = reply.json()["image"]
    assert (image["status"], image["progress"], image["name"]) == ("ACTIVE", 100, "small")
    listed = (await compute.call("GET", "/images", version=LAST)).json()["images"]
    assert [one["id"] for one in listed] == [compute.image_id]
    reply = await compute.call("GET", f"/images/{compute.image_id}", version="2.36")
    assert reply.status_code == 404


async def test_lists_are_filtered(compute: ComputeCloud) -> None:
    server = await compute.active()
    body = {"createImage": {"name": "shot", "metadata": {"a": "b"}}}
    made = await compute.call("POST", f"/servers/{server}/action", body, version="2.45")
    shot = made.json()["image_id"]

    async def find(query: str) -> set[str]:
        reply = await compute.call("GET", f"/images/detail?{query}", version=LAST)
        assert reply.status_code == 200, reply.text
        return {one["id"] for one in reply.json()["images"]}

    assert await find(f"server={server}") == {shot}
    assert await find(f"server=http://cloud/servers/{server}") == {shot}
    assert await find("type=snapshot") == {shot}
    assert await find("name=small") == {compute.image_id}
    assert await find("status=ERROR") == set()
    assert compute.image_id in await find("status=active")
    assert await find("changes-since=2100-01-01T00:00:00Z") == set()
    reply = await compute.call("GET", "/images?minDisk=x", version=LAST)
    assert reply.status_code == 400
    page = (await compute.call("GET", "/images?limit=1", version=LAST)).json()
    assert len(page["images"]) == 1 and page["images_links"]
    shown = (await compute.call("GET", f"/images/{shot}", version=LAST)).json()["image"]
    assert shown["server"]["id"] == server


async def test_metadata_is_the_images_properties(compute: ComputeCloud) -> None:
    path = f"/images/{compute.image_id}/metadata"
    await compute.call("PUT", path, {"metadata": {"a": "1", "b": "2"}}, version=LAST)
    await compute.call("POST", path, {"metadata": {"b": "3"}}, version=LAST)
    item = await compute.call("PUT", path + "/c", {"meta": {"c": "4"}}, version=LAST)
    assert item.json() == {"meta": {"c": "4"}}
    seen = (await compute.call("GET", path, version="2.38")).json()["metadata"]
    assert seen == {"a": "1", "b": "3", "c": "4"}
    assert (await compute.call("DELETE", path + "/a", version=LAST)).status_code == 204
    assert (await compute.call("DELETE", path + "/a", version=LAST)).status_code == 404
    assert (await compute.call("GET", path + "/b", version=LAST)).json() == {"meta": {"b": "3"}}
    wrong = await compute.call("PUT", path + "/c", {"meta": {"d": "4"}}, version=LAST)
    assert wrong.status_code == 400
    gone = await compute.call("DELETE", f"/images/{compute.image_id}", version=LAST)
    assert gone.status_code == 204
