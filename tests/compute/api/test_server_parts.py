"""Conversations about metadata, tags and addresses of servers."""

from compute.servers import ComputeCloud, until
from pilvi.hosts.operations.assignments import read_password


async def test_metadata_is_kept_item_by_item(compute: ComputeCloud) -> None:
    id = await compute.active(metadata={"a": "1"})
    path = f"/servers/{id}/metadata"
    merged = await compute.call("POST", path, {"metadata": {"b": "2"}})
    assert merged.json() == {"metadata": {"a": "1", "b": "2"}}
    item = await compute.call("PUT", f"{path}/c", {"meta": {"c": "3"}})
    assert item.json() == {"meta": {"c": "3"}}
    assert (await compute.call("PUT", f"{path}/c", {"meta": {"d": "3"}})).status_code == 400
    assert (await compute.call("GET", f"{path}/c")).json() == {"meta": {"c": "3"}}
    assert (await compute.call("DELETE", f"{path}/a")).status_code == 204
    assert (await compute.call("DELETE", f"{path}/a")).status_code == 404
    assert (await compute.call("GET", path)).json() == {"metadata": {"b": "2", "c": "3"}}
    kept = {"b": "2", "c": "3"}
    await until(lambda: compute.agent.vm(id).documents.meta_data["meta"] == kept)
    whole = await compute.call("PUT", path, {"metadata": {}})
    assert whole.json() == {"metadata": {}}
    many = {str(number): "" for number in range(129)}
    assert (await compute.call("PUT", path, {"metadata": many})).status_code == 403
    assert (await compute.call("PUT", path, {"metadata": {"/": ""}})).status_code == 400


async def test_tags_are_kept_one_by_one(compute: ComputeCloud) -> None:
    id = await compute.active()
    path = f"/servers/{id}/tags"
    assert (await compute.call("PUT", f"{path}/red")).status_code == 201
    assert (await compute.call("PUT", f"{path}/red")).status_code == 204
    assert (await compute.call("GET", f"{path}/red")).status_code == 204
    assert (await compute.call("GET", f"{path}/blue")).status_code == 404
    replaced = await compute.call("PUT", path, {"tags": ["blue", "green"]})
    assert replaced.json() == {"tags": ["blue", "green"]}
    assert (await compute.call("DELETE", f"{path}/blue")).status_code == 204
    assert (await compute.call("GET", path)).json() == {"tags": ["green"]}
    many = [str(number) for number in range(51)]
    assert (await compute.call("PUT", path, {"tags": many})).status_code == 403
    assert (await compute.call("PUT", path, {"tags": ["a/b"]})).status_code == 400
    assert (await compute.call("PUT", path, {"tags": ["x" * 61]})).status_code == 400
    assert (await compute.call("DELETE", path)).status_code == 204
    assert (await compute.show(id))["tags"] == []
    assert (await compute.call("GET", path, version="2.25")).status_code == 404


async def test_addresses_are_listed_by_network(compute: ComputeCloud) -> None:
    id = await compute.active()
    shown = (await compute.show(id))["addresses"]["private"][0]["addr"]
    listed = (await compute.call("GET", f"/servers/{id}/ips")).json()
    assert listed == {"addresses": {"private": [{"version": 4, "addr": shown}]}}
    one = (await compute.call("GET", f"/servers/{id}/ips/private")).json()
    assert one == {"private": [{"version": 4, "addr": shown}]}
    assert (await compute.call("GET", f"/servers/{id}/ips/nothing")).status_code == 404
    groups = (await compute.call("GET", f"/servers/{id}/os-security-groups")).json()
    assert [group["name"] for group in groups["security_groups"]] == ["default"]


async def test_a_guests_password_is_kept_until_it_is_deleted(compute: ComputeCloud) -> None:
    id, path = await compute.active(), "os-server-password"
    other = await compute.active()

    async def read(server_id: str) -> str:
        reply = await compute.call("GET", f"/servers/{server_id}/{path}")
        password: str = reply.json()["password"]
        return password

    assert await read(id) == ""
    for text in ("sealed", "newer"):
        await compute.agent.post_password(id, text)
        assert await read(id) == text
    assert await read(other) == ""
    assert (await compute.call("DELETE", f"/servers/{id}/{path}")).status_code == 204
    assert await read(id) == ""
    await compute.agent.post_password("no-server-of-this-host", "lie")
    async with compute.cloud.db.read() as tx:
        assert await read_password(tx, "no-server-of-this-host") == ""
    await compute.agent.post_password(id, "last")
    await compute.delete(id)
    async with compute.cloud.db.read() as tx:
        assert await read_password(tx, id) == ""
