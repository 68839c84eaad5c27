"""Conversations about network cards of servers."""

from compute.servers import ComputeCloud, until
from pilvi.host_api.contract import Kind


async def test_a_network_card_comes_and_goes(compute: ComputeCloud) -> None:
    id = await compute.active()
    path = f"/servers/{id}/os-interface"
    first = (await compute.call("GET", path)).json()["interfaceAttachments"][0]
    body = {"interfaceAttachment": {"net_id": first["net_id"]}}
    made = await compute.call("POST", path, body)
    assert made.status_code == 200, made.text
    port = made.json()["interfaceAttachment"]["port_id"]
    both = [first["port_id"], port]
    await until(lambda: [nic.port_id for nic in compute.agent.vm(id).nics] == both)
    shown = (await compute.call("GET", f"{path}/{port}")).json()["interfaceAttachment"]
    assert shown["mac_addr"] == made.json()["interfaceAttachment"]["mac_addr"]
    assert (await compute.call("DELETE", f"{path}/{port}")).status_code == 202
    assert (await compute.call("GET", f"{path}/{port}")).status_code == 404
    await until(lambda: compute.agent.holds(Kind.PORT) == [first["port_id"]])
    await compute.cloud.settle()
    assert [nic.port_id for nic in compute.agent.vm(id).nics] == [first["port_id"]]
    assert (await compute.call("DELETE", f"{path}/{port}")).status_code == 404


async def test_a_port_that_is_there_is_used_and_stays(compute: ComputeCloud) -> None:
    id = await compute.active(networks="none")
    networks = (await compute.cloud.call("GET", "/network/v2.0/networks?name=private")).json()
    wanted = {"port": {"network_id": networks["networks"][0]["id"]}}
    port = (await compute.cloud.call("POST", "/network/v2.0/ports", wanted)).json()["port"]["id"]
    body = {"interfaceAttachment": {"port_id": port}}
    made = await compute.call("POST", f"/servers/{id}/os-interface", body)
    assert made.status_code == 200, made.text
    await until(lambda: [nic.port_id for nic in compute.agent.vm(id).nics] == [port])
    await compute.delete(id)
    kept = (await compute.cloud.call("GET", f"/network/v2.0/ports/{port}")).json()["port"]
    assert kept["device_id"] == ""


async def test_bad_interfaces_are_refused(compute: ComputeCloud) -> None:
    id = await compute.active(networks="none")
    for fields in (
        {"port_id": "nothing"},
        {"net_id": "nothing"},
        {"port_id": "a", "net_id": "b"},
        {"fixed_ips": [{"ip_address": "10.0.0.9"}]},
        {"color": "red"},
    ):
        reply = await compute.call(
            "POST", f"/servers/{id}/os-interface", {"interfaceAttachment": fields}
        )
        assert reply.status_code == 400, reply.text
