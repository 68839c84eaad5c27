"""Conversations about network cards of servers."""

import asyncio

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
    compute.agent.silent.add(Kind.VM)
    for _ in range(2):
        assert (await compute.call("DELETE", f"{path}/{port}")).status_code == 202
        assert (await compute.call("GET", f"{path}/{port}")).status_code == 200
    compute.agent.silent.clear()
    await until(lambda: compute.agent.holds(Kind.PORT) == [first["port_id"]])
    await compute.cloud.settle()
    assert (await compute.call("GET", f"{path}/{port}")).status_code == 404
    assert [nic.port_id for nic in compute.agent.vm(id).nics] == [first["port_id"]]
    # The host no longer has it before it says so: until then it is being detached.
    async with asyncio.timeout(10):
        while (await compute.call("DELETE", f"{path}/{port}")).status_code == 409:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
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


async def test_a_port_that_is_deleted_leaves_its_server(compute: ComputeCloud) -> None:
    id = await compute.active()
    path = f"/servers/{id}/os-interface"
    first = (await compute.call("GET", path)).json()["interfaceAttachments"][0]
    made = await compute.call("POST", path, {"interfaceAttachment": {"net_id": first["net_id"]}})
    port = made.json()["interfaceAttachment"]["port_id"]
    await until(lambda: len(compute.agent.vm(id).nics) == 2)
    deleted = await compute.cloud.call("DELETE", f"/network/v2.0/ports/{port}")
    assert deleted.status_code == 204, deleted.text
    await until(lambda: [nic.port_id for nic in compute.agent.vm(id).nics] == [first["port_id"]])
    await compute.cloud.settle()
    assert (await compute.act(id, "reboot", {"type": "HARD"})).status_code == 202
    await compute.cloud.settle()
    assert (await compute.show(id))["status"] == "ACTIVE"


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


async def test_an_address_comes_and_goes_until_2_43(compute: ComputeCloud) -> None:
    id = await compute.active()
    path = f"/servers/{id}/os-interface"

    async def addresses() -> list[str]:
        port = (await compute.call("GET", path)).json()["interfaceAttachments"][0]
        return [one["ip_address"] for one in port["fixed_ips"]]

    before = await addresses()
    network = (await compute.call("GET", path)).json()["interfaceAttachments"][0]["net_id"]
    added = await compute.act(id, "addFixedIp", {"networkId": network}, version="2.43")
    assert added.status_code == 202, added.text
    after = await addresses()
    assert after[:1] == before
    assert len(after) == 2
    removed = await compute.act(id, "removeFixedIp", {"address": after[1]}, version="2.43")
    assert removed.status_code == 202, removed.text
    assert await addresses() == before
    for action, value, code in (
        ("addFixedIp", {"networkId": "nothing"}, 404),
        ("removeFixedIp", {"address": after[1]}, 400),
        ("removeFixedIp", {}, 400),
    ):
        assert (await compute.act(id, action, value, version="2.43")).status_code == code
    gone = await compute.act(id, "addFixedIp", {"networkId": network}, version="2.44")
    assert gone.status_code == 404
