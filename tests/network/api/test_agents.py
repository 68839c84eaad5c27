"""Conversations about agents, zones and what is left of addresses."""

from fake_host import FakeAgent
from network.neutron import ROOT, Neutron


async def test_agents_are_the_hosts_and_for_admins(neutron: Neutron, agent: FakeAgent) -> None:
    listed = (await neutron.get("/agents", "admin"))["agents"]
    kinds = {row["agent_type"] for row in listed}
    assert kinds == {"Linux bridge agent", "DHCP agent", "L3 agent", "Metadata agent"}
    assert all(row["host"] == "host1" and row["alive"] for row in listed)
    shown = (await neutron.get(f"/agents/{listed[0]['id']}", "admin"))["agent"]
    assert shown == listed[0]
    one = (await neutron.get("/agents?agent_type=DHCP agent&alive=true", "admin"))["agents"]
    assert len(one) == 1
    assert (await neutron.get("/agents"))["agents"] == []
    path = f"{ROOT}/agents/{listed[0]['id']}"
    assert (await neutron.cloud.call("GET", path)).status_code == 403
    gone = await neutron.cloud.call("GET", f"{ROOT}/agents/x", user="admin")
    assert gone.status_code == 404


async def test_the_zone_is_available_while_a_host_is_alive(
    neutron: Neutron, agent: FakeAgent
) -> None:
    zones = (await neutron.get("/availability_zones"))["availability_zones"]
    assert {(z["name"], z["resource"], z["state"]) for z in zones} == {
        ("nova", "network", "available"),
        ("nova", "router", "available"),
    }
