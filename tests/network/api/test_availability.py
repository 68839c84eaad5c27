"""Conversations about how many addresses are left."""

from network.neutron import ROOT, Neutron


async def test_what_is_given_is_counted(neutron: Neutron) -> None:
    network, _ = await neutron.make_network("10.9.0.0/28", name="small")
    before = await neutron.get("/network-ip-availabilities?network_name=small", "admin")
    (row,) = before["network_ip_availabilities"]
    assert (row["total_ips"], row["used_ips"]) == (13, 1)
    await neutron.make("ports", network_id=network["id"])
    path = f"/network-ip-availabilities/{network['id']}"
    shown = (await neutron.get(path, "admin"))["network_ip_availability"]
    assert shown["used_ips"] == 2
    assert shown["subnet_ip_availability"][0]["cidr"] == "10.9.0.0/28"
    assert (await neutron.cloud.call("GET", ROOT + path)).status_code == 403
