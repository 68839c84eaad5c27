"""Conversations about logs of what security groups do."""

from typing import Any

import msgspec

from fake_host import FakeAgent
from network.neutron import ROOT, Neutron, fault
from network.servers import launch
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import PortSpec

PATH, NAME = "log/logs", "log"


async def make(neutron: Neutron, user: str = "admin", **fields: Any) -> Any:
    """The reply to wishing for a log of demo's ports."""
    demo = neutron.cloud.project_ids["demo"]
    wish = {"project_id": demo, "resource_type": "security_group", **fields}
    return await neutron.post_to(PATH, NAME, user, **wish)


async def test_a_log_reaches_the_ports_that_it_is_about(neutron: Neutron, agent: FakeAgent) -> None:
    _, (one,) = await launch(neutron, agent.host.id)
    _, (two,) = await launch(neutron, agent.host.id)
    group = await neutron.make("security-groups", name="g")
    await neutron.put("ports", two.id, security_groups=[group["id"]])

    async def logged() -> list[list[str]]:
        await neutron.cloud.settle()
        specs = [agent.held[Kind.PORT, port.id].spec for port in (one, two)]
        return [msgspec.json.decode(spec, type=PortSpec).logged for spec in specs]

    assert await logged() == [[], []]
    drops = (await make(neutron, event="DROP", resource_id=group["id"])).json()[NAME]
    assert (drops["enabled"], drops["resource_type"]) == (True, "security_group")
    assert await logged() == [[], ["DROP"]]
    accepts = (await make(neutron, event="ACCEPT")).json()[NAME]
    assert await logged() == [["ACCEPT"], ["ACCEPT", "DROP"]]
    path = f"{ROOT}/{PATH}/{accepts['id']}"
    body = {NAME: {"enabled": False, "name": "n"}}
    changed = await neutron.cloud.call("PUT", path, body, user="admin")
    assert (changed.json()[NAME]["enabled"], changed.json()[NAME]["name"]) == (False, "n")
    assert await logged() == [[], ["DROP"]]
    everything = (await make(neutron, target_id=one.id)).json()[NAME]
    assert everything["event"] == "ALL"
    assert await logged() == [["ACCEPT", "DROP"], ["DROP"]]
    path = f"{ROOT}/{PATH}/{everything['id']}"
    assert (await neutron.cloud.call("DELETE", path, user="admin")).status_code == 204
    assert (await neutron.cloud.call("GET", path, user="admin")).status_code == 404
    assert await logged() == [[], ["DROP"]]
    listed = (await neutron.get(f"/{PATH}?event=DROP", "admin"))["logs"]
    assert [log["id"] for log in listed] == [drops["id"]]


async def test_a_log_goes_with_what_it_is_about(neutron: Neutron) -> None:
    group = await neutron.make("security-groups", name="g")
    network = await neutron.make("networks")
    port = await neutron.make("ports", network_id=network["id"])
    for fields in ({"resource_id": group["id"]}, {"target_id": port["id"]}):
        assert (await make(neutron, **fields)).status_code == 201
    both = await make(neutron, resource_id=group["id"], target_id=port["id"])
    assert both.status_code == 409 and "not in security group" in fault(both)
    await neutron.delete("security-groups", group["id"])
    await neutron.delete("ports", port["id"])
    assert (await neutron.get(f"/{PATH}", "admin"))["logs"] == []


async def test_what_cannot_be_logged_is_refused_and_admins_alone_log(neutron: Neutron) -> None:
    types = (await neutron.get("/log/loggable-resources", "admin"))["loggable_resources"]
    assert types == [{"type": "security_group"}]
    for fields, status in (
        ({"resource_type": "firewall_group"}, 400),
        ({"event": "REJECT"}, 400),
        ({"resource_id": "nothing"}, 404),
        ({"target_id": "nothing"}, 404),
    ):
        assert (await make(neutron, **fields)).status_code == status, fields
    assert (await make(neutron, "demo")).status_code == 403
    assert (await neutron.cloud.call("GET", f"{ROOT}/{PATH}")).status_code == 403
