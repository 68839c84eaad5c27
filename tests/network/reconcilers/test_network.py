"""Networks on hosts."""

import msgspec

from fake_host import FakeAgent, running_agent
from network.neutron import Neutron
from network.servers import launch, release
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import NetworkSpec
from pilvi.network.model import NetworkRequest
from pilvi.network.reconcilers.network import NetworkReconciler
from pilvi.network.store.networks import list_networks_by_id


def spec(agent: FakeAgent, network_id: str) -> NetworkSpec:
    """What a host holds of a network."""
    return msgspec.json.decode(agent.held[Kind.NETWORK, network_id].spec, type=NetworkSpec)


async def test_a_network_follows_its_ports_with_all_their_leases(
    neutron: Neutron, agent: FakeAgent
) -> None:
    network, subnet = await neutron.make_network("10.9.0.0/24")
    waiting = await neutron.make("ports", network_id=network["id"])
    assert network["id"] not in agent.holds(Kind.NETWORK)
    server_id, (port,) = await launch(
        neutron, agent.host.id, NetworkRequest(network_id=network["id"])
    )
    await neutron.cloud.settle()
    held = spec(agent, network["id"])
    assert (held.mtu, held.is_external) == (1450, False)
    (served,) = held.subnets
    assert (served.cidr, served.gateway) == ("10.9.0.0/24", "10.9.0.1")
    assert served.dhcp_enabled and served.dhcp_address == "10.9.0.2"
    leases = {(lease.mac, lease.address, lease.hostname) for lease in held.leases}
    address = waiting["fixed_ips"][0]["ip_address"]
    assert leases == {
        (port.mac, port.addresses[0], "guest"),
        (waiting["mac_address"], address, f"host-{address.replace('.', '-')}"),
    }
    await neutron.put("subnets", subnet["id"], enable_dhcp=False)
    await neutron.cloud.settle()
    assert not spec(agent, network["id"]).subnets[0].dhcp_enabled
    assert spec(agent, network["id"]).leases == []
    await release(neutron, server_id)
    await neutron.cloud.settle()
    assert network["id"] not in agent.holds(Kind.NETWORK)
    assert await NetworkReconciler(neutron.cloud.db).list_unsettled() == []


async def test_a_network_leaves_a_host_after_its_ports(neutron: Neutron, agent: FakeAgent) -> None:
    network, _ = await neutron.make_network("10.9.0.0/24")
    server_id, _ = await launch(neutron, agent.host.id, NetworkRequest(network_id=network["id"]))
    await neutron.cloud.settle()
    agent.silent.add(Kind.PORT)
    await release(neutron, server_id)
    assert await neutron.delete("networks", network["id"]) == 204
    await neutron.cloud.settle()
    assert network["id"] in agent.holds(Kind.NETWORK)
    agent.silent.clear()
    await agent.answer_news()
    await neutron.cloud.settle()
    assert network["id"] not in agent.holds(Kind.NETWORK)
    async with neutron.cloud.db.read() as tx:
        assert await list_networks_by_id(tx, [network["id"]]) == {}


async def test_every_host_with_a_port_has_every_lease(neutron: Neutron, agent: FakeAgent) -> None:
    async with running_agent(neutron.cloud, "host2") as other:
        network, _ = await neutron.make_network("10.9.0.0/24")
        wish = NetworkRequest(network_id=network["id"])
        _, (one,) = await launch(neutron, agent.host.id, wish)
        _, (two,) = await launch(neutron, other.host.id, wish)
        await neutron.cloud.settle()
        for host in (agent, other):
            leases = {lease.port_id for lease in spec(host, network["id"]).leases}
            assert leases == {one.id, two.id}


async def test_dhcp_ports_become_active(neutron: Neutron, agent: FakeAgent) -> None:
    network = await neutron.named("networks", "private")
    await launch(neutron, agent.host.id)
    await neutron.cloud.settle()
    path = f"/ports?network_id={network['id']}&device_owner=network:dhcp"
    (port,) = (await neutron.get(path))["ports"]
    assert port["status"] == "ACTIVE"


async def test_segments_are_unique(neutron: Neutron) -> None:
    for name in ("a", "b", "c"):
        await neutron.make("networks", name=name)
    listed = (await neutron.get("/networks", "admin"))["networks"]
    segments = [row["provider:segmentation_id"] for row in listed if not row["router:external"]]
    assert len(set(segments)) == len(segments) == 4
