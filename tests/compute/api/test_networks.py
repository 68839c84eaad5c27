"""Networks and floating IPs under compute's old names."""

from compute.servers import ComputeCloud

LAST = "2.35"


async def test_networks_are_listed_and_shown(compute: ComputeCloud) -> None:
    for path, fields in (("/os-networks", 32), ("/os-tenant-networks", 3)):
        found = (await compute.call("GET", path, version=LAST)).json()["networks"]
        assert {one["label"] for one in found} == {"private", "public"}
        shown = await compute.call("GET", f"{path}/{found[0]['id']}", version=LAST)
        assert shown.json()["network"] == found[0] and len(found[0]) == fields
        assert (await compute.call("GET", path, version="2.36")).status_code == 404


async def test_a_floating_ip_goes_to_a_server_and_back(compute: ComputeCloud) -> None:
    server = await compute.active()
    pools = (await compute.call("GET", "/os-floating-ip-pools", version=LAST)).json()
    assert pools == {"floating_ip_pools": [{"name": "public"}]}
    reply = await compute.call("POST", "/os-floating-ips", {"pool": "public"}, version=LAST)
    one = reply.json()["floating_ip"]
    assert (one["instance_id"], one["pool"]) == (None, "public")

    async def act(action: str, address: str = one["ip"]) -> int:
        body = {action: {"address": address}}
        path = f"/servers/{server}/action"
        return (await compute.call("POST", path, body, version="2.43")).status_code

    assert await act("removeFloatingIp") == 409
    assert await act("addFloatingIp", "0.0.0.0") == 404
    assert await act("addFloatingIp") == 202
    path = f"/os-floating-ips/{one['id']}"
    shown = (await compute.call("GET", path, version=LAST)).json()["floating_ip"]
    assert shown["instance_id"] == server and shown["fixed_ip"]
    other = (await compute.call("POST", "/os-floating-ips", {}, version=LAST)).json()
    assert await act("addFloatingIp", other["floating_ip"]["ip"]) == 400
    assert await act("removeFloatingIp") == 202
    assert (await compute.call("DELETE", path, version=LAST)).status_code == 202
    assert (await compute.call("GET", path, version=LAST)).status_code == 404
    nowhere = await compute.call("POST", "/os-floating-ips", {"pool": "none"}, version=LAST)
    assert nowhere.status_code == 404
