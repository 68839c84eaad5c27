"""Conversations about floating IPs."""

from typing import Any

from network.neutron import ROOT, Neutron, fault


async def guest_port(neutron: Neutron, **fields: Any) -> dict[str, Any]:
    """A port on the private network."""
    network = await neutron.named("networks", "private")
    return await neutron.make("ports", network_id=network["id"], **fields)


async def take(neutron: Neutron, user: str = "demo", **fields: Any) -> Any:
    """The reply to a wish for a floating IP of public."""
    public = await neutron.named("networks", "public")
    return await neutron.post("floatingips", user, floating_network_id=public["id"], **fields)


async def test_a_floating_ip_is_taken_used_moved_and_given_back(neutron: Neutron) -> None:
    one, two = await guest_port(neutron), await guest_port(neutron)
    made = (await take(neutron)).json()["floatingip"]
    assert made["port_id"] is None and made["status"] == "DOWN"
    address = made["floating_ip_address"]
    assert address.startswith("172.24.4.")
    router = await neutron.named("routers", "router1")
    used = (await neutron.put("floatingips", made["id"], port_id=one["id"])).json()["floatingip"]
    assert used["fixed_ip_address"] == one["fixed_ips"][0]["ip_address"]
    assert used["router_id"] == router["id"] and used["port_details"]["status"] == "DOWN"
    moved = (await neutron.put("floatingips", made["id"], port_id=two["id"])).json()["floatingip"]
    assert moved["port_id"] == two["id"]
    found = await neutron.get(f"/floatingips?floating_ip_address={address}")
    assert [row["id"] for row in found["floatingips"]] == [made["id"]]
    free = (await neutron.put("floatingips", made["id"], port_id=None)).json()["floatingip"]
    assert (free["port_id"], free["fixed_ip_address"], free["router_id"]) == (None, None, None)
    assert await neutron.delete("floatingips", made["id"]) == 204
    held = await neutron.get(f"/ports?fixed_ips=ip_address={address}", "admin")
    assert held["ports"] == []


async def test_made_for_a_port_and_lost_with_it(neutron: Neutron) -> None:
    port = await guest_port(neutron)
    made = (await take(neutron, port_id=port["id"])).json()["floatingip"]
    assert made["port_id"] == port["id"]
    again = await take(neutron, port_id=port["id"])
    assert again.status_code == 409 and made["floating_ip_address"] in fault(again)
    assert await neutron.delete("ports", port["id"]) == 204
    left = (await neutron.get(f"/floatingips/{made['id']}"))["floatingip"]
    assert left["port_id"] is None and left["router_id"] is None


async def test_a_port_with_several_addresses_needs_a_choice(neutron: Neutron) -> None:
    wish = [{"ip_address": "10.0.0.50"}, {"ip_address": "10.0.0.51"}]
    port = await guest_port(neutron, fixed_ips=wish)
    assert (await take(neutron, port_id=port["id"])).status_code == 400
    chosen = await take(neutron, port_id=port["id"], fixed_ip_address="10.0.0.51")
    assert chosen.json()["floatingip"]["fixed_ip_address"] == "10.0.0.51"
    wrong = await take(neutron, port_id=port["id"], fixed_ip_address="10.0.0.52")
    assert wrong.status_code == 400
    assert (await take(neutron, fixed_ip_address="10.0.0.50")).status_code == 400


async def test_an_unreachable_external_network_is_said(neutron: Neutron) -> None:
    network, _ = await neutron.make_network("10.9.0.0/24")
    port = await neutron.make("ports", network_id=network["id"])
    reply = await take(neutron, port_id=port["id"])
    assert reply.status_code == 404 and "is not reachable from subnet" in fault(reply)
    assert (await neutron.get("/floatingips"))["floatingips"] == []


async def test_only_external_networks_have_floating_ips(neutron: Neutron) -> None:
    private = await neutron.named("networks", "private")
    reply = await neutron.post("floatingips", floating_network_id=private["id"])
    assert reply.status_code == 400
    assert (await neutron.post("floatingips", floating_network_id="x")).status_code == 404
    assert (await neutron.post("floatingips")).status_code == 400


async def test_admins_choose_the_address(neutron: Neutron) -> None:
    wish = {"floating_ip_address": "172.24.4.99"}
    assert (await take(neutron, **wish)).status_code == 403
    made = await take(neutron, "admin", **wish)
    assert made.json()["floatingip"]["floating_ip_address"] == "172.24.4.99"
    assert (await take(neutron, "admin", **wish)).status_code == 409
    outside = await take(neutron, "admin", floating_ip_address="10.0.0.9")
    assert outside.status_code == 400


async def test_anothers_floating_ip_and_port_do_not_exist(neutron: Neutron) -> None:
    theirs = (await take(neutron, "admin")).json()["floatingip"]
    port = await guest_port(neutron)
    reply = await neutron.cloud.call("GET", f"{ROOT}/floatingips/{theirs['id']}")
    assert reply.status_code == 404
    assert (await neutron.put("floatingips", theirs["id"], port_id=port["id"])).status_code == 404
    assert await neutron.delete("floatingips", theirs["id"]) == 404
    network, _ = await neutron.make_network("10.9.0.0/24", "admin")
    foreign = await neutron.make("ports", "admin", network_id=network["id"])
    assert (await take(neutron, port_id=foreign["id"])).status_code == 404


async def test_a_router_keeps_what_floating_ips_need(neutron: Neutron) -> None:
    router = await neutron.named("routers", "router1")
    subnet = await neutron.named("subnets", "private-subnet")
    port = await guest_port(neutron)
    made = (await take(neutron, port_id=port["id"])).json()["floatingip"]
    leg = await neutron.interface("remove", router["id"], subnet_id=subnet["id"])
    assert leg.status_code == 409 and "floating IPs" in fault(leg)
    gateway = await neutron.put("routers", router["id"], external_gateway_info=None)
    assert gateway.status_code == 409
    await neutron.delete("floatingips", made["id"])
    gateway = await neutron.put("routers", router["id"], external_gateway_info=None)
    assert gateway.status_code == 200
    leg = await neutron.interface("remove", router["id"], subnet_id=subnet["id"])
    assert leg.status_code == 200


async def test_an_address_taken_from_a_port_takes_its_floating_ip_along(neutron: Neutron) -> None:
    port = await guest_port(neutron)
    made = (await take(neutron, port_id=port["id"])).json()["floatingip"]
    await neutron.put("ports", port["id"], fixed_ips=[{"ip_address": "10.0.0.77"}])
    left = (await neutron.get(f"/floatingips/{made['id']}"))["floatingip"]
    assert left["port_id"] is None
