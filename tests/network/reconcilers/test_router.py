"""Routers on hosts."""

import dataclasses
import datetime

import msgspec

from fake_host import FakeAgent, running_agent
from fake_hosts import add_host
from network.neutron import Neutron
from network.rows import MOMENT
from network.servers import launch
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import NetworkSpec, RouterSpec
from pilvi.hosts.model.host import Host, HostId
from pilvi.hosts.operations.hosts import force_down
from pilvi.hosts.store import hosts
from pilvi.network.reconcilers.router import RouterReconciler, may_leave


def spec(agent: FakeAgent, router_id: str) -> RouterSpec:
    """What a host holds of a router."""
    return msgspec.json.decode(agent.held[Kind.ROUTER, router_id].spec, type=RouterSpec)


async def test_the_first_router_comes_up_with_its_networks(
    neutron: Neutron, agent: FakeAgent
) -> None:
    await launch(neutron, agent.host.id)
    await neutron.cloud.settle()
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
    await neutron.cloud.settle()
    router = await neutron.named("routers", "router1")
    public = await neutron.named("networks", "public")
    wish = {"floating_network_id": public["id"], "port_id": port.id}
    made = await neutron.make("floatingips", **wish)
    assert made["status"] == "DOWN"
    await neutron.cloud.settle()
    (pair,) = spec(agent, router["id"]).floating_ips
    assert pair.floating_address == made["floating_ip_address"]
    assert pair.fixed_address == port.addresses[0]
    shown = (await neutron.get("/floatingips?status=ACTIVE"))["floatingips"]
    assert [row["id"] for row in shown] == [made["id"]]
    free = await neutron.put("floatingips", made["id"], port_id=None)
    assert free.json()["floatingip"]["status"] == "DOWN"
    await neutron.cloud.settle()
    assert spec(agent, router["id"]).floating_ips == []


async def test_a_leg_goes_and_its_network_only_after_the_router_let_go(
    neutron: Neutron, agent: FakeAgent
) -> None:
    router = await neutron.make("routers")
    network, subnet = await neutron.make_network("10.9.0.0/24")
    await neutron.interface("add", router["id"], subnet_id=subnet["id"])
    await neutron.cloud.settle()
    assert network["id"] in agent.holds(Kind.NETWORK)
    agent.silent.add(Kind.ROUTER)
    removed = await neutron.interface("remove", router["id"], subnet_id=subnet["id"])
    assert removed.status_code == 200
    await neutron.cloud.settle()
    assert network["id"] in agent.holds(Kind.NETWORK)
    # The address is free at once, for the same router often gets it back.
    again = await neutron.interface("add", router["id"], subnet_id=subnet["id"])
    assert again.status_code == 200
    await neutron.interface("remove", router["id"], subnet_id=subnet["id"])
    assert await neutron.delete("subnets", subnet["id"]) == 204
    agent.silent.clear()
    await agent.answer_news()
    await neutron.cloud.settle()
    assert network["id"] not in agent.holds(Kind.NETWORK)
    assert router["id"] not in agent.holds(Kind.ROUTER)


async def test_a_deleted_router_leaves_its_host_and_takes_its_networks_along(
    neutron: Neutron, agent: FakeAgent
) -> None:
    await neutron.cloud.settle()
    router = await neutron.named("routers", "router1")
    subnet = await neutron.named("subnets", "private-subnet")
    await neutron.interface("remove", router["id"], subnet_id=subnet["id"])
    assert await neutron.delete("routers", router["id"]) == 204
    assert await neutron.delete("routers", router["id"]) == 404
    await neutron.cloud.settle()
    assert agent.holds(Kind.ROUTER) == [] and agent.holds(Kind.NETWORK) == []
    assert await neutron.delete("networks", subnet["network_id"]) == 204
    await neutron.cloud.settle()
    assert (await neutron.get("/ports", "admin"))["ports"] == []


async def test_routes_snat_and_state_reach_the_host(neutron: Neutron, agent: FakeAgent) -> None:
    router = await neutron.named("routers", "router1")
    routes = [{"destination": "10.7.0.0/24", "nexthop": "10.0.0.99"}]
    public = await neutron.named("networks", "public")
    gateway = {"network_id": public["id"], "enable_snat": False}
    wish = {"routes": routes, "external_gateway_info": gateway, "admin_state_up": False}
    assert (await neutron.put("routers", router["id"], "admin", **wish)).status_code == 200
    await neutron.cloud.settle()
    held = spec(agent, router["id"])
    assert held.routes == [("10.7.0.0/24", "10.0.0.99")]
    assert not held.snat and not held.admin_state_up
    subnet = await neutron.make_network("10.7.0.0/24")
    assert subnet[1]["gateway_ip"] == "10.7.0.1"


