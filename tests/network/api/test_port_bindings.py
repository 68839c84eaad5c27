"""Conversations about bindings of ports to hosts."""

from typing import Any

from fake_host import FakeAgent, running_agent
from network.neutron import ROOT, Neutron
from network.servers import launch
from pilvi.host_api.contract import Kind


async def say(neutron: Neutron, method: str, path: str, body: Any = None) -> Any:
    """The reply to an admin."""
    return await neutron.cloud.call(method, f"{ROOT}/ports/{path}", body, user="admin")


async def bind(neutron: Neutron, port_id: str, **fields: Any) -> Any:
    """The reply to the wish for one more binding."""
    return await say(neutron, "POST", f"{port_id}/bindings", {"binding": fields})


async def bound(neutron: Neutron, port_id: str) -> dict[str, str]:
    """The status of a port's bindings by host."""
    rows = (await neutron.get(f"/ports/{port_id}/bindings", "admin"))["bindings"]
    return {row["host"]: row["status"] for row in rows}


async def test_a_port_goes_where_its_binding_is_activated(
    neutron: Neutron, agent: FakeAgent
) -> None:
    network, _ = await neutron.make_network("10.9.0.0/24")
    port = await neutron.make("ports", network_id=network["id"])
    async with running_agent(neutron.cloud, "host2") as second:
        first = await bind(neutron, port["id"], host="host1", vnic_type="normal", profile={})
        assert first.json()["binding"]["status"] == "ACTIVE"
        other = await bind(neutron, port["id"], host="host2")
        assert other.json()["binding"]["status"] == "INACTIVE"
        assert (await bind(neutron, port["id"], host="host2")).status_code == 409
        assert (await bind(neutron, port["id"], host="host3")).status_code == 400
        await neutron.cloud.settle()
        assert agent.holds(Kind.PORT) == [port["id"]] and second.holds(Kind.PORT) == []
        path = f"{port['id']}/bindings/host2"
        moved = await say(neutron, "PUT", f"{path}/activate")
        assert moved.json()["binding"]["status"] == "ACTIVE"
        assert (await say(neutron, "PUT", f"{path}/activate")).status_code == 409
        await neutron.cloud.settle()
        assert agent.holds(Kind.PORT) == [] and second.holds(Kind.PORT) == [port["id"]]
        assert await bound(neutron, port["id"]) == {"host2": "ACTIVE", "host1": "INACTIVE"}
        shown = (await neutron.get(f"/ports/{port['id']}", "admin"))["port"]
        assert shown["binding:host_id"] == "host2"
        one = (await neutron.get(f"/ports/{port['id']}/bindings/host1", "admin"))["binding"]
        assert one["status"] == "INACTIVE"
        for host in ("host1", "host2"):
            gone = await say(neutron, "DELETE", f"{port['id']}/bindings/{host}")
            assert gone.status_code == 204
        assert await bound(neutron, port["id"]) == {}
        assert (await say(neutron, "DELETE", path)).status_code == 404
        await neutron.cloud.settle()
        assert second.holds(Kind.PORT) == []


async def test_a_servers_port_is_where_its_server_is(neutron: Neutron, agent: FakeAgent) -> None:
    _, (port,) = await launch(neutron, agent.host.id)
    async with running_agent(neutron.cloud, "host2"):
        assert (await bind(neutron, port.id, host="host2")).status_code == 201
        path = f"{port.id}/bindings"
        assert (await say(neutron, "PUT", f"{path}/host2/activate")).status_code == 409
        assert (await say(neutron, "DELETE", f"{path}/host1")).status_code == 409
        assert await bound(neutron, port.id) == {"host1": "ACTIVE", "host2": "INACTIVE"}
        assert (await say(neutron, "PUT", f"{path}/host3/activate")).status_code == 404


async def test_what_a_binding_cannot_be_is_refused(neutron: Neutron, agent: FakeAgent) -> None:
    network, _ = await neutron.make_network("10.9.0.0/24")
    port = await neutron.make("ports", network_id=network["id"])
    for fields in ({"vnic_type": "direct"}, {"profile": {"a": "b"}}):
        reply = await bind(neutron, port["id"], host="host1", **fields)
        assert reply.status_code == 400
    assert await bound(neutron, port["id"]) == {}
    assert (await bind(neutron, port["id"], host="host1")).status_code == 201
    path = f"{port['id']}/bindings/host1"
    again = await say(neutron, "PUT", path, {"binding": {"vnic_type": "normal"}})
    assert again.json()["binding"]["host"] == "host1"
    other = await say(neutron, "PUT", path, {"binding": {"vnic_type": "direct"}})
    assert other.status_code == 400
    router = await neutron.named("routers", "router1")
    legs = (await neutron.get(f"/ports?device_id={router['id']}", "admin"))["ports"]
    assert (await bind(neutron, legs[0]["id"], host="host1")).status_code == 400
    member = await neutron.post_to(f"ports/{port['id']}/bindings", "binding", host="host1")
    assert member.status_code == 403
    # A port goes with its bindings.
    async with running_agent(neutron.cloud, "host2"):
        assert (await bind(neutron, port["id"], host="host2")).status_code == 201
        assert await neutron.delete("ports", port["id"]) == 204
        await neutron.cloud.settle()
        assert (await say(neutron, "GET", path)).status_code == 404
