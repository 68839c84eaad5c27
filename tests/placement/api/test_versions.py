"""The edge of every microversion of placement."""

from typing import Any

import pytest

from cloud import Cloud
from fake_hosts import add_host
from pilvi.placement.api.versions import VERSIONS
from pilvi.placement.operations.allocations import claim

SERVER = "9d16a611-e7f9-4ef3-be26-c61ed01ecefb"
UNKNOWN = "00000000-0000-0000-0000-000000000000"
CANDIDATES = "/allocation_candidates?resources=VCPU:1"


async def ask(cloud: Cloud, path: str, minor: int) -> Any:
    headers = {"openstack-api-version": f"placement 1.{minor}"}
    reply = await cloud.call("GET", "/placement" + path, user="admin", headers=headers)
    assert reply.headers["openstack-api-version"] == f"placement 1.{minor}"
    return reply


def test_every_version_has_a_sentence_and_none_is_left_out() -> None:
    assert [row.number for row in VERSIONS.rows] == [(1, minor) for minor in range(1, 40)]
    assert all(row.sentence.endswith(".") for row in VERSIONS.rows)


async def test_outside_the_range_is_406_with_the_range(cloud: Cloud) -> None:
    reply = await cloud.call(
        "GET",
        "/placement/resource_providers",
        user="admin",
        headers={"openstack-api-version": "placement 1.40"},
    )
    (error,) = reply.json()["errors"]
    assert (reply.status_code, error["max_version"], error["min_version"]) == (406, "1.39", "1.0")


ASKED = [
    (f"/resource_providers/{UNKNOWN}/aggregates", 1),
    ("/resource_classes", 2),
    (f"/resource_providers?member_of={UNKNOWN}", 3),
    ("/resource_providers?resources=VCPU:1", 4),
    ("/traits", 6),
    (f"/usages?project_id={UNKNOWN}", 9),
    (CANDIDATES, 10),
    (f"/resource_providers?in_tree={UNKNOWN}", 14),
    (f"{CANDIDATES}&limit=1", 16),
    (f"{CANDIDATES}&required=COMPUTE_NODE", 17),
    ("/resource_providers?required=COMPUTE_NODE", 18),
    (f"{CANDIDATES}&member_of={UNKNOWN}", 21),
    (f"{CANDIDATES}&required=!COMPUTE_NODE", 22),
    (f"/resource_providers?member_of={UNKNOWN}&member_of={UNKNOWN}", 24),
    ("/allocation_candidates?resources1=VCPU:1", 25),
    (f"{CANDIDATES}&in_tree={UNKNOWN}", 31),
    (f"{CANDIDATES}&member_of=!{UNKNOWN}", 32),
    ("/allocation_candidates?resources_A=VCPU:1", 33),
    (f"{CANDIDATES}&root_required=COMPUTE_NODE", 35),
    (f"{CANDIDATES}&required_A=COMPUTE_NODE&same_subtree=_A", 36),
    (f"/usages?project_id={UNKNOWN}&consumer_type=all", 38),
    (f"{CANDIDATES}&required=in:COMPUTE_NODE,HW_ARCH_X86_64", 39),
]


@pytest.mark.edge(
    "placement",
    "1.3",
    "1.4",
    "1.14",
    "1.16",
    "1.17",
    "1.18",
    "1.21",
    "1.22",
    "1.24",
    "1.25",
    "1.31",
    "1.32",
    "1.33",
    "1.35",
    "1.36",
    "1.38",
    "1.39",
)
async def test_what_a_version_brought_to_ask_for(cloud: Cloud) -> None:
    for path, since in ASKED:
        served = await ask(cloud, path, since)
        before = await ask(cloud, path, since - 1)
        assert before.status_code in (400, 404)
        if UNKNOWN in path and "aggregates" in path:
            assert "resource provider" in served.json()["errors"][0]["detail"]
            assert "version" in before.json()["errors"][0]["detail"]
        else:
            assert served.status_code == 200, served.text


@pytest.mark.edge("placement", "1.1", "1.6", "1.11", "1.12", "1.15", "1.17", "1.27", "1.29")
async def test_what_a_version_brought_to_see(cloud: Cloud) -> None:
    host = await add_host(cloud.db)
    await cloud.settle()
    async with cloud.db.write() as tx:
        await claim(
            tx,
            consumer_id=SERVER,
            project_id="p",
            user_id="u",
            provider_id=host.id,
            resources={"VCPU": 1},
        )
    provider, candidates = f"/resource_providers/{host.id}", CANDIDATES

    async def body(path: str, minor: int) -> Any:
        return (await ask(cloud, path, minor)).json()

    async def rels(minor: int) -> list[str]:
        return [link["rel"] for link in (await body(provider, minor))["links"]]

    async def summary(minor: int) -> Any:
        return (await body(candidates, minor))["provider_summaries"][host.id]

    assert await rels(0) == ["self", "inventories", "usages"]
    assert await rels(1) == ["self", "inventories", "usages", "aggregates"]
    assert (await rels(6))[-1] == "traits" and (await rels(5))[-1] == "aggregates"
    assert (await rels(11))[-1] == "allocations" and (await rels(10))[-1] == "traits"
    held = f"/allocations/{SERVER}"
    for minor, name in ((12, "project_id"), (28, "consumer_generation"), (38, "consumer_type")):
        assert name in await body(held, minor) and name not in await body(held, minor - 1)
    for minor in (11, 12):
        (one,) = (await body(candidates, minor))["allocation_requests"]
        assert isinstance(one["allocations"], dict if minor == 12 else list)
    listed = await body("/resource_providers", 13)
    assert "root_provider_uuid" not in listed["resource_providers"][0]
    assert (await body(provider, 14))["root_provider_uuid"] == host.id
    assert "cache-control" not in (await ask(cloud, provider, 14)).headers
    assert (await ask(cloud, provider, 15)).headers["cache-control"] == "no-cache"
    assert "last-modified" in (await ask(cloud, provider, 15)).headers
    assert "traits" in await summary(17) and "traits" not in await summary(16)
    aggregates = f"{provider}/aggregates"
    assert list(await body(aggregates, 18)) == ["aggregates"]
    assert "resource_provider_generation" in await body(aggregates, 19)
    assert set((await summary(26))["resources"]) == {"VCPU"}
    assert set((await summary(27))["resources"]) == {"VCPU", "MEMORY_MB", "DISK_GB"}
    assert "root_provider_uuid" in await summary(29)
    assert "root_provider_uuid" not in await summary(28)
    assert "mappings" in (await body(candidates, 34))["allocation_requests"][0]
    assert "mappings" not in (await body(candidates, 33))["allocation_requests"][0]
