"""Routers on hosts."""

import msgspec

from fake_host import FakeAgent
from network.neutron import Neutron
from network.servers import launch
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import NetworkSpec, RouterSpec
from pilvi.network.reconcilers.router import RouterReconciler


def spec(agent: FakeAgent, router_id: str) -> RouterSpec:
    """What a host holds of a router."""
    return msgspec.json.decode(agent.held[Kind.ROUTER, router_id].spec, type=RouterSpec)


async def test_the_first_router_comes_up_with_its_networks(
    neutron: Neutron, agent: FakeAgent
) -> None:
    await launch(neutron, agent.host.id)
    await neutron.settle()
    router = await neutron.named("routers", "router1")
    public = await neutron.named("networks", "public")
    private = await neutron.named("networks", "private")
    held = spec(agent, router["id"])
    (inside,) = held.interfaces
    assert (inside.network_id, inside.address) == (private["id"], "10.0.0.1/24")
    assert held.gateway is not None and held.gateway.network_id == public["id"]
    assert held.gateway_next_hop == "172.24.4.1" and held.snat and held.admin_state_up
    assert agent.holds(Kind.NETWORK) == sorted([public["id"], private["id"]])
    outside = msgspec.json.decode(agent.held[Kind.NETWORK, public["id"]].spec, type=NetworkSpec)
    assert outside.is_external and not outside.subnets[0].dhcp_enabled
    legs = (await neutron.get(f"/ports?device_id={router['id']}", "admin"))["ports"]
    assert {leg["status"] for leg in legs} == {"ACTIVE"}
    assert {leg["binding:host_id"] for leg in legs} == {"host1"}
    assert agent.holds(Kind.PORT) != []
    assert await RouterReconciler(neutron.cloud.db, neutron.cloud.settings).list_unsettled() == []


async def test_a_floating_ip_is_active_when_the_host_has_it(
    neutron: Neutron, agent: FakeAgent
) -> None:
    _, (port,) = await launch(neutron, agent.host.id)
    await neutron.settle()
    router = await neutron.named("routers", "router1")
    public = await neutron.named("networks", "public")
    wish = {"floating_network_id": public["id"], "port_id": port.id}
    made = await neutron.make("floatingips", **wish)
    assert made["status"] == "DOWN"
    await neutron.settle()
    (pair,) = spec(agent, router["id"]).floating_ips
    assert pair.floating_address == made["floating_ip_address"]
    assert pair.fixed_address == port.addresses[0]
    shown = (await neutron.get("/floatingips?status=ACTIVE"))["floatingips"]
    assert [row["id"] for row in shown] == [made["id"]]
    free = await neutron.put("floatingips", made["id"], port_id=None)
    assert free.json()["floatingip"]["status"] == "DOWN"
    await neutron.settle()
    assert spec(agent, router["id"]).floating_ips == []


async def test_a_leg_goes_and_its_network_only_after_the_router_let_go(
    neutron: Neutron, agent: FakeAgent
) -> None:
    router = await neutron.make("routers")
    network, subnet = await neutron.make_network("10.9.0.0/24")
    await neutron.interface("add", router["id"], subnet_id=subnet["id"])
    await neutron.settle()
    assert network["id"] in agent.holds(Kind.NETWORK)
    agent.silent.add(Kind.ROUTER)
    removed = await neutron.interface("remove", router["id"], subnet_id=subnet["id"])
    assert removed.status_code == 200
    await neutron.settle()
    assert network["id"] in agent.holds(Kind.NETWORK)
    # The address is free at once, for the same router often gets it back.
    again = await neutron.interface("add", router["id"], subnet_id=subnet["id"])
    assert again.status_code == 200
    await neutron.interface("remove", router["id"], subnet_id=subnet["id"])
    assert await neutron.delete("subnets", subnet["id"]) == 204
    agent.silent.clear()
    await agent.answer_news()
    await neutron.settle()
    assert network["id"] not in agent.holds(Kind.NETWORK)
    assert router["id"] not in agent.holds(Kind.ROUTER)


async def test_a_deleted_router_leaves_its_host_and_takes_its_networks_along(
    neutron: Neutron, agent: FakeAgent
) -> None:
    await neutron.settle()
    router = await neutron.named("routers", "router1")
    subnet = await neutron.named("subnets", "private-subnet")
    await neutron.interface("remove", router["id"], subnet_id=subnet["id"])
    assert await neutron.delete("routers", router["id"]) == 204
    assert await neutron.delete("routers", router["id"]) == 404
    await neutron.settle()
    assert agent.holds(Kind.ROUTER) == [] and agent.holds(Kind.NETWORK) == []
    assert await neutron.delete("networks", subnet["network_id"]) == 204
    await neutron.settle()
    assert (await neutron.get("/ports", "admin"))["ports"] == []


async def test_routes_snat_and_state_reach_the_host(neutron: Neutron, agent: FakeAgent) -> None:
    router = await neutron.named("routers", "router1")
    routes = [{"destination": "10.7.0.0/24", "nexthop": "10.0.0.99"}]
    public = await neutron.named("networks", "public")
    gateway = {"network_id": public["id"], "enable_snat": False}
    wish = {"routes": routes, "external_gateway_info": gateway, "admin_state_up": False}
    assert (await neutron.put("routers", router["id"], "admin", **wish)).status_code == 200
    await neutron.settle()
    held = spec(agent, router["id"])
    assert held.routes == [("10.7.0.0/24", "10.0.0.99")]
    assert not held.snat and not held.admin_state_up
    subnet = await neutron.make_network("10.7.0.0/24")
    assert subnet[1]["gateway_ip"] == "10.7.0.1"
