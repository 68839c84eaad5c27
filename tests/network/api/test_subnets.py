"""Conversations about subnets."""

from network.neutron import ROOT, Neutron, fault


async def test_gateway_and_pools_are_computed(neutron: Neutron) -> None:
    _, subnet = await neutron.make_network("10.9.0.7/24", name="blue")
    assert subnet["cidr"] == "10.9.0.0/24" and subnet["gateway_ip"] == "10.9.0.1"
    assert subnet["allocation_pools"] == [{"start": "10.9.0.2", "end": "10.9.0.254"}]
    assert subnet["enable_dhcp"] and subnet["ip_version"] == 4


async def test_a_gateway_in_the_middle_splits_the_pool(neutron: Neutron) -> None:
    network = await neutron.make("networks")
    wish = {"network_id": network["id"], "ip_version": 4, "cidr": "10.9.0.0/29"}
    subnet = await neutron.make("subnets", **wish, gateway_ip="10.9.0.3")
    assert subnet["allocation_pools"] == [
        {"start": "10.9.0.1", "end": "10.9.0.2"},
        {"start": "10.9.0.4", "end": "10.9.0.6"},
    ]
    await neutron.delete("subnets", subnet["id"])
    without = await neutron.make("subnets", **wish, gateway_ip=None)
    assert without["gateway_ip"] is None
    assert without["allocation_pools"] == [{"start": "10.9.0.1", "end": "10.9.0.6"}]


async def test_dhcp_takes_one_address_of_the_pool(neutron: Neutron) -> None:
    network, subnet = await neutron.make_network("10.9.0.0/24")
    path = f"/ports?network_id={network['id']}&device_owner=network:dhcp"
    (port,) = (await neutron.get(path))["ports"]
    assert port["fixed_ips"] == [{"subnet_id": subnet["id"], "ip_address": "10.9.0.2"}]
    await neutron.put("subnets", subnet["id"], enable_dhcp=False)
    assert (await neutron.get(path))["ports"] == []
    await neutron.put("subnets", subnet["id"], enable_dhcp=True)
    assert len((await neutron.get(path))["ports"]) == 1
    assert await neutron.delete("ports", port["id"]) == 404


async def test_overlap_on_one_network_is_refused(neutron: Neutron) -> None:
    network, subnet = await neutron.make_network("10.9.0.0/24")
    reply = await neutron.post(
        "subnets", network_id=network["id"], cidr="10.9.0.128/25", ip_version=4
    )
    assert reply.status_code == 400 and subnet["id"] in fault(reply)
    await neutron.make_network("10.9.0.0/24")


async def test_what_cannot_be_a_subnet_is_refused(neutron: Neutron) -> None:
    network = await neutron.make("networks")
    good = {"network_id": network["id"], "cidr": "10.9.0.0/24", "ip_version": 4}
    for wrong in (
        {"ip_version": 6},
        {"ip_version": 5},
        {"cidr": "2001:db8::/64"},
        {"ipv6_ra_mode": "slaac"},
        {"cidr": "10.0.0.0/33"},
        {"cidr": "nonsense"},
        {"cidr": "10.0.0.0/32"},
        {"cidr": "224.0.0.0/24"},
        {"cidr": "169.254.0.0/16"},
        {"cidr": None},
        {"gateway_ip": "10.8.0.1"},
        {"gateway_ip": "10.9.0.255"},
        {"allocation_pools": [{"start": "10.9.0.9", "end": "10.9.0.5"}]},
        {"allocation_pools": [{"start": "10.8.0.9", "end": "10.8.0.12"}]},
        # Configuration of the DHCP server is not smuggled in (OSSA-2014-039).
        {"dns_nameservers": ["8.8.8.8\ndhcp-script=/bin/sh"]},
        {"dns_nameservers": ["8.8.8.8", "8.8.8.8"]},
        {"host_routes": [{"destination": "10.8.0.0/24", "nexthop": "x"}]},
        {"subnetpool_id": "prefix_delegation"},
        {"prefixlen": 26},
        {"use_default_subnetpool": True},
        {"color": "red"},
    ):
        reply = await neutron.post("subnets", **{**good, **wrong})
        assert reply.status_code == 400, (wrong, reply.text)
    overlapping = [
        {"start": "10.9.0.5", "end": "10.9.0.9"},
        {"start": "10.9.0.9", "end": "10.9.0.12"},
    ]
    assert (await neutron.post("subnets", **good, allocation_pools=overlapping)).status_code == 409
    with_gateway = [{"start": "10.9.0.1", "end": "10.9.0.9"}]
    assert (await neutron.post("subnets", **good, allocation_pools=with_gateway)).status_code == 409
    assert (await neutron.get(f"/subnets?network_id={network['id']}"))["subnets"] == []


