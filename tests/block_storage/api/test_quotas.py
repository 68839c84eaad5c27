"""Conversations about quotas and limits."""

from cloud import Cloud
from fake_hosts import FakeHost
from pilvi.block_storage.model.quota import DEFAULTS
from volume_talk import call, create, message

OF_DEFAULT_TYPE = {f"{name}___DEFAULT__": -1 for name in ("volumes", "gigabytes", "snapshots")}


async def test_quotas_are_shown_changed_and_reset(cloud: Cloud, host: FakeHost) -> None:
    demo = cloud.project_ids["demo"]
    path = f"/os-quota-sets/{demo}"
    whole = {"id": demo, **DEFAULTS, **OF_DEFAULT_TYPE}
    assert (await call(cloud, "GET", path)).json()["quota_set"] == whole
    body = {"quota_set": {"volumes": "3", "gigabytes": 7, "tenant_id": demo}}
    message(await call(cloud, "PUT", path, body), 403, "forbidden")
    changed = (await call(cloud, "PUT", path, body, user="admin")).json()["quota_set"]
    assert (changed["volumes"], changed["gigabytes"]) == (3, 7)
    await create(cloud, size=5)
    used = (await call(cloud, "GET", f"{path}?usage=True")).json()["quota_set"]
    assert used["volumes"] == {"limit": 3, "in_use": 1, "reserved": 0}
    assert used["gigabytes"]["in_use"] == 5
    message(await call(cloud, "POST", "/volumes", {"volume": {"size": 3}}), 413, "overLimit")
    assert (await call(cloud, "DELETE", path, user="admin")).status_code == 200
    assert (await call(cloud, "GET", path)).json()["quota_set"]["volumes"] == 10
    defaults = (await call(cloud, "GET", f"{path}/defaults")).json()["quota_set"]
    assert defaults == whole


async def test_quotas_of_others_are_for_admins(cloud: Cloud, host: FakeHost) -> None:
    path = f"/os-quota-sets/{cloud.project_ids['admin']}"
    message(await call(cloud, "GET", path), 403, "forbidden")
    assert (await call(cloud, "GET", path, user="admin")).status_code == 200
    for figures in ({"colour": 1}, {"volumes": "x"}, {"volumes": -2}, {"volumes": True}):
        reply = await call(cloud, "PUT", path, {"quota_set": figures}, user="admin")
        message(reply, 400, "badRequest")


async def test_the_default_class(cloud: Cloud, host: FakeHost) -> None:
    path = "/os-quota-class-sets/"
    reply = await call(cloud, "GET", path + "default", user="admin")
    assert reply.json()["quota_class_set"]["gigabytes"] == 1000
    body = {"quota_class_set": {"gigabytes": 1001, "volumes___DEFAULT__": 2}}
    changed = await call(cloud, "PUT", path + "default", body, user="admin")
    assert body["quota_class_set"].items() <= changed.json()["quota_class_set"].items()
    other = f"/os-quota-sets/{cloud.project_ids['demo']}/defaults"
    assert (await call(cloud, "GET", other)).json()["quota_set"]["gigabytes"] == 1001
    for _ in range(2):
        await create(cloud)
    reply = await call(cloud, "POST", "/volumes", {"volume": {"size": 1}})
    assert "volumes___DEFAULT__" in message(reply, 413, "overLimit")


async def test_limits_show_what_is_used(cloud: Cloud, host: FakeHost) -> None:
    await create(cloud, size=5)
    absolute = (await call(cloud, "GET", "/limits")).json()["limits"]["absolute"]
    assert (absolute["totalVolumesUsed"], absolute["totalGigabytesUsed"]) == (1, 5)
    assert (absolute["maxTotalVolumes"], absolute["maxTotalVolumeGigabytes"]) == (10, 1000)
    path = f"/limits?project_id={cloud.project_ids['demo']}"
    theirs = (await call(cloud, "GET", path, user="admin")).json()["limits"]["absolute"]
    assert theirs == absolute
