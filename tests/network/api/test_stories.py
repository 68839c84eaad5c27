"""Conversations about the story of a port."""

from typing import Any

from fake_host import FakeAgent
from network.neutron import ROOT, Neutron
from pilvi.host_api.contract import HostFault, Kind


async def story(neutron: Neutron, id: str) -> dict[str, Any]:
    told: dict[str, Any] = (await neutron.get(f"/ports/{id}/pilvi-story"))["story"]
    return told


async def plugged(neutron: Neutron, agent: FakeAgent) -> str:
    """A port that an admin binds to the cloud's one host."""
    network = await neutron.named("networks", "private")
    port = await neutron.make("ports", network_id=network["id"], name="p")
    fields = {"binding__host_id": "host1", "device_owner": "compute:nova"}
    reply = await neutron.put("ports", port["id"], "admin", **fields)
    assert reply.status_code == 200, reply.text
    await neutron.cloud.settle()
    id: str = port["id"]
    return id


async def test_a_port_that_nobody_plugged_in_says_how(neutron: Neutron) -> None:
    network = await neutron.named("networks", "private")
    port = await neutron.make("ports", network_id=network["id"], name="p")
    told = await story(neutron, port["id"])
    assert (told["kind"], told["status"], told["name"]) == ("port", "DOWN", "p")
    address = port["fixed_ips"][0]["ip_address"]
    assert [one["words"] for one in told["done"]] == [f"it has the address {address}"]
    assert told["waits"] == told["failed"] == []
    assert "openstack server add port" in told["next_steps"][0]


async def test_a_port_in_place_needs_nothing(neutron: Neutron, agent: FakeAgent) -> None:
    told = await story(neutron, await plugged(neutron, agent))
    assert told["status"] == "ACTIVE"
    assert "its host says that it is as wished" in [one["words"] for one in told["done"]]
    assert told["waits"] == told["failed"] == told["next_steps"] == []


async def test_a_port_that_fails_names_the_trace(neutron: Neutron, agent: FakeAgent) -> None:
    words = "cannot open the tap of port 1: there is no such tap"
    agent.faults[Kind.PORT] = HostFault(kind="NotFound", message=words)
    told = await story(neutron, await plugged(neutron, agent))
    assert told["status"] == "ERROR"
    assert told["failed"][0]["words"] == words
    assert words in told["waits"][0]["words"]
    assert "pilvi trace port ID" in told["next_steps"][0]


async def test_another_projects_port_has_no_story(neutron: Neutron) -> None:
    network, _ = await neutron.make_network("10.9.0.0/24", "admin")
    port = await neutron.make("ports", "admin", network_id=network["id"])
    reply = await neutron.cloud.call("GET", f"{ROOT}/ports/{port['id']}/pilvi-story", user="demo")
    assert reply.status_code == 404