async def test_a_router_leaves_a_host_that_an_admin_says_is_down(
    neutron: Neutron, agent: FakeAgent
) -> None:
    await launch(neutron, agent.host.id)
    await neutron.cloud.settle()
    router = await neutron.named("routers", "router1")
    reconciler = RouterReconciler(neutron.cloud.db, neutron.cloud.settings)
    async with running_agent(neutron.cloud, "host2") as second:
        agent.silent |= {Kind.ROUTER, Kind.NETWORK}
        assert await reconciler.list_unsettled() == []
        async with neutron.cloud.db.write() as tx:
            await force_down(tx, agent.host.host.id, True)
        assert await reconciler.list_unsettled() == [router["id"]]
        await reconciler.reconcile(router["id"])
        await neutron.cloud.settle()
        # The old host does not answer and is not waited for.
        assert second.holds(Kind.ROUTER) == [router["id"]] == agent.holds(Kind.ROUTER)
        legs = (await neutron.get(f"/ports?device_id={router['id']}", "admin"))["ports"]
        assert {(leg["status"], leg["binding:host_id"]) for leg in legs} == {("ACTIVE", "host2")}
        # It lets go as soon as it hears of it, and the router stays where it is.
        agent.silent.clear()
        async with neutron.cloud.db.write() as tx:
            await force_down(tx, agent.host.host.id, False)
        await agent.answer_news()
        await neutron.cloud.settle()
        private = await neutron.named("networks", "private")
        assert agent.holds(Kind.ROUTER) == [] and agent.holds(Kind.NETWORK) == [private["id"]]
        assert second.holds(Kind.ROUTER) == [router["id"]]
        assert await reconciler.list_unsettled() == []


async def test_a_router_that_an_admin_placed_stays(neutron: Neutron, agent: FakeAgent) -> None:
    await launch(neutron, agent.host.id)
    await neutron.cloud.settle()
    router = await neutron.named("routers", "router1")
    path = "/agents?agent_type=L3 agent&host=host1"
    (l3,) = (await neutron.get(path, "admin"))["agents"]
    body = {"router_id": router["id"]}
    path = f"/network/v2.0/agents/{l3['id']}/l3-routers"
    assert (await neutron.cloud.call("POST", path, body, user="admin")).status_code == 201
    async with running_agent(neutron.cloud, "host2") as second:
        host_id = agent.host.host.id
        async with neutron.cloud.db.write() as tx:
            await force_down(tx, host_id, True)
        reconciler = RouterReconciler(neutron.cloud.db, neutron.cloud.settings)
        await reconciler.reconcile(router["id"])
        await neutron.cloud.settle()
        assert second.holds(Kind.ROUTER) == []
        async with neutron.cloud.db.write() as tx:
            await force_down(tx, host_id, False)
            long_ago = MOMENT - datetime.timedelta(hours=1)
            await hosts.update_host(tx, agent.host.host.id, seen_at=long_ago)
        # Deleting the agent of a host that is away frees what was placed there.
        id = f"/network/v2.0/agents/{l3['id']}"
        assert (await neutron.cloud.call("DELETE", id, user="admin")).status_code == 204
        await neutron.cloud.settle()
        assert second.holds(Kind.ROUTER) == [router["id"]]


def test_a_silent_host_is_left_only_when_the_settings_say_so() -> None:
    host = Host(HostId("h"), "h", MOMENT, 1, None, MOMENT, enabled=True, disabled_reason=None)
    later = MOMENT + datetime.timedelta(seconds=100)
    assert not may_leave(host, later, 0, {})
    assert may_leave(host, later, 60, {}) and not may_leave(host, later, 200, {})


def test_a_clock_that_is_set_back_moves_no_router() -> None:
    """Every host's newest report is then from the future, and each of them may forward still."""
    host = Host(HostId("h"), "h", MOMENT, 1, None, MOMENT, enabled=True, disabled_reason=None)
    earlier = MOMENT - datetime.timedelta(hours=1)
    assert not host.is_alive(earlier, 15)
    assert not may_leave(host, earlier, 60, {})
    assert may_leave(dataclasses.replace(host, forced_down=True), earlier, 60, {})
    assert may_leave(dataclasses.replace(host, seen_at=None), MOMENT, 60, {})


def test_a_host_whose_agent_was_removed_is_left_until_it_reports_again() -> None:
    removed = MOMENT + datetime.timedelta(seconds=100)
    later = removed + datetime.timedelta(seconds=1)
    host = Host(HostId("h"), "h", MOMENT, 1, None, MOMENT, enabled=True, disabled_reason=None)
    assert may_leave(host, later, 0, {"h": removed})
    assert not may_leave(host, later, 0, {"i": removed})
    assert not may_leave(dataclasses.replace(host, seen_at=later), later, 0, {"h": removed})


async def test_a_router_with_a_helper_comes_to_a_host_that_has_it(
    neutron: Neutron, agent: FakeAgent
) -> None:
    """The first host by name has no helpers at all."""
    able = await add_host(neutron.cloud.db, "host2")
    agent.host.facts = msgspec.structs.replace(agent.host.facts, capabilities=[])
    await agent.host.report()
    plain, helped = [await neutron.make("routers") for _ in range(2)]
    path = f"routers/{helped['id']}/conntrack_helpers"
    wish = {"helper": "ftp", "protocol": "tcp", "port": 21}
    assert (await neutron.post_to(path, "conntrack_helper", **wish)).status_code == 201
    for number, router in enumerate((plain, helped)):
        _, subnet = await neutron.make_network(f"10.{90 + number}.0.0/24")
        await neutron.interface("add", router["id"], subnet_id=subnet["id"])
    await neutron.cloud.settle()
    assert plain["id"] in agent.holds(Kind.ROUTER)
    assert helped["id"] not in agent.holds(Kind.ROUTER)
    assert helped["id"] in await able.wishes(Kind.ROUTER)
