"""Conversations about agents, zones and what is left of addresses."""

import datetime
from typing import Any

from fake_host import FakeAgent, running_agent
from fake_hosts import add_host
from network.neutron import ROOT, Neutron, fault
from network.servers import launch
from pilvi.core.db import now
from pilvi.core.reconcile import Again
from pilvi.host_api.contract import Kind
from pilvi.hosts.store import hosts
from pilvi.network.reconcilers.router import RouterReconciler


async def agent_of(neutron: Neutron, kind: str, host: str = "host1") -> dict[str, Any]:
    """The one agent of a kind on a host."""
    rows = (await neutron.get(f"/agents?agent_type={kind}&host={host}", "admin"))["agents"]
    assert len(rows) == 1, rows
    found: dict[str, Any] = rows[0]
    return found


async def ask(neutron: Neutron, method: str, path: str, body: Any = None) -> Any:
    """The reply to an admin."""
    return await neutron.cloud.call(method, ROOT + path, body, user="admin")


async def silence(neutron: Neutron, host_id: str) -> None:
    """Let a host's last report be long ago."""
    async with neutron.cloud.db.write() as tx:
        long_ago = now() - datetime.timedelta(hours=1)
        await hosts.update_host(tx, host_id, seen_at=long_ago)  # type: ignore[arg-type]


async def test_agents_are_the_hosts_and_for_admins(neutron: Neutron, agent: FakeAgent) -> None:
    listed = (await neutron.get("/agents", "admin"))["agents"]
    kinds = {row["agent_type"] for row in listed}
    assert kinds == {"Linux bridge agent", "DHCP agent", "L3 agent", "Metadata agent"}
    assert all(row["host"] == "host1" and row["alive"] for row in listed)
    shown = (await neutron.get(f"/agents/{listed[0]['id']}", "admin"))["agent"]
    assert shown == listed[0]
    one = (await neutron.get("/agents?agent_type=DHCP agent&alive=true", "admin"))["agents"]
    assert len(one) == 1
    assert (await neutron.get("/agents"))["agents"] == []
    path = f"{ROOT}/agents/{listed[0]['id']}"
    assert (await neutron.cloud.call("GET", path)).status_code == 403
    gone = await neutron.cloud.call("GET", f"{ROOT}/agents/x", user="admin")
    assert gone.status_code == 404


async def test_the_zone_is_available_while_a_host_is_alive(
    neutron: Neutron, agent: FakeAgent
) -> None:
    zones = (await neutron.get("/availability_zones"))["availability_zones"]
    assert {(z["name"], z["resource"], z["state"]) for z in zones} == {
        ("nova", "network", "available"),
        ("nova", "router", "available"),
    }


async def test_admins_close_and_describe_agents(neutron: Neutron, agent: FakeAgent) -> None:
    id = (await agent_of(neutron, "L3 agent"))["id"]
    wish = {"agent": {"admin_state_up": False, "description": "old"}}
    changed = (await ask(neutron, "PUT", f"/agents/{id}", wish)).json()["agent"]
    assert (changed["admin_state_up"], changed["description"]) == (False, "old")
    assert (await agent_of(neutron, "L3 agent")) == changed
    assert (await agent_of(neutron, "DHCP agent"))["admin_state_up"] is True
    assert (await ask(neutron, "PUT", f"/agents/{id}", {"agent": {"host": "x"}})).status_code == 400
    forbidden = await neutron.cloud.call("PUT", f"{ROOT}/agents/{id}", wish)
    assert forbidden.status_code == 403


async def test_a_closed_agent_is_given_no_router_and_keeps_those_that_it_has(
    neutron: Neutron, agent: FakeAgent
) -> None:
    await launch(neutron, agent.host.id)
    await neutron.cloud.settle()
    first = await neutron.named("routers", "router1")
    id = (await agent_of(neutron, "L3 agent"))["id"]
    await ask(neutron, "PUT", f"/agents/{id}", {"agent": {"admin_state_up": False}})
    router = await neutron.make("routers")
    _, subnet = await neutron.make_network("10.9.0.0/24")
    await neutron.interface("add", router["id"], subnet_id=subnet["id"])
    reconciler = RouterReconciler(neutron.cloud.db, neutron.cloud.settings)
    assert isinstance(await reconciler.reconcile(router["id"]), Again)
    assert agent.holds(Kind.ROUTER) == [first["id"]]
    add = await ask(neutron, "POST", f"/agents/{id}/l3-routers", {"router_id": router["id"]})
    assert add.status_code == 404, add.text
    await ask(neutron, "PUT", f"/agents/{id}", {"agent": {"admin_state_up": True}})
    await neutron.cloud.settle()
    assert agent.holds(Kind.ROUTER) == sorted([first["id"], router["id"]])


async def test_only_an_agent_whose_host_is_away_is_deleted_until_it_comes_back(
    neutron: Neutron, agent: FakeAgent
) -> None:
    other = await add_host(neutron.cloud.db, "host2")
    id = (await agent_of(neutron, "Metadata agent", "host2"))["id"]
    refused = await ask(neutron, "DELETE", f"/agents/{id}")
    assert refused.status_code == 409 and "host2" in fault(refused)
    await silence(neutron, other.id)
    assert (await ask(neutron, "DELETE", f"/agents/{id}")).status_code == 204
    assert (await ask(neutron, "GET", f"/agents/{id}")).status_code == 404
    assert len((await neutron.get("/agents?host=host2", "admin"))["agents"]) == 3
    await other.report()
    assert (await ask(neutron, "GET", f"/agents/{id}")).json()["agent"]["alive"] is True


