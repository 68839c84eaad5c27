"""Ports on hosts."""

import msgspec

from fake_host import FakeAgent, running_agent
from network.neutron import Neutron
from network.servers import launch, release, server_ports
from pilvi.host_api.contract import HostFault, Kind
from pilvi.host_api.networks import AddressSetSpec, PortSpec
from pilvi.network.operations.ports import bind_ports
from pilvi.network.reconcilers.port import PortReconciler


def spec(agent: FakeAgent, port_id: str) -> PortSpec:
    """What a host holds of a port."""
    return msgspec.json.decode(agent.held[Kind.PORT, port_id].spec, type=PortSpec)


def members(agent: FakeAgent, group_id: str) -> list[str]:
    """Who a host holds to be in a group."""
    held = agent.held[Kind.ADDRESS_SET, group_id]
    return msgspec.json.decode(held.spec, type=AddressSetSpec).addresses


async def test_a_bound_port_reaches_its_host_and_becomes_active(
    neutron: Neutron, agent: FakeAgent
) -> None:
    server_id, (port,) = await launch(neutron, agent.host.id)
    assert (await server_ports(neutron, server_id))[0].status == "DOWN"
    await neutron.cloud.settle()
    held = spec(agent, port.id)
    assert (held.server_id, held.mac, held.addresses) == (server_id, port.mac, port.addresses)
    assert held.port_security and held.admin_state_up
    group = await neutron.named("security-groups", "default")
    assert {(rule.direction, rule.ip_version, rule.remote_set) for rule in held.rules} == {
        *(("egress", version, None) for version in (4, 6)),
        *(("ingress", version, group["id"]) for version in (4, 6)),
    }
    assert members(agent, group["id"]) == port.addresses
    assert (await server_ports(neutron, server_id))[0].status == "ACTIVE"
    shown = (await neutron.get(f"/ports/{port.id}", "admin"))["port"]
    assert (shown["binding:host_id"], shown["binding:vif_type"]) == ("host1", "bridge")
    assert await PortReconciler(neutron.cloud.db).list_unsettled() == []


async def test_a_fault_is_error_and_mends(neutron: Neutron, agent: FakeAgent) -> None:
    agent.faults[Kind.PORT] = HostFault(kind="Unavailable", message="cannot make a tap")
    server_id, (port,) = await launch(neutron, agent.host.id)
    await neutron.cloud.settle()
    (shown,) = await server_ports(neutron, server_id)
    assert (shown.status, shown.fault) == ("ERROR", "cannot make a tap")
    assert await PortReconciler(neutron.cloud.db).list_unsettled() == [port.id]
    del agent.faults[Kind.PORT]
    await neutron.put("ports", port.id, name="x", admin_state_up=False)
    await neutron.cloud.settle()
    (shown,) = await server_ports(neutron, server_id)
    assert (shown.status, shown.fault) == ("ACTIVE", "")
    assert not spec(agent, port.id).admin_state_up


async def test_members_of_a_remote_group_follow(neutron: Neutron, agent: FakeAgent) -> None:
    one, (first,) = await launch(neutron, agent.host.id)
    two, (second,) = await launch(neutron, agent.host.id)
    await neutron.cloud.settle()

    group = (await neutron.named("security-groups", "default"))["id"]
    assert members(agent, group) == sorted([*first.addresses, *second.addresses])
    before = agent.held[Kind.PORT, first.id].generation
    await release(neutron, two)
    await neutron.cloud.settle()
    assert members(agent, group) == first.addresses
    assert agent.held[Kind.PORT, first.id].generation == before, "a member changes no other port"
    pair = [{"ip_address": "10.0.0.200"}]
    await neutron.put("ports", first.id, allowed_address_pairs=pair)
    await neutron.cloud.settle()
    assert "10.0.0.200" in members(agent, group)
    assert spec(agent, first.id).allowed_pairs == [(first.mac, "10.0.0.200/32")]
    assert (await server_ports(neutron, one))[0].status == "ACTIVE"


async def test_rules_of_other_groups_follow_their_members(
    neutron: Neutron, agent: FakeAgent
) -> None:
    web = await neutron.make("security-groups", name="web")
    database = await neutron.make("security-groups", name="database")
    rule = {"security_group_id": database["id"], "direction": "ingress", "protocol": "tcp"}
    made = await neutron.make(
        "security-group-rules",
        **rule,
        port_range_min=5432,
        port_range_max=5432,
        remote_group_id=web["id"],
    )
    _, (store,) = await launch(neutron, agent.host.id, groups=["database"])
    await neutron.cloud.settle()
    (inside,) = [r for r in spec(agent, store.id).rules if r.direction == "ingress"]
    assert (inside.protocol, inside.port_min, inside.remote_set) == ("tcp", 5432, web["id"])
    assert members(agent, web["id"]) == []
    _, (front,) = await launch(neutron, agent.host.id, groups=["web"])
    await neutron.cloud.settle()
    assert members(agent, web["id"]) == front.addresses
    await neutron.delete("security-group-rules", made["id"])
    await neutron.cloud.settle()
    assert all(r.direction == "egress" for r in spec(agent, store.id).rules)
    assert (Kind.ADDRESS_SET, web["id"]) not in agent.held, "no rule names the group any more"


async def test_a_deleted_port_goes_when_its_host_lets_go(
    neutron: Neutron, agent: FakeAgent
) -> None:
    _, (port,) = await launch(neutron, agent.host.id)
    await neutron.cloud.settle()
    agent.silent.add(Kind.PORT)
    assert await neutron.delete("ports", port.id) == 204
    assert await neutron.delete("ports", port.id) == 404
    await neutron.cloud.settle()
    wish = [{"ip_address": port.addresses[0]}]
    reply = await neutron.post("ports", network_id=port.network_id, fixed_ips=wish)
    assert reply.status_code == 409
    agent.silent.clear()
    await agent.answer_news()
    await neutron.cloud.settle()
    reply = await neutron.post("ports", network_id=port.network_id, fixed_ips=wish)
    assert reply.status_code == 201
    assert agent.holds(Kind.PORT) == []


async def test_a_port_is_on_one_host_at_a_time(neutron: Neutron, agent: FakeAgent) -> None:
    async with running_agent(neutron.cloud, "host2") as other:
        server_id, (port,) = await launch(neutron, agent.host.id)
        await neutron.cloud.settle()
        agent.silent.add(Kind.PORT)
        async with neutron.cloud.db.write() as tx:
            await bind_ports(tx, server_id, other.host.id)
        await neutron.cloud.settle()
        assert other.holds(Kind.PORT) == []
        agent.silent.clear()
        await agent.answer_news()
        await neutron.cloud.settle()
        assert agent.holds(Kind.PORT) == [] and other.holds(Kind.PORT) == [port.id]
        assert port.network_id in other.holds(Kind.NETWORK)
