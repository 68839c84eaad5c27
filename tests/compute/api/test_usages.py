"""Conversations about usage of projects and its audits."""

import pytest

from compute.servers import ComputeCloud

PATH = "/os-simple-tenant-usage"


async def test_usage_is_summed_by_project(compute: ComputeCloud) -> None:
    id = await compute.active()
    project = compute.cloud.project_ids["demo"]
    usage = (await compute.call("GET", f"{PATH}/{project}")).json()
    (server,) = usage["tenant_usage"]["server_usages"]
    assert (server["instance_id"], server["state"]) == (id, "active")
    everybody = await compute.call("GET", PATH, user="admin")
    assert [one["tenant_id"] for one in everybody.json()["tenant_usages"]] == [project]
    assert (await compute.call("GET", PATH)).status_code == 403
    other = compute.cloud.project_ids["admin"]
    assert (await compute.call("GET", f"{PATH}/{other}")).status_code == 403
    backwards = f"{PATH}/{project}?start=2024-02-01T00:00:00&end=2024-01-01T00:00:00"
    assert (await compute.call("GET", backwards)).status_code == 400
    assert (await compute.call("GET", f"{PATH}/{project}?start=x")).status_code == 400
    assert (await compute.call("GET", f"{PATH}/{project}?x=1")).status_code == 400
    empty = await compute.call("GET", f"{PATH}/{other}", user="admin")
    assert empty.json() == {"tenant_usage": {}}


@pytest.mark.edge("compute", "2.40")
async def test_usage_is_paged_since_2_40(compute: ComputeCloud) -> None:
    ids = [await compute.active(name=name) for name in ("a", "b")]
    path = f"{PATH}/{compute.cloud.project_ids['demo']}"
    old = (await compute.call("GET", f"{path}?limit=1", version="2.39")).json()
    assert len(old["tenant_usage"]["server_usages"]) == 2
    first = (await compute.call("GET", f"{path}?limit=1", version="2.40")).json()
    (shown,) = first["tenant_usage"]["server_usages"]
    assert shown["instance_id"] == ids[0]
    (link,) = first["tenant_usage_links"]
    following = link["href"].partition("/compute/v2.1")[2]
    rest = (await compute.call("GET", following, version="2.40")).json()
    assert rest["tenant_usage"]["server_usages"][0]["instance_id"] == ids[1]
    assert "tenant_usage_links" not in rest
    listed = await compute.call("GET", f"{PATH}?limit=1&detailed=1", user="admin")
    assert "tenant_usages_links" in listed.json()
    assert (await compute.call("GET", f"{path}?marker=x")).status_code == 400


async def test_hosts_run_no_audits(compute: ComputeCloud) -> None:
    path = "/os-instance_usage_audit_log"
    now = (await compute.call("GET", path, user="admin")).json()["instance_usage_audit_logs"]
    assert (now["hosts_not_run"], now["num_hosts_done"], now["log"]) == (["host1"], 0, {})
    then = await compute.call("GET", f"{path}/2024-03-05%2012:00:00", user="admin")
    told = then.json()["instance_usage_audit_log"]
    assert told["period_beginning"] == "2024-02-01 00:00:00"
    assert told["period_ending"] == "2024-03-01 00:00:00"
    assert (await compute.call("GET", f"{path}/yesterday", user="admin")).status_code == 400
    assert (await compute.call("GET", path)).status_code == 403
