"""Conversations about port forwardings."""

from typing import Any

import msgspec
import pytest

from fake_host import FakeAgent
from network.neutron import ROOT, Neutron
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import RouterSpec


@pytest.fixture
async def floating(neutron: Neutron) -> dict[str, Any]:
    """A floating IP that stands for nothing."""
    public = await neutron.named("networks", "public")
    return await neutron.make("floatingips", floating_network_id=public["id"])


@pytest.fixture
async def port(neutron: Neutron) -> dict[str, Any]:
    """A port behind the router."""
    private = await neutron.named("networks", "private")
    return await neutron.make("ports", network_id=private["id"])


async def forward(neutron: Neutron, floating: Any, port: Any, **fields: Any) -> Any:
    """The reply to forwarding port 2222 to 22."""
    wish = {"protocol": "tcp", "external_port": 2222, "internal_port": 22}
    path = f"floatingips/{floating['id']}/port_forwardings"
    body = {**wish, "internal_port_id": port["id"], **fields}
    given = {name: value for name, value in body.items() if value is not None}
    return await neutron.post_to(path, "port_forwarding", **given)


async def test_ports_lead_to_a_guest(
    neutron: Neutron, agent: FakeAgent, floating: dict[str, Any], port: dict[str, Any]
) -> None:
    reply = await forward(neutron, floating, port)
    assert reply.status_code == 201, reply.text
    made = reply.json()["port_forwarding"]
    assert made["internal_ip_address"] == port["fixed_ips"][0]["ip_address"]
    ranges = {"external_port": None, "internal_port": None}
    ranges |= {"external_port_range": "8000:8010", "internal_port_range": "9000:9010"}
    assert (await forward(neutron, floating, port, **ranges)).status_code == 201
    shown = (await neutron.get(f"/floatingips/{floating['id']}"))["floatingip"]
    assert len(shown["port_forwardings"]) == 2 and shown["port_id"] is None
    assert shown["router_id"] is not None
    await neutron.cloud.settle()
    spec = msgspec.json.decode(agent.held[Kind.ROUTER, shown["router_id"]].spec, type=RouterSpec)
    assert {(f.external_first, f.external_last, f.internal_first) for f in spec.forwardings} == {
        *((2222, 2222, 22), (8000, 8010, 9000))
    }
    path = f"{ROOT}/floatingips/{floating['id']}/port_forwardings/{made['id']}"
    body = {"port_forwarding": {"internal_port": 23, "description": "telnet"}}
    reply = await neutron.cloud.call("PUT", path, body)
    assert reply.json()["port_forwarding"]["internal_port"] == 23
    listed = await neutron.get(f"/floatingips/{floating['id']}/port_forwardings?external_port=2222")
    assert [one["id"] for one in listed["port_forwardings"]] == [made["id"]]
    assert (await neutron.cloud.call("DELETE", path)).status_code == 204
    assert await neutron.delete("ports", port["id"]) == 204
    shown = (await neutron.get(f"/floatingips/{floating['id']}"))["floatingip"]
    assert shown["port_forwardings"] == [] and shown["router_id"] is None


async def test_a_floating_ip_stands_for_a_port_or_forwards(
    neutron: Neutron, floating: dict[str, Any], port: dict[str, Any]
) -> None:
    await neutron.put("floatingips", floating["id"], port_id=port["id"])
    assert (await forward(neutron, floating, port)).status_code == 409
    await neutron.put("floatingips", floating["id"], port_id=None)
    assert (await forward(neutron, floating, port)).status_code == 201
    reply = await neutron.put("floatingips", floating["id"], port_id=port["id"])
    assert reply.status_code == 409
    subnet = port["fixed_ips"][0]["subnet_id"]
    router = await neutron.named("routers", "router1")
    assert (await neutron.interface("remove", router["id"], subnet_id=subnet)).status_code == 409
    assert await neutron.delete("floatingips", floating["id"]) == 204


async def test_what_cannot_be_forwarded_is_refused(
    neutron: Neutron, floating: dict[str, Any], port: dict[str, Any]
) -> None:
    assert (await forward(neutron, floating, port)).status_code == 201
    assert (await forward(neutron, floating, port)).status_code == 409
    other = {"external_port": 3333}
    for wrong in (
        {"protocol": "icmp"},
        {"external_port": 0},
        {"internal_port": 65536},
        {"internal_ip_address": "10.0.0.250"},
        {"external_port": None, "external_port_range": "1:2"},
        {"external_port": None, "external_port_range": "x"},
        {"external_port": None},
    ):
        reply = await forward(neutron, floating, port, **{**other, **wrong})
        assert reply.status_code == 400, (wrong, reply.text)


async def test_a_forwarding_is_found_under_its_own_floating_ip_only(
    neutron: Neutron, floating: dict[str, Any], port: dict[str, Any]
) -> None:
    """OSSN-0102."""
    made = (await forward(neutron, floating, port)).json()["port_forwarding"]
    public = await neutron.named("networks", "public")
    own = await neutron.make("floatingips", "admin", floating_network_id=public["id"])
    path = f"{ROOT}/floatingips/{own['id']}/port_forwardings/{made['id']}"
    for method, body in (
        ("GET", None),
        ("PUT", {"port_forwarding": {"description": "x"}}),
        ("DELETE", None),
    ):
        assert (await neutron.cloud.call(method, path, body, user="admin")).status_code == 404
