"""Conversations about a router's gateways as a list."""

from typing import Any

from network.neutron import ROOT, Neutron, fault


async def say(neutron: Neutron, verb: str, router_id: str, *gateways: Any) -> Any:
    """The reply to a wish about a router's gateways."""
    path = f"{ROOT}/routers/{router_id}/{verb}_external_gateways"
    return await neutron.cloud.call("PUT", path, {"router": {"external_gateways": [*gateways]}})


async def test_a_router_is_given_its_one_gateway_and_loses_it(neutron: Neutron) -> None:
    public = await neutron.named("networks", "public")
    router = await neutron.make("routers")
    gateway = {"network_id": public["id"]}
    added = (await say(neutron, "add", router["id"], gateway)).json()["router"]
    assert added["external_gateway_info"]["network_id"] == public["id"]
    second = await say(neutron, "add", router["id"], gateway)
    assert second.status_code == 400 and "has one" in fault(second)
    assert (await neutron.get(f"/routers/{router['id']}"))["router"] == added
    address = added["external_gateway_info"]["external_fixed_ips"][0]["ip_address"]
    wrong = {**gateway, "external_fixed_ips": [{"ip_address": "172.24.4.250"}]}
    assert (await say(neutron, "remove", router["id"], wrong)).status_code == 400
    private = await neutron.named("networks", "private")
    elsewhere = await say(neutron, "remove", router["id"], {"network_id": private["id"]})
    assert elsewhere.status_code == 400
    right = {**gateway, "external_fixed_ips": [{"ip_address": address}]}
    removed = (await say(neutron, "remove", router["id"], right)).json()["router"]
    assert removed["external_gateway_info"] is None
    assert (await say(neutron, "remove", router["id"], gateway)).status_code == 409


async def test_gateways_are_set_to_one_or_none(neutron: Neutron) -> None:
    public = await neutron.named("networks", "public")
    router = await neutron.make("routers")
    gateway = {"network_id": public["id"]}
    both = await say(neutron, "update", router["id"], gateway, gateway)
    assert both.status_code == 400
    assert (await neutron.get(f"/routers/{router['id']}"))["router"] == router
    one = (await say(neutron, "update", router["id"], gateway)).json()["router"]
    assert one["external_gateway_info"]["network_id"] == public["id"]
    none = (await say(neutron, "update", router["id"])).json()["router"]
    assert none["external_gateway_info"] is None
    assert (await say(neutron, "add", router["id"], {})).status_code == 400
    assert (await say(neutron, "add", "x", gateway)).status_code == 404


async def test_a_gateway_that_floating_ips_need_stays(neutron: Neutron) -> None:
    public = await neutron.named("networks", "public")
    router = await neutron.named("routers", "router1")
    private = await neutron.named("networks", "private")
    port = await neutron.make("ports", network_id=private["id"])
    wish = {"floating_network_id": public["id"], "port_id": port["id"]}
    await neutron.make("floatingips", **wish)
    reply = await say(neutron, "remove", router["id"], {"network_id": public["id"]})
    assert reply.status_code == 409
    assert (await say(neutron, "update", router["id"])).status_code == 409
