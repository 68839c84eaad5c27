"""Conversations about services, endpoints, regions, and the catalog that they make."""

from typing import Any

import pytest

from identity.keystone import Keystone


async def _catalog(keystone: Keystone, user: str = "demo") -> dict[str, list[str]]:
    """The URLs of the catalog by the name of the service."""
    found = (await keystone.get("/auth/catalog", user=user))["catalog"]
    return {one["name"]: [each["url"] for each in one["endpoints"]] for one in found}


async def test_this_clouds_own_services_are_there(keystone: Keystone) -> None:
    services = (await keystone.get("/services"))["services"]
    assert {one["type"] for one in services} >= {"identity", "compute", "volumev3", "placement"}
    regions = (await keystone.get("/regions"))["regions"]
    assert [region["id"] for region in regions] == ["RegionOne"]
    (nova,) = (await keystone.get("/services?type=compute"))["services"]
    query = f"/endpoints?service_id={nova['id']}&interface=public"
    (endpoint,) = (await keystone.get(query))["endpoints"]
    assert endpoint["url"] == "http://cloud.test/compute/v2.1"
    assert (await _catalog(keystone))["nova"] == ["http://cloud.test/compute/v2.1"] * 3


async def test_the_catalog_follows_services_and_endpoints(keystone: Keystone) -> None:
    service = await keystone.make("services", type="backup", name="vault")
    assert service["enabled"]
    url = "http://vault.example/$(project_id)s/%(user_id)s"
    place = {"service_id": service["id"], "interface": "public", "region": "two"}
    endpoint = await keystone.make("endpoints", url=url, **place)
    assert (endpoint["region"], endpoint["region_id"]) == ("two", "two")
    assert (await keystone.get("/regions/two"))["region"]["description"] == ""
    me, project = await keystone.user("demo"), keystone.cloud.project_ids["demo"]
    assert (await _catalog(keystone))["vault"] == [f"http://vault.example/{project}/{me}"]
    path = f"/endpoints/{endpoint['id']}"
    assert (await keystone.change(path, enabled=False)).status_code == 200
    assert (await _catalog(keystone))["vault"] == []
    assert (await keystone.change(f"/services/{service['id']}", enabled=False)).status_code == 200
    assert "vault" not in await _catalog(keystone)
    assert (await keystone.call("DELETE", "/regions/two")).status_code == 403
    assert (await keystone.call("DELETE", f"/services/{service['id']}")).status_code == 204
    assert (await keystone.call("GET", path)).status_code == 404
    assert (await keystone.call("DELETE", "/regions/two")).status_code == 204


@pytest.mark.parametrize(
    "url",
    ["http://x/$(admin_token)s", "http://x/%(database_url)s", "http://x/$(project_id", ""],
)
async def test_an_url_asks_for_nothing_of_the_clouds_own(keystone: Keystone, url: str) -> None:
    """OSSA-2014-029."""
    service = await keystone.make("services", type="t", name="n")
    fields = {"service_id": service["id"], "interface": "public", "url": url}
    reply = await keystone.call("POST", "/endpoints", {"endpoint": fields})
    assert reply.status_code == 400


@pytest.mark.parametrize(
    "fields",
    [{"enabled": "True"}, {"interface": "side"}, {"service_id": "nowhere"}, {"url": None}],
)
async def test_bad_endpoints_are_400(keystone: Keystone, fields: dict[str, Any]) -> None:
    service = await keystone.make("services", type="t", name="n")
    good = {"service_id": service["id"], "interface": "public", "url": "http://x"}
    reply = await keystone.call("POST", "/endpoints", {"endpoint": {**good, **fields}})
    assert reply.status_code == 400


async def test_regions_have_regions(keystone: Keystone) -> None:
    top = await keystone.make("regions", description="d")
    named = await keystone.call("PUT", "/regions/low", {"region": {"parent_region_id": top["id"]}})
    assert named.status_code == 201
    found = (await keystone.get(f"/regions?parent_region_id={top['id']}"))["regions"]
    assert found == [named.json()["region"]]
    assert (
        await keystone.change(f"/regions/{top['id']}", parent_region_id="low")
    ).status_code == 400
    assert (await keystone.call("DELETE", f"/regions/{top['id']}")).status_code == 403
    body: dict[str, Any] = {"region": {"id": "low"}}
    assert (await keystone.call("POST", "/regions", body)).status_code == 409
    assert (await keystone.change("/regions/low", description="x")).status_code == 200
    for id in ("low", top["id"]):
        assert (await keystone.call("DELETE", f"/regions/{id}")).status_code == 204


