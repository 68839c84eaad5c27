"""Conversations about limits, quotas and usage."""

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


async def test_usage_is_summed_by_project(compute: ComputeCloud) -> None:
    id = await compute.active()
    project = compute.cloud.project_ids["demo"]
    usage = (await compute.call("GET", f"/os-simple-tenant-usage/{project}")).json()
    (server,) = usage["tenant_usage"]["server_usages"]
    assert (server["instance_id"], server["state"]) == (id, "active")
    everybody = await compute.call("GET", "/os-simple-tenant-usage", user="admin")
    assert [one["tenant_id"] for one in everybody.json()["tenant_usages"]] == [project]
    assert (await compute.call("GET", "/os-simple-tenant-usage")).status_code == 403
