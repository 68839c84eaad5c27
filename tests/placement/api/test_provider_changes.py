"""Conversations that change providers."""

import msgspec
import pytest

from cloud import Cloud
from fake_hosts import add_host
from placement.talk import ONE, TWO, UNKNOWN, ask, claim_of, get, make_provider


async def test_the_life_of_a_provider(cloud: Cloud) -> None:
    made = await ask(cloud, "POST", "/resource_providers", {"name": "rack", "uuid": ONE})
    assert (made.status_code, made.json()["uuid"]) == (200, ONE)
    assert made.headers["location"].endswith(f"/placement/resource_providers/{ONE}")
    path = f"/resource_providers/{ONE}"
    assert (await get(cloud, path))["root_provider_uuid"] == ONE
    changed = await ask(cloud, "PUT", path, {"name": "shelf"})
    assert changed.json()["name"] == (await get(cloud, path))["name"] == "shelf"
    assert (await ask(cloud, "DELETE", path)).status_code == 204
    for method, body in (("GET", None), ("PUT", {"name": "x"}), ("DELETE", None)):
        assert (await ask(cloud, method, path, body)).status_code == 404


async def test_names_and_ids_are_taken_once(cloud: Cloud) -> None:
    await make_provider(cloud, "rack")
    other = await make_provider(cloud, "other")
    for body in ({"name": "rack"}, {"name": "new", "uuid": other}):
        reply = await ask(cloud, "POST", "/resource_providers", body)
        assert reply.status_code == 409
        assert reply.json()["errors"][0]["code"] == "placement.duplicate_name"
    renamed = await ask(cloud, "PUT", f"/resource_providers/{other}", {"name": "rack"})
    assert renamed.status_code == 409


@pytest.mark.edge("placement", "1.29", "1.37")
async def test_trees(cloud: Cloud) -> None:
    root = await make_provider(cloud, "root", VCPU=4)
    below = await make_provider(cloud, "below", root, VGPU=1)
    shown = await get(cloud, f"/resource_providers/{below}")
    assert (shown["parent_provider_uuid"], shown["root_provider_uuid"]) == (root, root)
    listed = await get(cloud, f"/resource_providers?in_tree={below}")
    assert {row["uuid"] for row in listed["resource_providers"]} == {root, below}
    found = await get(cloud, "/allocation_candidates?resources=VCPU:1,VGPU:1")
    assert set(found["provider_summaries"]) == {root, below}
    both = await get(cloud, "/allocation_candidates?resources=VCPU:1,VGPU:1", "1.29")
    assert len(both["allocation_requests"]) == 1
    flat = await get(cloud, "/allocation_candidates?resources=VCPU:1,VGPU:1", "1.28")
    assert flat["allocation_requests"] == []
    refused = await ask(cloud, "DELETE", f"/resource_providers/{root}")
    code = "placement.resource_provider.cannot_delete_parent"
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, code)
    path, alone = f"/resource_providers/{below}", {"name": "below", "parent_provider_uuid": None}
    assert (await ask(cloud, "PUT", path, alone, "1.36")).status_code == 400
    moved = await ask(cloud, "PUT", path, alone, "1.37")
    assert moved.json()["root_provider_uuid"] == below
    circle = {"name": "root", "parent_provider_uuid": root}
    assert (await ask(cloud, "PUT", f"/resource_providers/{root}", circle)).status_code == 400
    nowhere = {"name": "x", "parent_provider_uuid": UNKNOWN}
    assert (await ask(cloud, "POST", "/resource_providers", nowhere)).status_code == 400


@pytest.mark.edge("placement", "1.20")
async def test_before_1_20_a_new_provider_is_not_shown(cloud: Cloud) -> None:
    made = await ask(cloud, "POST", "/resource_providers", {"name": "a", "uuid": ONE}, "1.19")
    assert (made.status_code, made.content) == (201, b"")
    made = await ask(cloud, "POST", "/resource_providers", {"name": "c"}, "1.20")
    assert (made.status_code, made.json()["name"]) == (200, "c")
    parent = {"name": "b", "parent_provider_uuid": ONE}
    assert (await ask(cloud, "POST", "/resource_providers", parent, "1.13")).status_code == 400


