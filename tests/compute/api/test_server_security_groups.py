"""Conversations about the security groups of a server."""

from compute.servers import ComputeCloud


async def _names(compute: ComputeCloud, id: str) -> set[str]:
    server = (await compute.call("GET", f"/servers/{id}")).json()["server"]
    return {group["name"] for group in server.get("security_groups", [])}


async def test_a_group_is_put_on_every_port_and_taken_away(compute: ComputeCloud) -> None:
    body = {"security_group": {"name": "web"}}
    made = await compute.cloud.call("POST", "/network/v2.0/security-groups", body)
    assert made.status_code == 201
    id = await compute.active()
    path = f"/servers/{id}/action"
    for _ in range(2):
        added = await compute.call("POST", path, {"addSecurityGroup": {"name": "web"}})
        assert added.status_code == 202
    assert await _names(compute, id) == {"default", "web"}
    group_id = made.json()["security_group"]["id"]
    removed = await compute.call("POST", path, {"removeSecurityGroup": {"name": group_id}})
    assert removed.status_code == 202
    assert await _names(compute, id) == {"default"}
    again = await compute.call("POST", path, {"removeSecurityGroup": {"name": "web"}})
    assert again.status_code == 404
    unknown = await compute.call("POST", path, {"addSecurityGroup": {"name": "nothing"}})
    assert unknown.status_code == 404
    assert "nothing" in unknown.json()["itemNotFound"]["message"]


async def test_a_server_without_ports_cannot_have_one(compute: ComputeCloud) -> None:
    id = await compute.active(networks="none")
    body = {"addSecurityGroup": {"name": "default"}}
    assert (await compute.call("POST", f"/servers/{id}/action", body)).status_code == 409
