"""Conversations about address groups."""

from typing import Any

import msgspec

from fake_host import FakeAgent
from network.neutron import ROOT, Neutron
from network.servers import launch
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import AddressSetSpec


async def change(neutron: Neutron, id: str, verb: str, *addresses: str) -> Any:
    """The reply to add_addresses or remove_addresses."""
    body = {"address_group": {"addresses": list(addresses)}}
    return await neutron.cloud.call("PUT", f"{ROOT}/address-groups/{id}/{verb}_addresses", body)


async def test_addresses_come_and_go(neutron: Neutron) -> None:
    group = await neutron.make("address-groups", name="g", addresses=["10.0.0.1", "10.0.0.1/32"])
    assert group["addresses"] == ["10.0.0.1/32"]
    reply = await change(neutron, group["id"], "add", "2001:db8::/64")
    assert reply.json()["address_group"]["addresses"] == ["10.0.0.1/32", "2001:db8::/64"]
    assert (await change(neutron, group["id"], "add", "10.0.0.1")).status_code == 400
    reply = await change(neutron, group["id"], "remove", "10.0.0.1")
    assert reply.json()["address_group"]["addresses"] == ["2001:db8::/64"]
    assert (await change(neutron, group["id"], "remove", "10.0.0.1")).status_code == 400
    assert (await change(neutron, group["id"], "add", "0/0 ; drop")).status_code == 400
    reply = await neutron.put("address-groups", group["id"], name="h")
    assert reply.json()["address_group"]["name"] == "h"
    many = [f"10.0.{n // 250}.{n % 250}" for n in range(1001)]
    assert (await change(neutron, group["id"], "add", *many)).status_code == 409


async def test_a_rule_names_it_and_hosts_hold_it_once(neutron: Neutron, agent: FakeAgent) -> None:
    """OSSN-0095: the filter follows the members, and nothing stays open without them."""
    group = await neutron.make("address-groups", name="g", addresses=["10.5.0.0/24"])
    for _ in range(2):
        await launch(neutron, agent.host.id)
    default = await neutron.named("security-groups", "default")
    rule = await neutron.make(
        "security-group-rules",
        security_group_id=default["id"],
        direction="ingress",
        remote_address_group_id=group["id"],
    )
    assert rule["remote_address_group_id"] == group["id"]
    await neutron.cloud.settle()

    def held() -> list[str]:
        spec = agent.held[Kind.ADDRESS_SET, group["id"]].spec
        return msgspec.json.decode(spec, type=AddressSetSpec).addresses

    assert held() == ["10.5.0.0/24"]
    ports = {id: agent.held[kind, id].generation for kind, id in agent.held if kind is Kind.PORT}
    await change(neutron, group["id"], "add", "10.6.0.0/24")
    await neutron.cloud.settle()
    assert held() == ["10.5.0.0/24", "10.6.0.0/24"]
    assert ports == {i: agent.held[k, i].generation for k, i in agent.held if k is Kind.PORT}
    assert await neutron.delete("address-groups", group["id"]) == 409
    assert await neutron.delete("security-group-rules", rule["id"]) == 204
    await neutron.cloud.settle()
    assert (Kind.ADDRESS_SET, group["id"]) not in agent.held
    assert await neutron.delete("address-groups", group["id"]) == 204


async def test_anothers_group_is_not_named(neutron: Neutron) -> None:
    theirs = await neutron.make("address-groups", "admin", name="g")
    default = await neutron.named("security-groups", "default")
    reply = await neutron.post(
        "security-group-rules",
        security_group_id=default["id"],
        direction="ingress",
        remote_address_group_id=theirs["id"],
    )
    assert reply.status_code == 404
    assert (
        await neutron.cloud.call("GET", f"{ROOT}/address-groups/{theirs['id']}")
    ).status_code == 404
