"""Conversations about address scopes."""

from network.neutron import Neutron


async def test_ranges_do_not_overlap_in_a_scope(neutron: Neutron) -> None:
    scope = await neutron.make("address-scopes", name="s", ip_version=4)
    inside = {"name": "p", "address_scope_id": scope["id"]}
    pool = await neutron.make("subnetpools", **inside, prefixes=["10.1.0.0/16"])
    overlapping = await neutron.post("subnetpools", **inside, prefixes=["10.1.2.0/24"])
    assert overlapping.status_code == 409
    other = await neutron.post("subnetpools", **inside, prefixes=["2001:db8::/32"])
    assert other.status_code == 400
    network = await neutron.make("networks")
    await neutron.make(
        "subnets", network_id=network["id"], ip_version=4, subnetpool_id=pool["id"], prefixlen=24
    )
    shown = (await neutron.get(f"/networks/{network['id']}"))["network"]
    assert (shown["ipv4_address_scope"], shown["ipv6_address_scope"]) == (scope["id"], None)
    assert await neutron.delete("address-scopes", scope["id"]) == 409


async def test_a_scope_is_changed_listed_and_deleted(neutron: Neutron) -> None:
    scope = await neutron.make("address-scopes", name="s", ip_version=6)
    reply = await neutron.put("address-scopes", scope["id"], name="t")
    assert reply.json()["address_scope"]["name"] == "t"
    found = (await neutron.get("/address-scopes?ip_version=6&name=t"))["address_scopes"]
    assert [one["id"] for one in found] == [scope["id"]]
    assert (await neutron.put("address-scopes", scope["id"], ip_version=4)).status_code == 400
    assert (await neutron.put("address-scopes", scope["id"], shared=True)).status_code == 403
    reply = await neutron.put("address-scopes", scope["id"], "admin", shared=True)
    assert reply.json()["address_scope"]["shared"]
    assert (
        await neutron.put("address-scopes", scope["id"], "admin", shared=False)
    ).status_code == 400
    assert await neutron.delete("address-scopes", scope["id"]) == 204
    for wrong in ({"ip_version": 5}, {"ip_version": None}, {"name": None}):
        fields = {"name": "s", "ip_version": 4, **wrong}
        assert (await neutron.post("address-scopes", **fields)).status_code == 400
