"""Conversations about conntrack helpers of routers."""

from typing import Any

import msgspec

from fake_host import FakeAgent
from network.neutron import ROOT, Neutron, fault
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import RouterSpec

FTP = {"protocol": "tcp", "port": 21, "helper": "ftp"}


async def add(neutron: Neutron, router_id: str, **fields: Any) -> Any:
    """The reply to adding a helper."""
    path = f"routers/{router_id}/conntrack_helpers"
    return await neutron.post_to(path, "conntrack_helper", **{**FTP, **fields})


async def test_a_helper_reaches_the_routers_host(neutron: Neutron, agent: FakeAgent) -> None:
    router = await neutron.named("routers", "router1")
    await neutron.cloud.settle()
    made = (await add(neutron, router["id"])).json()["conntrack_helper"]
    assert made == {"id": made["id"], **FTP}
    path = f"{ROOT}/routers/{router['id']}/conntrack_helpers"
    listed = await neutron.get(path.removeprefix(ROOT))
    assert listed["conntrack_helpers"] == [made]
    body = {"conntrack_helper": {"port": 2121}}
    changed = await neutron.cloud.call("PUT", f"{path}/{made['id']}", body)
    assert changed.json()["conntrack_helper"]["port"] == 2121
    await neutron.cloud.settle()
    spec = msgspec.json.decode(agent.held[Kind.ROUTER, router["id"]].spec, type=RouterSpec)
    assert [(one.helper, one.protocol, one.port) for one in spec.helpers] == [("ftp", "tcp", 2121)]
    assert (await neutron.cloud.call("DELETE", f"{path}/{made['id']}")).status_code == 204
    assert (await neutron.cloud.call("GET", f"{path}/{made['id']}")).status_code == 404


async def test_what_no_kernel_and_what_no_host_has_is_refused(
    neutron: Neutron, agent: FakeAgent
) -> None:
    router = await neutron.named("routers", "router1")
    for fields in (
        {"helper": "h323"},
        {"protocol": "udp"},
        {"port": 0},
        {"helper": "ftp; flush ruleset"},
    ):
        assert (await add(neutron, router["id"], **fields)).status_code == 400, fields
    assert (await add(neutron, router["id"])).status_code == 201
    await neutron.cloud.settle()
    absent = await add(neutron, router["id"], helper="tftp", protocol="udp", port=69)
    assert absent.status_code == 409 and "the router's host does not have it" in fault(absent)
    agent.host.facts = msgspec.structs.replace(agent.host.facts, capabilities=[])
    await agent.host.report()
    other = await neutron.make("routers")
    nowhere = await add(neutron, other["id"])
    assert nowhere.status_code == 409 and "no host has it" in fault(nowhere)


async def test_a_helper_is_one_for_its_port_and_found_under_its_router_only(
    neutron: Neutron, agent: FakeAgent
) -> None:
    """OSSN-0102."""
    one, two = [await neutron.make("routers") for _ in range(2)]
    made = (await add(neutron, one["id"])).json()["conntrack_helper"]
    assert (await add(neutron, one["id"])).status_code == 409
    assert (await add(neutron, two["id"])).status_code == 201
    path = f"{ROOT}/routers/{two['id']}/conntrack_helpers/{made['id']}"
    for method, body in (("GET", None), ("PUT", {"conntrack_helper": {"port": 1}})):
        assert (await neutron.cloud.call(method, path, body)).status_code == 404
    assert (await neutron.cloud.call("DELETE", path)).status_code == 404
    assert await neutron.delete("routers", one["id"]) == 204
    for port in range(1, 32):
        assert (await add(neutron, two["id"], port=1000 + port)).status_code == 201
    assert (await add(neutron, two["id"], port=999)).status_code == 409
