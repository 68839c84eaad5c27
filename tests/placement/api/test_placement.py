"""Conversations with placement."""

from typing import Any

import httpx
import pytest

from cloud import Cloud
from fake_hosts import FakeHost, add_host
from pilvi.placement.operations.allocations import claim

SERVER = "9d16a611-e7f9-4ef3-be26-c61ed01ecefb"
ROOT = "/placement"
UNKNOWN = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
async def host(cloud: Cloud) -> FakeHost:
    """A host whose provider is there, with one claim."""
    found = await add_host(cloud.db, capabilities=[], vcpus=4, memory_mib=4608, disk_gib=50)
    await cloud.settle()
    async with cloud.db.write() as tx:
        await claim(
            tx,
            consumer_id=SERVER,
            project_id=cloud.project_ids["demo"],
            user_id="somebody",
            provider_id=found.id,
            resources={"VCPU": 2, "MEMORY_MB": 512},
        )
    return found


async def get(
    cloud: Cloud, path: str, version: str = "1.39", user: str = "admin"
) -> httpx.Response:
    headers = {"openstack-api-version": f"placement {version}"}
    return await cloud.call("GET", ROOT + path, user=user, headers=headers)


async def body(cloud: Cloud, path: str, version: str = "1.39") -> Any:
    reply = await get(cloud, path, version)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_versions_are_public(cloud: Cloud) -> None:
    for path in (ROOT, ROOT + "/"):
        reply = await cloud.call("GET", path, user=None)
        (version,) = reply.json()["versions"]
        assert (version["id"], version["max_version"]) == ("v1.0", "1.39")


async def test_the_usages_of_all_providers_are_one_list(cloud: Cloud, host: FakeHost) -> None:
    second = await add_host(cloud.db, name="host2", capabilities=[], vcpus=1)
    await cloud.settle()
    first, other = (await body(cloud, "/pilvi-usages"))["resource_providers"]
    assert (first["uuid"], first["name"]) == (host.id, "host1")
    assert first["resources"]["VCPU"] == {"used": 2, "capacity": 16}
    assert first["resources"]["MEMORY_MB"] == {"used": 512, "capacity": 4096}
    assert other["uuid"] == second.id
    assert other["resources"]["VCPU"] == {"used": 0, "capacity": 4}
    assert (await get(cloud, "/pilvi-usages", user="demo")).status_code == 403


async def test_a_provider_with_everything_about_it(cloud: Cloud, host: FakeHost) -> None:
    (provider,) = (await body(cloud, "/resource_providers"))["resource_providers"]
    assert (provider["uuid"], provider["name"]) == (host.id, "host1")
    assert await body(cloud, f"/resource_providers/{host.id}") == provider
    paths = {link["rel"]: link["href"].removeprefix(ROOT) for link in provider["links"]}
    inventories = await body(cloud, paths["inventories"])
    assert inventories["resource_provider_generation"] == provider["generation"]
    assert inventories["inventories"]["MEMORY_MB"]["reserved"] == 512
    one = await body(cloud, paths["inventories"] + "/VCPU")
    assert (one["total"], one["max_unit"], one["allocation_ratio"]) == (4, 4, 4.0)
    usages = await body(cloud, paths["usages"])
    assert usages["usages"] == {"VCPU": 2, "MEMORY_MB": 512, "DISK_GB": 0}
    held = (await body(cloud, paths["allocations"]))["allocations"]
    assert held == {SERVER: {"resources": {"VCPU": 2, "MEMORY_MB": 512}}}
    assert (await body(cloud, paths["aggregates"]))["aggregates"] == []
    assert (await body(cloud, paths["traits"]))["traits"] == ["CUSTOM_ACCELERATOR_TCG"]


async def test_what_is_not_there_is_404_in_placements_own_format(cloud: Cloud) -> None:
    await cloud.settle()
    for path in (
        f"/resource_providers/{UNKNOWN}",
        f"/resource_providers/{UNKNOWN}/usages",
        "/traits/CUSTOM_NOTHING",
        "/resource_classes/GOLD",
    ):
        reply = await get(cloud, path)
        (error,) = reply.json()["errors"]
        assert (reply.status_code, error["status"], error["title"]) == (404, 404, "Not Found")
        assert error["request_id"] == reply.headers["x-openstack-request-id"]
        assert error["detail"].startswith("cannot find")


FILTERS = [
    ("name=host1", 1),
    ("name=other", 0),
    ("uuid={id}", 1),
    (f"uuid={UNKNOWN}", 0),
    ("resources=VCPU:3,DISK_GB:50", 1),
    ("resources=VCPU:5", 0),
    ("in_tree={id}", 1),
    (f"in_tree={UNKNOWN}", 0),
    (f"member_of={UNKNOWN}", 0),
    (f"member_of=!{UNKNOWN}", 1),
    ("required=CUSTOM_ACCELERATOR_TCG", 1),
    ("required=!CUSTOM_ACCELERATOR_TCG", 0),
    ("required=in:COMPUTE_NODE,CUSTOM_ACCELERATOR_TCG", 1),
]


async def test_providers_are_filtered(cloud: Cloud, host: FakeHost) -> None:
    for query, found in FILTERS:
        listed = await body(cloud, "/resource_providers?" + query.format(id=host.id))
        assert len(listed["resource_providers"]) == found


