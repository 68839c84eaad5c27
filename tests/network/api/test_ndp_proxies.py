"""Conversations about NDP proxies."""

import msgspec

from fake_host import FakeAgent
from network.neutron import ROOT, Neutron, fault
from network.proxied import make_proxied
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import RouterSpec


async def test_a_proxy_reaches_the_routers_host_and_goes_with_its_port(
    neutron: Neutron, agent: FakeAgent
) -> None:
    there = await make_proxied(neutron)

    def held() -> RouterSpec:
        spec = agent.held[Kind.ROUTER, there.router_id].spec
        return msgspec.json.decode(spec, type=RouterSpec)

    port = await neutron.make("ports", network_id=there.network_id)
    (address,) = [fixed["ip_address"] for fixed in port["fixed_ips"]]
    made = await neutron.make(
        "ndp-proxies", name="p", router_id=there.router_id, port_id=port["id"]
    )
    assert (made["ip_address"], made["name"]) == (address, "p")
    await neutron.cloud.settle()
    assert held().enable_ndp_proxy and held().ndp_proxies == [address]
    again = await neutron.post("ndp-proxies", router_id=there.router_id, port_id=port["id"])
    assert again.status_code == 409
    renamed = await neutron.put("ndp-proxies", made["id"], name="q", description="d")
    assert (renamed.json()["ndp_proxy"]["name"], renamed.status_code) == ("q", 200)
    found = await neutron.get(f"/ndp-proxies?ip_address={address}")
    assert [one["id"] for one in found["ndp_proxies"]] == [made["id"]]
    await neutron.delete("ports", port["id"])
    await neutron.cloud.settle()
    assert held().ndp_proxies == []
    assert (await neutron.get("/ndp-proxies"))["ndp_proxies"] == []


async def test_what_proxies_need_stays_while_they_are_there(neutron: Neutron) -> None:
    there = await make_proxied(neutron)
    port = await neutron.make("ports", network_id=there.network_id)
    made = await neutron.make("ndp-proxies", router_id=there.router_id, port_id=port["id"])
    off = await neutron.put("routers", there.router_id, enable_ndp_proxy=False)
    assert off.status_code == 409 and "NDP proxies" in fault(off)
    none = await neutron.put("routers", there.router_id, external_gateway_info=None)
    assert none.status_code == 409
    gone = await neutron.interface("remove", there.router_id, subnet_id=there.subnet_id)
    assert gone.status_code == 409 and "NDP proxies" in fault(gone)
    assert await neutron.delete("ndp-proxies", made["id"]) == 204
    off = await neutron.put("routers", there.router_id, enable_ndp_proxy=False)
    assert off.json()["router"]["enable_ndp_proxy"] is False
    refused = await neutron.post("ndp-proxies", router_id=there.router_id, port_id=port["id"])
    assert refused.status_code == 409 and "enable_ndp_proxy" in fault(refused)


async def test_only_addresses_of_the_outer_networks_scope_are_proxied(neutron: Neutron) -> None:
    """Nobody has a router answer for an address that may be somebody else's."""
    there = await make_proxied(neutron)
    stolen = await neutron.make("networks")
    subnet = await neutron.make(
        "subnets", network_id=stolen["id"], ip_version=6, cidr="2001:db8:77::/64"
    )
    port = await neutron.make("ports", network_id=stolen["id"])
    wish = {"router_id": there.router_id, "port_id": port["id"]}
    behind = await neutron.post("ndp-proxies", **wish)
    assert behind.status_code == 409 and "not behind" in fault(behind)
    assert (await neutron.interface("add", there.router_id, subnet_id=subnet["id"])).is_success
    scope = await neutron.post("ndp-proxies", **wish)
    assert scope.status_code == 409 and "address scope" in fault(scope)
    four = await neutron.make(
        "ports", network_id=(await neutron.named("networks", "private"))["id"]
    )
    none = await neutron.post("ndp-proxies", router_id=there.router_id, port_id=four["id"])
    assert none.status_code == 400
    other = await neutron.make("ports", network_id=there.network_id)
    zoned = {"router_id": there.router_id, "port_id": other["id"], "ip_address": "fe80::1%x"}
    assert (await neutron.post("ndp-proxies", **zoned)).status_code == 400


async def test_a_router_without_ipv6_outside_answers_for_nobody(neutron: Neutron) -> None:
    there = await make_proxied(neutron, external_gateway_info=None)
    port = await neutron.make("ports", network_id=there.network_id)
    wish = {"router_id": there.router_id, "port_id": port["id"]}
    refused = await neutron.post("ndp-proxies", **wish)
    assert refused.status_code == 409 and "no IPv6 address" in fault(refused)
    strange = await neutron.cloud.call("GET", f"{ROOT}/ndp-proxies/{port['id']}")
    assert strange.status_code == 404
