"""Conversations about subnet pools."""

from typing import Any

from network.neutron import ROOT, Neutron


async def pool_of(neutron: Neutron, *prefixes: str, **more: Any) -> dict[str, Any]:
    """A pool of these prefixes."""
    return await neutron.make("subnetpools", name="p", prefixes=list(prefixes), **more)


async def change(
    neutron: Neutron, pool: dict[str, Any], verb: str, user: str = "demo", **b: Any
) -> Any:
    """The reply to one of a pool's verbs."""
    path = f"{ROOT}/subnetpools/{pool['id']}/{verb}"
    return await neutron.cloud.call("PUT", path, b, user=user)


async def test_subnets_are_cut_from_a_pool(neutron: Neutron) -> None:
    pool = await pool_of(neutron, "10.20.0.0/24", min_prefixlen=25, default_prefixlen=26)
    assert (pool["ip_version"], pool["max_prefixlen"], pool["shared"]) == (4, 32, False)
    network = await neutron.make("networks")
    values = {"network_id": network["id"], "ip_version": 4, "subnetpool_id": pool["id"]}
    first = await neutron.make("subnets", **values)
    second = await neutron.make("subnets", **values, prefixlen=25)
    assert (first["cidr"], second["cidr"]) == ("10.20.0.0/26", "10.20.0.128/25")
    assert first["subnetpool_id"] == pool["id"]
    third = await neutron.make("subnets", **values, cidr="10.20.0.64/26")
    assert third["cidr"] == "10.20.0.64/26"
    for wrong in ({}, {"prefixlen": 24}, {"cidr": "10.21.0.0/26"}, {"ip_version": 6}):
        assert (await neutron.post("subnets", **{**values, **wrong})).status_code == 400
    assert await neutron.delete("subnetpools", pool["id"]) == 409
    assert await neutron.delete("networks", network["id"]) == 204
    assert await neutron.delete("subnetpools", pool["id"]) == 204


async def test_one_network_takes_from_one_pool(neutron: Neutron) -> None:
    one, two = await pool_of(neutron, "10.20.0.0/16"), await pool_of(neutron, "10.21.0.0/16")
    network = await neutron.make("networks")
    values = {"network_id": network["id"], "ip_version": 4, "prefixlen": 24}
    await neutron.make("subnets", **values, subnetpool_id=one["id"])
    assert (await neutron.post("subnets", **values, subnetpool_id=two["id"])).status_code == 400


async def test_a_quota_of_the_pool_counts_addresses(neutron: Neutron) -> None:
    pool = await pool_of(neutron, "10.20.0.0/16", default_quota=512)
    network = await neutron.make("networks")
    values = {"network_id": network["id"], "ip_version": 4, "subnetpool_id": pool["id"]}
    await neutron.make("subnets", **values, prefixlen=24)
    assert (await neutron.post("subnets", **values, prefixlen=23)).status_code == 409
    await neutron.make("subnets", **values, prefixlen=24)
    assert (await neutron.post("subnets", **values, prefixlen=29)).status_code == 409


async def test_prefixes_are_added_and_removed(neutron: Neutron) -> None:
    pool = await pool_of(neutron, "10.20.0.0/24")
    reply = await change(neutron, pool, "add_prefixes", prefixes=["10.20.1.0/24"])
    assert reply.json() == {"prefixes": ["10.20.0.0/23"]}
    network = await neutron.make("networks")
    values = {"network_id": network["id"], "ip_version": 4, "subnetpool_id": pool["id"]}
    await neutron.make("subnets", **values, cidr="10.20.0.0/25")
    gone = {"prefixes": ["10.20.0.0/24"]}
    assert (await change(neutron, pool, "remove_prefixes", **gone)).status_code == 409
    reply = await change(neutron, pool, "remove_prefixes", prefixes=["10.20.1.0/25"])
    assert reply.json() == {"prefixes": ["10.20.0.0/24", "10.20.1.128/25"]}
    wrong = {"prefixes": ["10.99.0.0/24"]}
    assert (await change(neutron, pool, "remove_prefixes", **wrong)).status_code == 400
    assert (
        await neutron.put("subnetpools", pool["id"], prefixes=["10.1.0.0/8"])
    ).status_code == 200
    shrunk = await neutron.put("subnetpools", pool["id"], prefixes=["10.20.0.0/24"])
    assert shrunk.status_code == 400


async def test_networks_are_onboarded_by_their_owner_only(neutron: Neutron) -> None:
    """OSSA-2026-032."""
    shared, subnet = await neutron.make_network("10.30.0.0/24", "admin", shared=True)
    pool = await pool_of(neutron, "10.20.0.0/24")
    reply = await change(neutron, pool, "onboard_network_subnets", network_id=shared["id"])
    assert reply.status_code == 403
    shown = (await neutron.get(f"/subnets/{subnet['id']}", "admin"))["subnet"]
    assert shown["subnetpool_id"] is None
    own, mine = await neutron.make_network("10.31.0.0/24")
    reply = await change(neutron, pool, "onboard_network_subnets", network_id=own["id"])
    assert reply.status_code == 200
    assert (await neutron.get(f"/subnets/{mine['id']}"))["subnet"]["subnetpool_id"] == pool["id"]
    shown = (await neutron.get(f"/subnetpools/{pool['id']}"))["subnetpool"]
    assert shown["prefixes"] == ["10.20.0.0/24", "10.31.0.0/24"]


async def test_only_admins_share_and_make_defaults(neutron: Neutron) -> None:
    for field in ({"shared": True}, {"is_default": True}):
        reply = await neutron.post("subnetpools", name="p", prefixes=["10.1.0.0/16"], **field)
        assert reply.status_code == 403
    made = await neutron.make(
        "subnetpools", "admin", name="p", prefixes=["10.1.0.0/16"], shared=True, is_default=True
    )
    shown = (await neutron.get(f"/subnetpools/{made['id']}"))["subnetpool"]
    assert shown["shared"] and shown["is_default"]
    network = await neutron.make("networks")
    subnet = await neutron.make(
        "subnets", network_id=network["id"], ip_version=4, use_default_subnetpool=True, prefixlen=24
    )
    assert subnet["subnetpool_id"] == made["id"]
    assert (await neutron.put("subnetpools", made["id"], name="x")).status_code == 403
    assert (await neutron.put("subnetpools", made["id"], "admin", shared=False)).status_code == 409


async def test_bad_pools_are_400(neutron: Neutron) -> None:
    good: dict[str, Any] = {"name": "p", "prefixes": ["10.1.0.0/16"]}
    for wrong in (
        {"prefixes": []},
        {"prefixes": ["10.0.0.0/8", "2001:db8::/32"]},
        {"prefixes": ["x"]},
        {"min_prefixlen": 30, "max_prefixlen": 20},
        {"default_prefixlen": 40},
        {"color": "red"},
        {"name": None},
    ):
        assert (await neutron.post("subnetpools", **{**good, **wrong})).status_code == 400, wrong