@pytest.mark.edge("placement", "1.26")
async def test_inventories_one_by_one_and_together(cloud: Cloud) -> None:
    id = await make_provider(cloud, "rack")
    path = f"/resource_providers/{id}/inventories"
    made = await ask(cloud, "POST", path, {"resource_class": "VCPU", "total": 8})
    assert (made.status_code, made.json()["resource_provider_generation"]) == (201, 2)
    again = await ask(cloud, "POST", path, {"resource_class": "VCPU", "total": 8})
    assert again.status_code == 409
    wider = {"total": 16, "allocation_ratio": 2, "resource_provider_generation": 2}
    assert (await ask(cloud, "PUT", f"{path}/VCPU", wider)).json()["total"] == 16
    stale = await ask(cloud, "PUT", f"{path}/VCPU", wider)
    code = stale.json()["errors"][0]["code"]
    assert (stale.status_code, code) == (409, "placement.concurrent_update")
    assert (await get(cloud, f"{path}/VCPU"))["allocation_ratio"] == 2
    assert (await ask(cloud, "PUT", f"{path}/VGPU", {**wider, "total": 1})).status_code == 409
    assert (await ask(cloud, "DELETE", f"{path}/VGPU")).status_code == 404
    assert (await ask(cloud, "DELETE", f"{path}/VCPU")).status_code == 204
    all_of_it = {"DISK_GB": {"total": 5, "reserved": 5}}
    body = {"resource_provider_generation": 4, "inventories": all_of_it}
    assert (await ask(cloud, "PUT", path, body, "1.25")).status_code == 400
    kept = (await ask(cloud, "PUT", path, body, "1.26")).json()["inventories"]
    assert list(kept) == ["DISK_GB"]
    assert (await ask(cloud, "DELETE", path, version="1.4")).status_code == 404
    assert (await ask(cloud, "DELETE", path)).status_code == 204
    assert (await get(cloud, path))["inventories"] == {}


BAD_INVENTORIES = [
    {"total": 0},
    {"total": 1, "reserved": 2},
    {"total": 1, "min_unit": 5, "max_unit": 4},
    {"total": 1, "color": "red"},
    {"total": 1, "allocation_ratio": -1},
    {},
]


@pytest.mark.parametrize("fields", BAD_INVENTORIES)
async def test_an_inventory_that_cannot_be(cloud: Cloud, fields: dict[str, object]) -> None:
    id = await make_provider(cloud, "rack")
    body = {"resource_provider_generation": 1, "inventories": {"VCPU": fields}}
    reply = await ask(cloud, "PUT", f"/resource_providers/{id}/inventories", body)
    assert reply.status_code == 400
    unknown = {"resource_provider_generation": 1, "inventories": {"GOLD": {"total": 1}}}
    reply = await ask(cloud, "PUT", f"/resource_providers/{id}/inventories", unknown)
    assert reply.status_code == 400 and "GOLD" in reply.text


async def test_what_is_held_stays(cloud: Cloud) -> None:
    id = await make_provider(cloud, "rack", VCPU=4)
    assert (await ask(cloud, "PUT", f"/allocations/{ONE}", claim_of({id: {"VCPU": 1}}))).is_success
    path = f"/resource_providers/{id}"
    for gone in (f"{path}/inventories/VCPU", f"{path}/inventories", path):
        reply = await ask(cloud, "DELETE", gone)
        assert reply.status_code == 409
        assert "inuse" in reply.json()["errors"][0]["code"]


async def test_traits_of_a_provider(cloud: Cloud) -> None:
    id = await make_provider(cloud, "rack")
    path = f"/resource_providers/{id}/traits"
    assert (await ask(cloud, "PUT", "/traits/CUSTOM_GOLD")).status_code == 201
    body = {"resource_provider_generation": 1, "traits": ["CUSTOM_GOLD", "COMPUTE_NODE"]}
    put = await ask(cloud, "PUT", path, body)
    assert put.json() == {"traits": ["COMPUTE_NODE", "CUSTOM_GOLD"]} | {
        "resource_provider_generation": 2
    }
    assert (await ask(cloud, "PUT", path, body)).status_code == 409
    unknown = {"resource_provider_generation": 2, "traits": ["CUSTOM_TIN"]}
    assert (await ask(cloud, "PUT", path, unknown)).status_code == 400
    assert (await ask(cloud, "DELETE", "/traits/CUSTOM_GOLD")).status_code == 409
    assert (await ask(cloud, "DELETE", path)).status_code == 204
    assert (await get(cloud, path))["traits"] == []