async def test_a_subnet_is_changed(neutron: Neutron) -> None:
    network = await neutron.make("networks")
    pools = [{"start": "10.9.0.10", "end": "10.9.0.20"}]
    wish = {"network_id": network["id"], "cidr": "10.9.0.0/24", "ip_version": 4}
    subnet = await neutron.make("subnets", **wish, allocation_pools=pools)
    routes = [{"destination": "10.7.0.0/24", "nexthop": "10.9.0.99"}]
    changed = {"name": "x", "gateway_ip": "10.9.0.2", "dns_nameservers": ["9.9.9.9"]}
    reply = await neutron.put("subnets", subnet["id"], **changed, host_routes=routes)
    assert reply.status_code == 200
    shown = (await neutron.get(f"/subnets/{subnet['id']}"))["subnet"]
    assert shown["host_routes"] == routes and shown["allocation_pools"] == pools
    assert {name: shown[name] for name in changed} == changed
    inside = await neutron.put("subnets", subnet["id"], gateway_ip="10.9.0.15")
    assert inside.status_code == 409
    assert (await neutron.put("subnets", subnet["id"], cidr="10.1.0.0/24")).status_code == 400


async def test_a_gateway_in_use_stays(neutron: Neutron) -> None:
    subnet = await neutron.named("subnets", "private-subnet")
    reply = await neutron.put("subnets", subnet["id"], gateway_ip=None)
    assert reply.status_code == 409


async def test_a_subnet_with_ports_is_not_deleted(neutron: Neutron) -> None:
    network, subnet = await neutron.make_network("10.9.0.0/24")
    port = await neutron.make("ports", network_id=network["id"])
    reply = await neutron.cloud.call("DELETE", f"{ROOT}/subnets/{subnet['id']}")
    assert reply.status_code == 409 and f"'openstack port delete {port['id']}'" in fault(reply)
    await neutron.delete("ports", port["id"])
    assert await neutron.delete("subnets", subnet["id"]) == 204
    left = await neutron.get(f"/ports?network_id={network['id']}")
    assert left["ports"] == []


async def test_nobody_makes_subnets_on_anothers_network(neutron: Neutron) -> None:
    shared = await neutron.make("networks", "admin", shared=True)
    hidden = await neutron.make("networks", "admin")
    wish = {"cidr": "10.9.0.0/24", "ip_version": 4}
    assert (await neutron.post("subnets", network_id=shared["id"], **wish)).status_code == 403
    assert (await neutron.post("subnets", network_id=hidden["id"], **wish)).status_code == 404
    subnet = await neutron.make("subnets", "admin", network_id=hidden["id"], **wish)
    reply = await neutron.cloud.call("GET", f"{ROOT}/subnets/{subnet['id']}")
    assert reply.status_code == 404
    assert await neutron.delete("subnets", subnet["id"]) == 404


async def test_a_list_makes_several(neutron: Neutron) -> None:
    network = await neutron.make("networks")
    wishes = [
        {"network_id": network["id"], "cidr": f"10.{n}.0.0/24", "ip_version": 4} for n in (8, 9)
    ]
    reply = await neutron.cloud.call("POST", f"{ROOT}/subnets", {"subnets": wishes})
    assert [row["cidr"] for row in reply.json()["subnets"]] == ["10.8.0.0/24", "10.9.0.0/24"]
    found = await neutron.get(f"/subnets?cidr=10.9.0.0/24&network_id={network['id']}&ip_version=4")
    assert [row["gateway_ip"] for row in found["subnets"]] == ["10.9.0.1"]
