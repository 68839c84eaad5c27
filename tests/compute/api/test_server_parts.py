"""Conversations about metadata, tags and addresses of servers."""

from compute.servers import ComputeCloud, until


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
