"""Conversations about routers."""

from typing import Any

from network.neutron import ROOT, Neutron, fault


async def test_the_first_router_joins_private_and_public(neutron: Neutron) -> None:
    router = await neutron.named("routers", "router1")
    public = await neutron.named("networks", "public")
    gateway = router["external_gateway_info"]
    assert gateway["network_id"] == public["id"] and gateway["enable_snat"]
    assert gateway["external_fixed_ips"][0]["ip_address"].startswith("172.24.4.")
    legs = await neutron.get(f"/ports?device_id={router['id']}")
    (leg,) = legs["ports"]
    assert leg["fixed_ips"][0]["ip_address"] == "10.0.0.1"
    reply = await neutron.cloud.call("DELETE", f"{ROOT}/routers/{router['id']}")
    assert reply.status_code == 409
    command = f"openstack router remove port {router['id']} {leg['id']}"
    whose = f"port {leg['id']}, of the router {router['id']}"
    assert f"first {whose}: '{command}' takes it away" in fault(reply)


async def test_interfaces_come_and_go_by_subnet_and_by_port(neutron: Neutron) -> None:
    router = await neutron.make("routers", name="r")
    network, subnet = await neutron.make_network("10.9.0.0/24")
    added = await neutron.interface("add", router["id"], subnet_id=subnet["id"])
    assert added.status_code == 200
    body = added.json()
    assert body["id"] == router["id"] and body["subnet_ids"] == [subnet["id"]]
    port = (await neutron.get(f"/ports/{body['port_id']}"))["port"]
    assert port["fixed_ips"][0]["ip_address"] == "10.9.0.1"
    again = await neutron.interface("add", router["id"], subnet_id=subnet["id"])
    assert again.status_code == 400
    removed = await neutron.interface("remove", router["id"], subnet_id=subnet["id"])
    assert removed.status_code == 200 and removed.json()["port_id"] == body["port_id"]
    gone = await neutron.interface("remove", router["id"], subnet_id=subnet["id"])
    assert gone.status_code == 404
    own = await neutron.make("ports", network_id=network["id"])
    assert (await neutron.interface("add", router["id"], port_id=own["id"])).status_code == 200
    shown = (await neutron.get(f"/ports/{own['id']}"))["port"]
    assert shown["device_owner"] == "network:router_interface" and shown["security_groups"] == []
    other = await neutron.make("routers")
    taken = await neutron.interface("add", other["id"], port_id=own["id"])
    assert taken.status_code == 409
    assert (await neutron.interface("remove", router["id"], port_id=own["id"])).status_code == 200
    assert await neutron.delete("routers", router["id"]) == 204


async def test_bad_interfaces_are_refused(neutron: Neutron) -> None:
    router = await neutron.make("routers")
    _, one = await neutron.make_network("10.9.0.0/24")
    _, overlapping = await neutron.make_network("10.9.0.0/16")
    network = await neutron.make("networks")
    bare = await neutron.make(
        "subnets", network_id=network["id"], cidr="10.7.0.0/24", ip_version=4, gateway_ip=None
    )
    assert (await neutron.interface("add", router["id"], subnet_id=one["id"])).status_code == 200
    for body in ({}, {"subnet_id": overlapping["id"]}, {"subnet_id": bare["id"]}):
        reply = await neutron.interface("add", router["id"], **body)
        assert reply.status_code == 400, body
    both = {"subnet_id": one["id"], "port_id": "x"}
    assert (await neutron.interface("add", router["id"], **both)).status_code == 400
    assert (await neutron.interface("remove", router["id"])).status_code == 400
    third = await neutron.make("routers")
    taken = await neutron.interface("add", third["id"], subnet_id=one["id"])
    assert taken.status_code == 409


async def test_nobody_joins_what_is_anothers(neutron: Neutron) -> None:
    mine = await neutron.make("routers")
    theirs = await neutron.make("routers", "admin")
    _, hidden = await neutron.make_network("10.8.0.0/24", "admin")
    shared_network, shared = await neutron.make_network("10.9.0.0/24", "admin", shared=True)
    _, own = await neutron.make_network("10.7.0.0/24")
    assert (await neutron.interface("add", mine["id"], subnet_id=hidden["id"])).status_code == 404
    assert (await neutron.interface("add", mine["id"], subnet_id=shared["id"])).status_code == 400
    assert (await neutron.interface("add", theirs["id"], subnet_id=own["id"])).status_code == 404
    reply = await neutron.cloud.call("GET", f"{ROOT}/routers/{theirs['id']}")
    assert reply.status_code == 404
    assert await neutron.delete("routers", theirs["id"]) == 404
    port = await neutron.make("ports", "admin", network_id=shared_network["id"])
    assert (await neutron.interface("add", mine["id"], port_id=port["id"])).status_code == 404