async def test_a_router_moves_to_the_agent_that_it_is_added_to(
    neutron: Neutron, agent: FakeAgent
) -> None:
    await launch(neutron, agent.host.id)
    await neutron.cloud.settle()
    router = await neutron.named("routers", "router1")
    async with running_agent(neutron.cloud, "host2") as second:
        old = (await agent_of(neutron, "L3 agent"))["id"]
        new = (await agent_of(neutron, "L3 agent", "host2"))["id"]
        body = {"router_id": router["id"]}
        refused = await ask(neutron, "POST", f"/agents/{new}/l3-routers", body)
        assert refused.status_code == 409
        gone = await ask(neutron, "DELETE", f"/agents/{old}/l3-routers/{router['id']}")
        assert gone.status_code == 204
        await neutron.cloud.settle()
        # In between nobody has it.
        assert agent.holds(Kind.ROUTER) == [] == second.holds(Kind.ROUTER)
        carriers = f"/routers/{router['id']}/l3-agents"
        assert (await neutron.get(carriers, "admin"))["agents"] == []
        legs = (await neutron.get(f"/ports?device_id={router['id']}", "admin"))["ports"]
        assert {(leg["status"], leg["binding:host_id"]) for leg in legs} == {("DOWN", "")}
        again = await ask(neutron, "DELETE", f"/agents/{old}/l3-routers/{router['id']}")
        assert again.status_code == 409
        added = await ask(neutron, "POST", f"/agents/{new}/l3-routers", body)
        assert added.status_code == 201
        (carrier,) = (await neutron.get(carriers, "admin"))["agents"]
        assert carrier["host"] == "host2"
        await neutron.cloud.settle()
        # Only the guest's own network is still there.
        private = await neutron.named("networks", "private")
        assert agent.holds(Kind.ROUTER) == [] and agent.holds(Kind.NETWORK) == [private["id"]]
        assert second.holds(Kind.ROUTER) == [router["id"]]
        legs = (await neutron.get(f"/ports?device_id={router['id']}", "admin"))["ports"]
        assert {(leg["status"], leg["binding:host_id"]) for leg in legs} == {("ACTIVE", "host2")}
        assert second.holds(Kind.NETWORK) == sorted(leg["network_id"] for leg in legs)
        listed = (await neutron.get(f"/agents/{new}/l3-routers", "admin"))["routers"]
        assert [row["id"] for row in listed] == [router["id"]]
        wrong = (await agent_of(neutron, "DHCP agent", "host2"))["id"]
        reply = await ask(neutron, "POST", f"/agents/{wrong}/l3-routers", body)
        assert reply.status_code == 404


async def test_more_hosts_serve_a_network_when_asked(neutron: Neutron, agent: FakeAgent) -> None:
    network, _ = await neutron.make_network("10.9.0.0/24")
    id = (await agent_of(neutron, "DHCP agent"))["id"]
    path = f"/agents/{id}/dhcp-networks"
    body = {"network_id": network["id"]}
    assert (await ask(neutron, "POST", path, body)).status_code == 201
    assert (await ask(neutron, "POST", path, body)).status_code == 409
    await neutron.cloud.settle()
    assert network["id"] in agent.holds(Kind.NETWORK)
    listed = (await neutron.get(path, "admin"))["networks"]
    assert network["id"] in [row["id"] for row in listed]
    (there,) = (await neutron.get(f"/networks/{network['id']}/dhcp-agents", "admin"))["agents"]
    assert there["id"] == id
    assert (await ask(neutron, "DELETE", f"{path}/{network['id']}")).status_code == 204
    await neutron.cloud.settle()
    assert network["id"] not in agent.holds(Kind.NETWORK)
    assert (await ask(neutron, "DELETE", f"{path}/{network['id']}")).status_code == 409
    # Where ports are, their host serves them.
    private = await neutron.named("networks", "private")
    assert (await ask(neutron, "DELETE", f"{path}/{private['id']}")).status_code == 409
    # A network that is wanted on a host goes like any other.
    assert (await ask(neutron, "POST", path, body)).status_code == 201
    assert await neutron.delete("networks", network["id"]) == 204
    await neutron.cloud.settle()
    assert network["id"] not in agent.holds(Kind.NETWORK)


async def test_agents_show_the_networks_and_routers_that_they_carry(
    neutron: Neutron, agent: FakeAgent
) -> None:
    listed = (await neutron.get("/agents", "admin"))["agents"]
    ids = {row["agent_type"]: row["id"] for row in listed}
    dhcp, l3 = ids["DHCP agent"], ids["L3 agent"]
    found = await neutron.get(f"/agents/{dhcp}/dhcp-networks", "admin")
    assert found == {"networks": []}
    external = (await neutron.get("/networks?router:external=true"))["networks"][0]["id"]
    gateway = {"network_id": external}
    router = await neutron.make("routers", name="r", external_gateway_info=gateway)
    await neutron.cloud.settle()
    carried = await neutron.get(f"/agents/{l3}/l3-routers", "admin")
    assert router["id"] in {row["id"] for row in carried["routers"]}
    for path in (f"/agents/{l3}/dhcp-networks", f"/agents/{dhcp}/l3-routers"):
        reply = await neutron.cloud.call("GET", ROOT + path, user="admin")
        assert reply.status_code == 404