BAD_QUERIES = [
    "/resource_providers?color=red",
    "/resource_providers?uuid=x",
    "/resource_providers?resources=GOLD:1",
    "/resource_providers?required=CUSTOM_NOTHING",
    "/resource_providers?name=a&name=b",
    "/resource_providers?member_of=x",
    "/allocation_candidates",
    "/allocation_candidates?resources=VCPU:0",
    "/allocation_candidates?resources=VCPU:1&limit=0",
    "/allocation_candidates?resources1=VCPU:1&resources2=VCPU:1",
    "/allocation_candidates?resources=VCPU:1&required_A=COMPUTE_NODE",
    "/allocation_candidates?resources=VCPU:1&same_subtree=_A",
    "/allocation_candidates?resources=VCPU:1&group_policy=maybe",
    "/usages",
    "/traits?name=GOLD",
    "/traits?associated=perhaps",
]


async def test_a_query_that_cannot_be_read_is_400(cloud: Cloud) -> None:
    for path in BAD_QUERIES:
        reply = await get(cloud, path)
        assert reply.status_code == 400
        assert reply.json()["errors"][0]["detail"].startswith("cannot ")


async def test_a_consumer_and_its_project(cloud: Cloud, host: FakeHost) -> None:
    held = await body(cloud, f"/allocations/{SERVER}")
    assert held["allocations"][host.id]["resources"] == {"VCPU": 2, "MEMORY_MB": 512}
    assert (held["consumer_generation"], held["consumer_type"]) == (1, "INSTANCE")
    assert held["project_id"] == cloud.project_ids["demo"]
    assert await body(cloud, f"/allocations/{UNKNOWN}") == {"allocations": {}}
    usages = f"/usages?project_id={held['project_id']}"
    told = {"INSTANCE": {"consumer_count": 1, "VCPU": 2, "MEMORY_MB": 512}}
    assert (await body(cloud, usages))["usages"] == told
    assert (await body(cloud, usages, "1.37"))["usages"] == {"VCPU": 2, "MEMORY_MB": 512}
    assert (await body(cloud, usages + "&user_id=nobody"))["usages"] == {}
    assert (await body(cloud, usages + "&consumer_type=unknown"))["usages"] == {}


async def test_members_see_their_own_usage_and_nothing_else(cloud: Cloud, host: FakeHost) -> None:
    mine = await get(cloud, f"/usages?project_id={cloud.project_ids['demo']}", user="demo")
    assert mine.status_code == 200
    theirs = await get(cloud, f"/usages?project_id={cloud.project_ids['admin']}", user="demo")
    assert theirs.status_code == 403
    for path in ("/resource_providers", "/traits", f"/allocations/{SERVER}"):
        assert (await get(cloud, path, user="demo")).status_code == 403
    assert (await cloud.call("GET", ROOT + "/resource_providers", user=None)).status_code == 401


async def test_candidates(cloud: Cloud, host: FakeHost) -> None:
    found = await body(cloud, "/allocation_candidates?resources=VCPU:1,MEMORY_MB:64&limit=1")
    (request,) = found["allocation_requests"]
    assert request["allocations"] == {host.id: {"resources": {"VCPU": 1, "MEMORY_MB": 64}}}
    assert request["mappings"] == {"": [host.id]}
    summary = found["provider_summaries"][host.id]
    assert summary["resources"]["VCPU"] == {"capacity": 16, "used": 2}
    assert summary["root_provider_uuid"] == host.id
    none = await body(cloud, "/allocation_candidates?resources=MEMORY_MB:4000")
    assert none == {"allocation_requests": [], "provider_summaries": {}}


async def test_candidates_in_groups(cloud: Cloud, host: FakeHost) -> None:
    query = "/allocation_candidates?resources_A=VCPU:1&resources_B=VCPU:2&group_policy="
    (request,) = (await body(cloud, query + "none"))["allocation_requests"]
    assert request["allocations"][host.id]["resources"] == {"VCPU": 3}
    assert request["mappings"] == {"_A": [host.id], "_B": [host.id]}
    assert (await body(cloud, query + "isolate"))["allocation_requests"] == []
    query = "/allocation_candidates?resources=VCPU:1&required_A=CUSTOM_ACCELERATOR_TCG"
    assert (await body(cloud, query + "&same_subtree=_A"))["allocation_requests"] != []


async def test_words(cloud: Cloud, host: FakeHost) -> None:
    classes = await body(cloud, "/resource_classes")
    assert {"VCPU", "MEMORY_MB", "DISK_GB"} <= {row["name"] for row in classes["resource_classes"]}
    assert (await body(cloud, "/resource_classes/VCPU"))["name"] == "VCPU"
    traits = (await body(cloud, "/traits"))["traits"]
    assert {"CUSTOM_ACCELERATOR_TCG", "HW_ARCH_X86_64"} <= set(traits)
    custom = "/traits?name=startswith:CUSTOM_"
    assert (await body(cloud, custom))["traits"] == ["CUSTOM_ACCELERATOR_TCG"]
    used = "/traits?associated=true&name=in:CUSTOM_ACCELERATOR_TCG,COMPUTE_NODE"
    assert (await body(cloud, used))["traits"] == ["CUSTOM_ACCELERATOR_TCG"]
    assert (await get(cloud, "/traits/COMPUTE_NODE")).status_code == 204