async def test_the_gateway_is_set_changed_and_cleared(neutron: Neutron) -> None:
    public = await neutron.named("networks", "public")
    private = await neutron.named("networks", "private")
    wish = {"network_id": public["id"]}
    router = await neutron.make("routers", external_gateway_info=wish)
    address = router["external_gateway_info"]["external_fixed_ips"][0]["ip_address"]
    same = await neutron.put("routers", router["id"], external_gateway_info=wish)
    assert same.json()["router"]["external_gateway_info"] == router["external_gateway_info"]
    no_snat = {**wish, "enable_snat": False}
    assert (
        await neutron.put("routers", router["id"], external_gateway_info=no_snat)
    ).status_code == 403
    by_admin = await neutron.put("routers", router["id"], "admin", external_gateway_info=no_snat)
    changed = by_admin.json()["router"]["external_gateway_info"]
    assert changed["enable_snat"] is False
    assert changed["external_fixed_ips"][0]["ip_address"] == address
    fixed = {**wish, "external_fixed_ips": [{"ip_address": "172.24.4.200"}]}
    assert (
        await neutron.put("routers", router["id"], external_gateway_info=fixed)
    ).status_code == 403
    moved = await neutron.put("routers", router["id"], "admin", external_gateway_info=fixed)
    info = moved.json()["router"]["external_gateway_info"]
    assert [one["ip_address"] for one in info["external_fixed_ips"]] == ["172.24.4.200"]
    used = await neutron.post("routers", "admin", external_gateway_info=fixed)
    assert used.status_code == 409
    for empty in ({}, None):
        cleared = await neutron.put("routers", router["id"], external_gateway_info=empty)
        assert cleared.json()["router"]["external_gateway_info"] is None
    inside = await neutron.post("routers", external_gateway_info={"network_id": private["id"]})
    assert inside.status_code == 400
    nowhere = await neutron.post("routers", external_gateway_info={"network_id": "nobody"})
    assert nowhere.status_code == 404


async def test_routes_go_through_the_routers_own_subnets(neutron: Neutron) -> None:
    router = await neutron.named("routers", "router1")

    def route(to: str, via: str) -> list[dict[str, Any]]:
        return [{"destination": to, "nexthop": via}]

    wish = route("10.7.0.0/24", "10.0.0.99")
    reply = await neutron.put("routers", router["id"], routes=wish)
    assert reply.json()["router"]["routes"] == wish
    for wrong in (route("10.7.0.0/24", "10.8.0.1"), route("x", "10.0.0.9"), [*wish, *wish]):
        reply = await neutron.put("routers", router["id"], routes=wrong)
        assert reply.status_code == 400, wrong
    path = f"{ROOT}/routers/{router['id']}"
    more = route("10.6.0.0/24", "10.0.0.98")
    added = await neutron.cloud.call("PUT", f"{path}/add_extraroutes", {"router": {"routes": more}})
    assert added.json()["router"]["routes"] == [*wish, *more]
    left = await neutron.cloud.call(
        "PUT", f"{path}/remove_extraroutes", {"router": {"routes": wish}}
    )
    assert left.json()["router"]["routes"] == more
    subnet = await neutron.named("subnets", "private-subnet")
    needed = await neutron.interface("remove", router["id"], subnet_id=subnet["id"])
    assert needed.status_code == 409 and "routes" in fault(needed)


async def test_what_is_not_served_is_said(neutron: Neutron) -> None:
    for field in ({"distributed": True}, {"ha": True}):
        reply = await neutron.post("routers", "admin", **field)
        assert reply.status_code == 400 and next(iter(field)) in fault(reply)
    plain = await neutron.make("routers", distributed=False, ha=False, name="plain")
    assert (await neutron.named("routers", "plain"))["id"] == plain["id"]