@pytest.mark.edge("placement", "1.19")
async def test_aggregates_and_what_is_lent_through_them(cloud: Cloud) -> None:
    lender, taker = (
        await make_provider(cloud, "nfs", DISK_GB=9),
        await make_provider(cloud, "rack", VCPU=1),
    )
    path = f"/resource_providers/{lender}/traits"
    body = {"resource_provider_generation": 1, "traits": ["MISC_SHARES_VIA_AGGREGATE"]}
    assert (await ask(cloud, "PUT", path, body)).is_success
    body = {"resource_provider_generation": 2, "aggregates": [TWO]}
    put = await ask(cloud, "PUT", f"/resource_providers/{lender}/aggregates", body)
    assert put.json() == {"aggregates": [TWO], "resource_provider_generation": 3}
    stale = await ask(cloud, "PUT", f"/resource_providers/{lender}/aggregates", body)
    assert stale.status_code == 409
    path = f"/resource_providers/{taker}/aggregates"
    assert (await ask(cloud, "PUT", path, [TWO], "1.18")).json() == {"aggregates": [TWO]}
    for wrong, version in (([TWO], "1.19"), ({"aggregates": [TWO]}, "1.18"), (["x"], "1.18")):
        assert (await ask(cloud, "PUT", path, wrong, version)).status_code == 400
    found = await get(cloud, "/allocation_candidates?resources=VCPU:1,DISK_GB:1")
    (one,) = found["allocation_requests"]
    assert set(one["allocations"]) == {lender, taker}
    listed = await get(cloud, f"/resource_providers?member_of={TWO}")
    assert len(listed["resource_providers"]) == 2
    assert (await get(cloud, f"/resource_providers?member_of=!{TWO}"))["resource_providers"] == []


async def test_a_hosts_provider_follows_the_host(cloud: Cloud) -> None:
    host = await add_host(cloud.db, capabilities=[], vcpus=4)
    await cloud.settle()
    path = f"/resource_providers/{host.id}"
    before = await get(cloud, f"{path}/inventories")
    generation = before["resource_provider_generation"]
    for method, below, body in (
        ("PUT", "", {"name": "mine"}),
        ("DELETE", "", None),
        ("DELETE", "/inventories", None),
        ("DELETE", "/inventories/VCPU", None),
        ("PUT", "/inventories/VCPU", {"total": 9, "resource_provider_generation": generation}),
    ):
        reply = await ask(cloud, method, path + below, body)
        assert reply.status_code == 409 and "host" in reply.text, below
    assert (await get(cloud, f"{path}/inventories")) == before


async def test_what_is_added_to_a_hosts_provider_stays_with_the_next_report(cloud: Cloud) -> None:
    host = await add_host(cloud.db, capabilities=[], vcpus=4)
    await cloud.settle()
    path = f"/resource_providers/{host.id}"
    added = {"resource_class": "VGPU", "total": 2}
    assert (await ask(cloud, "POST", f"{path}/inventories", added)).status_code == 201
    generation = (await get(cloud, path))["generation"]
    body = {"resource_provider_generation": generation, "traits": ["COMPUTE_NODE"]}
    put = await ask(cloud, "PUT", f"{path}/traits", body)
    assert put.json()["traits"] == ["COMPUTE_NODE", "CUSTOM_ACCELERATOR_TCG"]
    host.facts = msgspec.structs.replace(host.facts, vcpus=6)
    await host.report()
    await cloud.settle()
    inventories = (await get(cloud, f"{path}/inventories"))["inventories"]
    assert (inventories["VCPU"]["total"], inventories["VGPU"]["total"]) == (6, 2)
    assert "COMPUTE_NODE" in (await get(cloud, f"{path}/traits"))["traits"]
