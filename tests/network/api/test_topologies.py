"""Conversations about segments, pools of floating IPs, and networks for who asks for one."""

from network.neutron import ROOT, Neutron

TOPOLOGY = "/auto-allocated-topology/null"


async def test_floating_ips_come_from_external_subnets(neutron: Neutron) -> None:
    (pool,) = (await neutron.get("/floatingip-pools"))["floatingip_pools"]
    assert (pool["subnet_name"], pool["cidr"]) == ("public-subnet", "172.24.4.0/24")


async def test_routers_are_provided_in_one_way(neutron: Neutron) -> None:
    (row,) = (await neutron.get("/service-providers"))["service_providers"]
    assert row == {"service_type": "L3_ROUTER_NAT", "name": "single_node", "default": True}
    assert (await neutron.get("/service-providers?name=x"))["service_providers"] == []


async def test_a_project_is_given_a_network_once(neutron: Neutron) -> None:
    assert (await neutron.cloud.call("GET", ROOT + TOPOLOGY)).status_code == 409
    pool = {"name": "p", "prefixes": ["10.50.0.0/16"], "default_prefixlen": 24}
    await neutron.make("subnetpools", "admin", **pool, shared=True, is_default=True)
    tried = await neutron.get(f"{TOPOLOGY}?fields=dry-run")
    assert tried["auto_allocated_topology"]["id"] == "dry-run=pass"
    made = (await neutron.get(TOPOLOGY))["auto_allocated_topology"]
    assert (await neutron.get(TOPOLOGY))["auto_allocated_topology"] == made
    network = (await neutron.get(f"/networks/{made['id']}"))["network"]
    assert network["name"] == "auto_allocated_network" and len(network["subnets"]) == 1
    router = await neutron.named("routers", "auto_allocated_router")
    assert router["external_gateway_info"] is not None
    other = neutron.cloud.project_ids["admin"]
    reply = await neutron.cloud.call("GET", f"{ROOT}/auto-allocated-topology/{other}")
    assert reply.status_code == 403
    assert (await neutron.cloud.call("DELETE", ROOT + TOPOLOGY)).status_code == 204
    assert (await neutron.cloud.call("DELETE", ROOT + TOPOLOGY)).status_code == 404
    assert (await neutron.get("/routers?name=auto_allocated_router"))["routers"] == []
