"""Conversations about server groups, and where their servers go."""

from typing import Any

import pytest

from compute.servers import ComputeCloud
from fake_host import running_agent

PATH = "/os-server-groups"


async def make(compute: ComputeCloud, policy: str, version: str = "2.104", **rules: Any) -> str:
    fields: dict[str, Any] = {"name": "web", "policy": policy}
    if rules:
        fields["rules"] = rules
    reply = await compute.call("POST", PATH, {"server_group": fields}, version=version)
    assert reply.status_code == 200, reply.text
    id: str = reply.json()["server_group"]["id"]
    return id


async def create_in(compute: ComputeCloud, group: str, **fields: Any) -> Any:
    body = {
        "server": {
            "name": "one",
            "imageRef": compute.image_id,
            "flavorRef": "p1.nano",
            "networks": "none",
            **fields,
        },
        "os:scheduler_hints": {"group": group},
    }
    return await compute.call("POST", "/servers", body)


async def test_a_group_comes_and_goes(compute: ComputeCloud) -> None:
    id = await make(compute, "anti-affinity", max_server_per_host="2")
    shown = (await compute.call("GET", f"{PATH}/{id}")).json()["server_group"]
    assert shown["rules"] == {"max_server_per_host": 2}
    assert (shown["policy"], shown["members"]) == ("anti-affinity", [])
    assert (await compute.call("GET", PATH)).json()["server_groups"] == [shown]
    assert (await compute.call("GET", PATH, user="admin")).json()["server_groups"] == []
    everybody = await compute.call("GET", f"{PATH}?all_projects=1&limit=1", user="admin")
    assert [one["id"] for one in everybody.json()["server_groups"]] == [id]
    assert (await compute.call("GET", f"{PATH}?offset=1")).json()["server_groups"] == []
    assert (await compute.call("DELETE", f"{PATH}/{id}")).status_code == 204
    assert (await compute.call("DELETE", f"{PATH}/{id}")).status_code == 404


@pytest.mark.edge("compute", "2.15", "2.64")
async def test_older_versions_have_a_list_of_policies(compute: ComputeCloud) -> None:
    async def post(version: str, **fields: Any) -> Any:
        body = {"server_group": {"name": "web", **fields}}
        return await compute.call("POST", PATH, body, version=version)

    first = (await post("2.1", policies=["affinity"])).json()["server_group"]
    assert set(first) == {"id", "name", "policies", "members", "metadata"}
    later = (await post("2.13", policies=["affinity"])).json()["server_group"]
    assert later["project_id"] == compute.cloud.project_ids["demo"]
    assert (await post("2.14", policies=["soft-affinity"])).status_code == 400
    assert (await post("2.15", policies=["soft-affinity"])).status_code == 200
    assert (await post("2.63", policies=["affinity", "anti-affinity"])).status_code == 400
    assert (await post("2.63", policy="affinity")).status_code == 400
    assert (await post("2.64", policies=["affinity"])).status_code == 400
    newest = (await post("2.64", policy="affinity")).json()["server_group"]
    assert newest["rules"] == {}
    listed = (await compute.call("GET", PATH, version="2.63")).json()["server_groups"]
    assert all(one["metadata"] == {} and "rules" not in one for one in listed)


async def test_bad_groups_are_refused(compute: ComputeCloud) -> None:
    for fields in (
        {"name": "", "policy": "affinity"},
        {"name": " x", "policy": "affinity"},
        {"name": "x", "policy": "storage-affinity"},
        {"name": "x", "policy": "affinity", "rules": {"max_server_per_host": 2}},
        {"name": "x", "policy": "anti-affinity", "rules": {"max_server_per_host": 0}},
        {"name": "x", "policy": "anti-affinity", "rules": {"max_server_per_host": "x"}},
        {"name": "x", "policy": "anti-affinity", "rules": {"other": 2}},
    ):
        reply = await compute.call("POST", PATH, {"server_group": fields})
        assert reply.status_code == 400, fields
    assert (await compute.call("GET", f"{PATH}?limit=x")).status_code == 400
    assert (await create_in(compute, "x")).status_code == 400
    missing = "00000000-0000-4000-8000-000000000000"
    assert (await create_in(compute, missing)).status_code == 400


async def test_groups_are_counted(compute: ComputeCloud) -> None:
    project = compute.cloud.project_ids["demo"]
    limits = {"quota_set": {"server_groups": 1, "server_group_members": 1}}
    path = f"/os-quota-sets/{project}"
    assert (await compute.call("PUT", path, limits, user="admin")).status_code == 200
    id = await make(compute, "soft-affinity")
    absolute = (await compute.call("GET", "/limits")).json()["limits"]["absolute"]
    assert (absolute["totalServerGroupsUsed"], absolute["maxServerGroups"]) == (1, 1)
    again = {"server_group": {"name": "web", "policy": "affinity"}}
    reply = await compute.call("POST", PATH, again)
    assert reply.status_code == 403
    assert "server_groups" in reply.json()["forbidden"]["message"]
    assert (await create_in(compute, id, min_count=2, max_count=2)).status_code == 403
    assert (await create_in(compute, id)).status_code == 202
    assert (await create_in(compute, id)).status_code == 403


async def test_servers_of_a_group_share_a_host_or_not(compute: ComputeCloud) -> None:
    async with running_agent(compute.cloud, "host2"):

        async def hosts_of(policy: str, count: int) -> list[str | None]:
            group = await make(compute, policy)
            found = []
            for _ in range(count):
                id = (await create_in(compute, group)).json()["server"]["id"]
                await compute.wait(id, "ACTIVE")
                shown = await compute.show(id, user="admin")
                assert shown["server_groups"] == [group]
                found.append(shown["OS-EXT-SRV-ATTR:host"])
            return found

        assert len(set(await hosts_of("affinity", 3))) == 1
        assert len(set(await hosts_of("anti-affinity", 2))) == 2
        assert len(set(await hosts_of("soft-anti-affinity", 2))) == 2
        assert len(set(await hosts_of("soft-affinity", 2))) == 1


async def test_no_host_is_left_and_the_fault_says_why(compute: ComputeCloud) -> None:
    group = await make(compute, "anti-affinity")
    first = (await create_in(compute, group)).json()["server"]["id"]
    await compute.wait(first, "ACTIVE")
    second = (await create_in(compute, group)).json()["server"]["id"]
    server = await compute.wait(second, "ERROR")
    assert "has 1 of the servers of the group web" in server["fault"]["message"]
    await compute.delete(first)
    members = (await compute.call("GET", f"{PATH}/{group}")).json()["server_group"]["members"]
    assert members == [second]
    third = (await create_in(compute, group)).json()["server"]["id"]
    await compute.wait(third, "ACTIVE")
