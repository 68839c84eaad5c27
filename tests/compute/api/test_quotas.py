"""Conversations about limits and quotas."""

from typing import Any

import pytest

from compute.servers import ComputeCloud


async def test_limits_count_what_is_used(compute: ComputeCloud) -> None:
    id = await compute.active()
    absolute = (await compute.call("GET", "/limits")).json()["limits"]["absolute"]
    assert absolute["totalInstancesUsed"] == absolute["totalCoresUsed"] == 1
    assert (absolute["totalRAMUsed"], absolute["maxTotalRAMSize"]) == (128, 51200)
    await compute.delete(id)
    absolute = (await compute.call("GET", "/limits")).json()["limits"]["absolute"]
    assert absolute["totalInstancesUsed"] == 0


async def test_quotas_are_set_by_admins_and_enforced(compute: ComputeCloud) -> None:
    project = compute.cloud.project_ids["demo"]
    path = f"/os-quota-sets/{project}"
    body = {"quota_set": {"cores": 1}}
    assert (await compute.call("PUT", path, body)).status_code == 403
    changed = await compute.call("PUT", path, body, user="admin")
    assert changed.json()["quota_set"]["cores"] == 1
    assert (await compute.post_server(flavorRef="3")).status_code == 403
    await compute.active()
    reply = await compute.post_server()
    assert reply.status_code == 403
    message = reply.json()["forbidden"]["message"]
    assert "quota exceeded for cores" in message
    assert "1 of 1" in message
    lower = {"quota_set": {"cores": 0}}
    assert (await compute.call("PUT", path, lower, user="admin")).status_code == 400
    forced = {"quota_set": {"cores": 0, "force": True}}
    assert (await compute.call("PUT", path, forced, user="admin")).status_code == 200
    details = (await compute.call("GET", f"{path}/detail")).json()["quota_set"]
    assert details["cores"] == {"in_use": 1, "limit": 0, "reserved": 0}
    assert (await compute.call("DELETE", path, user="admin")).status_code == 202
    assert (await compute.call("GET", path)).json()["quota_set"]["cores"] == 20
    defaults = (await compute.call("GET", f"{path}/defaults")).json()["quota_set"]
    assert defaults["instances"] == 10
    other = f"/os-quota-sets/{compute.cloud.project_ids['admin']}"
    assert (await compute.call("GET", other)).status_code == 403
    bad = {"quota_set": {"floating_ips": 1}}
    assert (await compute.call("PUT", path, bad, user="admin")).status_code == 400


async def ask(compute: ComputeCloud, method: str, path: str, **options: Any) -> Any:
    return (await compute.call(method, path, **{"user": "admin", **options})).json()


@pytest.mark.edge("compute", "2.36", "2.50", "2.57")
async def test_each_version_names_its_own_quotas(compute: ComputeCloud) -> None:
    path = f"/os-quota-sets/{compute.cloud.project_ids['demo']}"
    for version, count in (("2.35", 14), ("2.36", 10), ("2.56", 10), ("2.57", 7)):
        for tail in ("", "/defaults", "/detail"):
            shown = await ask(compute, "GET", path + tail, version=version)
            assert len(shown["quota_set"]) == count + 1, (version, tail)
    for version, count in (("2.49", 12), ("2.50", 10), ("2.57", 7)):
        shown = await ask(compute, "GET", "/os-quota-class-sets/default", version=version)
        assert len(shown["quota_class_set"]) == count + 1, version
    body = {"quota_set": {"fixed_ips": "7", "injected_files": 3}}
    changed = await ask(compute, "PUT", path, json=body, version="2.35")
    assert (changed["quota_set"]["fixed_ips"], changed["quota_set"]["injected_files"]) == (7, 3)
    for version in ("2.36", "2.57"):
        reply = await compute.call("PUT", path, body, version=version, user="admin")
        assert reply.status_code == 400
    limits = (await ask(compute, "GET", "/limits", version="2.1", user="demo"))["limits"]
    assert limits["absolute"]["maxPersonality"] == 3
    assert "maxTotalFloatingIps" in limits["absolute"]


async def test_numbers_may_be_texts(compute: ComputeCloud) -> None:
    path = f"/os-quota-sets/{compute.cloud.project_ids['demo']}"
    changed = await ask(compute, "PUT", path, json={"quota_set": {"ram": "5120", "force": "True"}})
    assert changed["quota_set"]["ram"] == 5120
    for wrong in ("", "x", "-2", "99999999999", -2, 1.5, 2**31):
        body = {"quota_set": {"ram": wrong}}
        reply = await compute.call("PUT", path, body, user="admin")
        assert reply.status_code == 400, wrong
    maybe = {"quota_set": {"ram": 1, "force": "maybe"}}
    assert (await compute.call("PUT", path, maybe, user="admin")).status_code == 400


async def test_the_default_class_holds_for_everybody(compute: ComputeCloud) -> None:
    path, project = "/os-quota-class-sets/default", compute.cloud.project_ids["demo"]
    body = {"quota_class_set": {"instances": 1}}
    changed = await ask(compute, "PUT", path, json=body)
    assert changed["quota_class_set"]["instances"] == 1
    assert "id" not in changed["quota_class_set"]
    assert (await ask(compute, "GET", path))["quota_class_set"]["instances"] == 1
    own = await ask(compute, "GET", f"/os-quota-sets/{project}", user="demo")
    assert own["quota_set"]["instances"] == 1
    await compute.active()
    assert (await compute.post_server()).status_code == 403
    other = await ask(compute, "GET", "/os-quota-class-sets/gold")
    assert (other["quota_class_set"]["id"], other["quota_class_set"]["instances"]) == ("gold", 10)
    assert (await compute.call("GET", path)).status_code == 403


async def test_a_user_may_have_less_than_the_project(compute: ComputeCloud) -> None:
    user = (await compute.show(await compute.active()))["user_id"]
    path = f"/os-quota-sets/{compute.cloud.project_ids['demo']}"
    mine = f"{path}?user_id={user}"
    body = {"quota_set": {"instances": 1}}
    changed = await ask(compute, "PUT", mine, json=body)
    assert changed["quota_set"]["instances"] == 1
    assert (await ask(compute, "GET", path))["quota_set"]["instances"] == 10
    detail = f"{path}/detail?user_id={user}"
    shown = await ask(compute, "GET", detail)
    assert shown["quota_set"]["instances"] == {"in_use": 1, "limit": 1, "reserved": 0}
    reply = await compute.post_server()
    assert reply.status_code == 403
    assert "quota exceeded for instances" in reply.json()["forbidden"]["message"]
    more = {"quota_set": {"instances": 11}}
    assert (await compute.call("PUT", mine, more, user="admin")).status_code == 400
    assert (await compute.call("DELETE", mine, user="admin")).status_code == 202
    await compute.active()


async def test_key_pairs_are_counted_by_the_quota_in_force(compute: ComputeCloud) -> None:
    path = f"/os-quota-sets/{compute.cloud.project_ids['demo']}"
    await ask(compute, "PUT", path, json={"quota_set": {"key_pairs": 1}})

    async def create(name: str) -> int:
        body = {"keypair": {"name": name}}
        return (await compute.call("POST", "/os-keypairs", body, version="2.91")).status_code

    assert [await create("a"), await create("b")] == [201, 403]