async def test_a_projects_catalog_is_narrowed(keystone: Keystone) -> None:
    project = keystone.cloud.project_ids["demo"]
    (glance,) = (await keystone.get("/services?type=image"))["services"]
    (nova,) = (await keystone.get("/services?type=compute"))["services"]
    query = f"/endpoints?service_id={glance['id']}&interface=public"
    (endpoint,) = (await keystone.get(query))["endpoints"]
    root = f"/OS-EP-FILTER/projects/{project}/endpoints"
    path = f"{root}/{endpoint['id']}"
    assert (await keystone.call("GET", path)).status_code == 404
    assert (await keystone.call("PUT", path)).status_code == 204
    assert (await keystone.call("HEAD", path)).status_code == 204
    seen = await _catalog(keystone)
    assert len(seen["glance"]) == 1 and seen["nova"] == []
    group = await keystone.make(
        "OS-EP-FILTER/endpoint_groups", name="g", filters={"service_id": nova["id"]}
    )
    in_group = f"/OS-EP-FILTER/endpoint_groups/{group['id']}"
    assert len((await keystone.get(f"{in_group}/endpoints"))["endpoints"]) == 3
    assert (await keystone.call("PUT", f"{in_group}/projects/{project}")).status_code == 204
    assert len((await _catalog(keystone))["nova"]) == 3
    assert len((await keystone.get(root))["endpoints"]) == 4
    for listed in (f"{in_group}/projects", f"/OS-EP-FILTER/endpoints/{endpoint['id']}/projects"):
        assert [one["id"] for one in (await keystone.get(listed))["projects"]] == [project]
    shown = await keystone.get(f"{in_group}/projects/{project}")
    assert shown["project"]["id"] == project
    groups = await keystone.get(f"/OS-EP-FILTER/projects/{project}/endpoint_groups")
    assert [one["id"] for one in groups["endpoint_groups"]] == [group["id"]]
    assert (await keystone.change(in_group, filters={"interface": "admin"})).status_code == 200
    assert (await keystone.change(in_group, filters={"colour": "red"})).status_code == 400
    assert (await keystone.call("DELETE", f"{in_group}/projects/{project}")).status_code == 204
    assert (await keystone.call("DELETE", in_group)).status_code == 204
    assert (await keystone.call("DELETE", path)).status_code == 204
    assert len((await _catalog(keystone))["nova"]) == 3


async def test_policies_and_what_they_belong_to(keystone: Keystone) -> None:
    policy = await keystone.make("policies", type="application/json", blob="{}")
    other = await keystone.make("policies", type="text/plain", blob="x")
    assert (await keystone.change(f"/policies/{other['id']}", blob="y")).status_code == 200
    assert len((await keystone.get("/policies?type=text/plain"))["policies"]) == 1
    (nova,) = (await keystone.get("/services?type=compute"))["services"]
    query = f"/endpoints?service_id={nova['id']}&interface=public"
    (endpoint,) = (await keystone.get(query))["endpoints"]
    root = f"/policies/{policy['id']}/OS-ENDPOINT-POLICY"
    effective = f"/endpoints/{endpoint['id']}/OS-ENDPOINT-POLICY/policy"
    assert (await keystone.call("GET", effective)).status_code == 404
    for place in (
        f"services/{nova['id']}",
        f"services/{nova['id']}/regions/RegionOne",
        f"endpoints/{endpoint['id']}",
    ):
        assert (await keystone.call("GET", f"{root}/{place}")).status_code == 404
        assert (await keystone.call("PUT", f"{root}/{place}")).status_code == 204
        assert (await keystone.call("HEAD", f"{root}/{place}")).status_code == 204
        assert (await keystone.get(effective))["policy"]["id"] == policy["id"]
    assert len((await keystone.get(f"{root}/endpoints"))["endpoints"]) == 3
    narrow = f"/policies/{other['id']}/OS-ENDPOINT-POLICY/endpoints/{endpoint['id']}"
    assert (await keystone.call("PUT", narrow)).status_code == 204
    assert (await keystone.get(effective))["policy"]["id"] == other["id"]
    assert (await keystone.call("DELETE", narrow)).status_code == 204
    assert (await keystone.get(effective))["policy"]["id"] == policy["id"]
    assert (await keystone.call("DELETE", f"/policies/{policy['id']}")).status_code == 204
    assert (await keystone.call("GET", effective)).status_code == 404


async def test_limits(keystone: Keystone) -> None:
    (nova,) = (await keystone.get("/services?type=compute"))["services"]
    project = keystone.cloud.project_ids["demo"]
    place = {"service_id": nova["id"], "resource_name": "cores", "region_id": "RegionOne"}
    assert (await keystone.get("/limits/model", user="demo"))["model"]["name"] == "flat"
    body = {"limits": [{**place, "project_id": project, "resource_limit": 5}]}
    assert (await keystone.call("POST", "/limits", body)).status_code == 403
    registered = {"registered_limits": [{**place, "default_limit": 10}]}
    made = await keystone.call("POST", "/registered_limits", registered)
    assert made.status_code == 201
    (first,) = made.json()["registered_limits"]
    assert (await keystone.call("POST", "/registered_limits", registered)).status_code == 409
    limited = await keystone.call("POST", "/limits", body)
    assert limited.status_code == 201, limited.text
    (limit,) = limited.json()["limits"]
    assert (await keystone.call("POST", "/limits", body)).status_code == 409
    assert (await keystone.get("/limits", user="demo"))["limits"] == [limit]
    assert (await keystone.get(f"/limits/{limit['id']}", user="demo"))["limit"] == limit
    changed = await keystone.change(f"/limits/{limit['id']}", resource_limit=7)
    assert changed.json()["limit"]["resource_limit"] == 7
    path = f"/registered_limits/{first['id']}"
    assert (await keystone.get(path, user="demo"))["registered_limit"] == first
    assert (await keystone.change(path, default_limit=11)).status_code == 200
    assert (await keystone.change(path, resource_name="ram")).status_code == 403
    assert (await keystone.call("DELETE", path)).status_code == 403
    assert (await keystone.call("DELETE", f"/limits/{limit['id']}")).status_code == 204
    assert (await keystone.call("DELETE", path)).status_code == 204
    assert (await keystone.get("/registered_limits"))["registered_limits"] == []
    both = {**place, "project_id": project, "domain_id": "default", "resource_limit": 1}
    assert (await keystone.call("POST", "/limits", {"limits": [both]})).status_code == 400
