"""Conversations about IPv6: subnets and their modes, ports and their addresses, routers."""

from typing import Any

import pytest

from network.neutron import ROOT, Neutron, fault
from pilvi.network.model.address import parse_subnet, slaac_address

PREFIX = parse_subnet("2001:db8::/64")


async def subnet6(neutron: Neutron, network_id: str, mode: str | None = None, **more: Any) -> Any:
    """A subnet of IPv6 in which guests get their addresses in a way."""
    modes = {} if mode is None else {"ipv6_ra_mode": mode, "ipv6_address_mode": mode}
    values = {"network_id": network_id, "ip_version": 6, "cidr": str(PREFIX), **modes, **more}
    return await neutron.make("subnets", **values)


async def test_a_subnet_has_the_range_gateway_and_pool_of_its_version(neutron: Neutron) -> None:
    network = await neutron.make("networks")
    made = await subnet6(neutron, network["id"], dns_nameservers=["2001:DB8::53"])
    assert (made["cidr"], made["gateway_ip"]) == ("2001:db8::/64", "2001:db8::1")
    assert made["allocation_pools"] == [
        {"start": "2001:db8::2", "end": "2001:db8::ffff:ffff:ffff:ffff"}
    ]
    assert made["dns_nameservers"] == ["2001:db8::53"]
    assert (made["ipv6_ra_mode"], made["ipv6_address_mode"]) == (None, None)
    shown = (await neutron.get("/subnets?ip_version=6"))["subnets"]
    assert [one["id"] for one in shown] == [made["id"]]
    shown = (await neutron.get(f"/subnets?ip_version=4&network_id={network['id']}"))["subnets"]
    assert shown == []


@pytest.mark.parametrize("mode", ["slaac", "dhcpv6-stateless"])
async def test_ports_have_the_address_of_their_mac(neutron: Neutron, mode: str) -> None:
    network = await neutron.make("networks")
    early = await neutron.make("ports", network_id=network["id"])
    subnet = await subnet6(neutron, network["id"], mode)
    shown = (await neutron.get(f"/ports/{early['id']}"))["port"]
    assert [f["ip_address"] for f in shown["fixed_ips"]] == [
        slaac_address(PREFIX, early["mac_address"])
    ]
    await neutron.make("subnets", network_id=network["id"], cidr="10.9.0.0/24", ip_version=4)
    port = await neutron.make("ports", network_id=network["id"], mac_address="fa:16:3e:01:02:03")
    assert {f["ip_address"] for f in port["fixed_ips"]} >= {"2001:db8::f816:3eff:fe01:203"}
    assert len(port["fixed_ips"]) == 2
    wish = [{"subnet_id": subnet["id"], "ip_address": "2001:db8::77"}]
    reply = await neutron.post("ports", network_id=network["id"], fixed_ips=wish)
    assert reply.status_code == 400 and "MAC" in fault(reply)
    assert await neutron.delete("subnets", subnet["id"]) == 204
    shown = (await neutron.get(f"/ports/{port['id']}"))["port"]
    assert len(shown["fixed_ips"]) == 1


async def test_stateful_addresses_come_from_the_pool(neutron: Neutron) -> None:
    network = await neutron.make("networks")
    pools = [{"start": "2001:db8::f000:0:0:10", "end": "2001:db8::f000:0:0:12"}]
    subnet = await subnet6(neutron, network["id"], "dhcpv6-stateful", allocation_pools=pools)
    # DHCP took the first.
    for last in (11, 12):
        port = await neutron.make("ports", network_id=network["id"])
        assert port["fixed_ips"][0]["ip_address"] == f"2001:db8::f000:0:0:{last}"
    assert (await neutron.post("ports", network_id=network["id"])).status_code == 409
    wish = [{"subnet_id": subnet["id"], "ip_address": "2001:db8::77"}]
    assert (await neutron.make("ports", network_id=network["id"], fixed_ips=wish))["fixed_ips"]
    reply = await neutron.post("ports", network_id=network["id"], fixed_ips=wish)
    assert reply.status_code == 409 and "IpAddressAlreadyAllocated" in reply.text
    wish = [{"subnet_id": subnet["id"], "ip_address": "2001:db9::77"}]
    reply = await neutron.post("ports", network_id=network["id"], fixed_ips=wish)
    assert reply.status_code == 400


async def test_modes_that_contradict_each_other_are_refused(neutron: Neutron) -> None:
    network = await neutron.make("networks")
    good = {"network_id": network["id"], "ip_version": 6, "cidr": str(PREFIX)}
    for wrong in (
        {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "dhcpv6-stateful"},
        {"ipv6_ra_mode": "nonsense"},
        {"ipv6_ra_mode": "slaac", "cidr": "2001:db8::/80"},
        {"ipv6_address_mode": "slaac", "enable_dhcp": False},
        {"gateway_ip": "10.0.0.1"},
        {"host_routes": [{"destination": "2001:db9::/64", "nexthop": "10.0.0.1"}]},
    ):
        reply = await neutron.post("subnets", **{**good, **wrong})
        assert reply.status_code == 400, (wrong, reply.text)


async def test_a_router_joins_both_versions_and_routes(neutron: Neutron) -> None:
    network, four = await neutron.make_network("10.9.0.0/24")
    six = await subnet6(neutron, network["id"], "slaac")
    router = await neutron.make("routers")
    for subnet in (four, six):
        reply = await neutron.interface("add", router["id"], subnet_id=subnet["id"])
        assert reply.status_code == 200, reply.text
    legs = (await neutron.get(f"/ports?device_id={router['id']}"))["ports"]
    addresses = {fixed["ip_address"] for leg in legs for fixed in leg["fixed_ips"]}
    assert addresses == {"10.9.0.1", "2001:db8::1"}
    routes = [{"destination": "2001:db9::/64", "nexthop": "2001:db8::9"}]
    reply = await neutron.put("routers", router["id"], routes=routes)
    assert reply.json()["router"]["routes"] == routes
    path = f"{ROOT}/routers/{router['id']}/remove_router_interface"
    refused = await neutron.cloud.call("PUT", path, {"subnet_id": six["id"]})
    assert refused.status_code == 409
    reply = await neutron.put("routers", router["id"], routes=[])
    assert (await neutron.cloud.call("PUT", path, {"subnet_id": six["id"]})).status_code == 200


async def test_floating_ips_stand_for_ipv4_only(neutron: Neutron) -> None:
    public = await neutron.named("networks", "public")
    network = await neutron.make("networks")
    await subnet6(neutron, network["id"])
    port = await neutron.make("ports", network_id=network["id"])
    reply = await neutron.post("floatingips", floating_network_id=public["id"], port_id=port["id"])
    assert reply.status_code == 400
