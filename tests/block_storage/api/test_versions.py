"""The edge of every microversion of block storage."""

from typing import Any

import httpx
import pytest

from cloud import Cloud
from fake_hosts import FakeHost
from pilvi.block_storage.api.versions import VERSIONS
from pilvi.block_storage.operations.quotas import set_limits
from volume_talk import ROOT, create


async def ask(
    cloud: Cloud, minor: int, path: str, json: Any = None, method: str = "GET", user: str = "admin"
) -> httpx.Response:
    headers = {"openstack-api-version": f"volume 3.{minor}"}
    reply = await cloud.call(method, ROOT + path, json, user=user, headers=headers)
    assert reply.headers["openstack-api-version"] == f"volume 3.{minor}"
    return reply


def test_every_version_has_a_sentence_and_none_is_left_out() -> None:
    assert [row.number for row in VERSIONS.rows] == [(3, minor) for minor in range(1, 72)]
    assert all(row.sentence.endswith(".") for row in VERSIONS.rows)


async def test_outside_the_range_is_406(cloud: Cloud, host: FakeHost) -> None:
    headers = {"openstack-api-version": "volume 3.72"}
    reply = await cloud.call("GET", f"{ROOT}/volumes", headers=headers)
    assert reply.status_code == 406
    assert "3.0 to 3.71" in reply.json()["computeFault"]["message"]


FIELDS = [
    ("group_id", 13),
    ("provider_id", 21),
    ("shared_targets", 48),
    ("service_uuid", 48),
    ("cluster_name", 61),
    ("volume_type_id", 63),
    ("consumes_quota", 65),
]


async def test_fields_that_a_version_brought(cloud: Cloud, host: FakeHost) -> None:
    async with cloud.db.write() as tx:
        await set_limits(tx, cloud.project_ids["admin"], {"volumes": -1})
    body = {"volume": {"size": 1}}
    for field, since in FIELDS:
        for minor in (since - 1, since):
            made = (await ask(cloud, minor, "/volumes", body, "POST")).json()["volume"]
            path = f"/volumes/{made['id']}"
            shown = (await ask(cloud, minor, path)).json()["volume"]
            update = {"volume": {"name": "n"}}
            changed = (await ask(cloud, minor, path, update, "PUT")).json()["volume"]
            listed = (await ask(cloud, minor, "/volumes/detail")).json()["volumes"][0]
            for found in (made, shown, changed, listed):
                assert (field in found) == (minor == since)


PATHS = [
    ("/messages", 3),
    ("/volumes/summary", 12),
    ("/attachments", 27),
    ("/resource_filters", 33),
    ("/volume-transfers", 55),
]


async def test_paths_that_a_version_brought(cloud: Cloud, host: FakeHost) -> None:
    for path, since in PATHS:
        assert (await ask(cloud, since, path)).status_code == 200
        assert (await ask(cloud, since - 1, path)).status_code == 404


FILTERS = [
    ("glance_metadata={'a':'b'}", 4),
    ("group_id=x", 10),
    ("name~=x", 34),
    ("created_at=lt:2000-01-01T00:00:00", 60),
    ("consumes_quota=false", 65),
]


@pytest.mark.edge("volume", "3.4", "3.10", "3.34", "3.60", "3.65")
async def test_filters_that_a_version_brought(cloud: Cloud, host: FakeHost) -> None:
    await create(cloud, name="one")
    for query, since in FILTERS:
        path = f"/volumes?all_tenants=1&{query}"
        assert (await ask(cloud, since, path)).json()["volumes"] == []
        before = await ask(cloud, since - 1, path)
        if since > 31:
            assert before.status_code == 400
        else:
            assert len(before.json()["volumes"]) == 1


@pytest.mark.edge("volume", "3.31")
async def test_unknown_filters_are_refused_from_a_version_on(cloud: Cloud, host: FakeHost) -> None:
    assert (await ask(cloud, 30, "/volumes?colour=red")).status_code == 200
    assert (await ask(cloud, 31, "/volumes?colour=red")).status_code == 400


@pytest.mark.edge("volume", "3.28", "3.45")
async def test_counts_pools_summary_and_services(cloud: Cloud, host: FakeHost) -> None:
    for minor, has in ((44, False), (45, True)):
        found = (await ask(cloud, minor, "/volumes?with_count=true")).json()
        assert ("count" in found) == has
    for minor, found in ((27, 1), (28, 0)):
        reply = await ask(cloud, minor, "/scheduler-stats/get_pools?name=x")
        assert len(reply.json()["pools"]) == found
    for minor, has in ((35, False), (36, True)):
        summary = (await ask(cloud, minor, "/volumes/summary")).json()["volume-summary"]
        assert ("metadata" in summary) == has
    for field, since in (("cluster", 7), ("backend_state", 49)):
        for minor in (since - 1, since):
            service, _ = (await ask(cloud, minor, "/os-services")).json()["services"]
            assert (field in service) == (minor == since)


@pytest.mark.edge("volume", "3.15")
async def test_metadata_has_an_etag_from_a_version_on(cloud: Cloud, host: FakeHost) -> None:
    path = f"/volumes/{(await create(cloud))['id']}/metadata"
    for minor, has in ((14, False), (15, True)):
        assert ("etag" in (await ask(cloud, minor, path)).headers) == has
    headers = {"openstack-api-version": "volume 3.14", "if-match": "stale"}
    reply = await cloud.call("PUT", ROOT + path, {"metadata": {}}, headers=headers)
    assert reply.status_code == 200


@pytest.mark.edge("volume", "3.23")
async def test_a_forced_deletion_from_a_version_on(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud))["id"]
    path = f"/volumes/{id}?force=true"
    assert (await ask(cloud, 23, path, method="DELETE", user="demo")).status_code == 403
    assert (await ask(cloud, 22, path, method="DELETE", user="demo")).status_code == 202


@pytest.mark.edge("volume", "3.39")
async def test_limits_of_a_project_from_a_version_on(cloud: Cloud, host: FakeHost) -> None:
    await create(cloud)
    path = f"/limits?project_id={cloud.project_ids['demo']}"
    for minor, used in ((38, 0), (39, 1)):
        limits = (await ask(cloud, minor, path)).json()["limits"]["absolute"]
        assert limits["totalVolumesUsed"] == used


@pytest.mark.edge("volume", "3.52")
async def test_types_are_filtered_by_specs_from_a_version_on(cloud: Cloud, host: FakeHost) -> None:
    path = "/types?extra_specs={'a':'b'}"
    assert len((await ask(cloud, 51, path)).json()["volume_types"]) == 1
    assert (await ask(cloud, 52, path)).json()["volume_types"] == []


@pytest.mark.edge("volume", "3.53")
async def test_unknown_fields_are_refused_from_a_version_on(cloud: Cloud, host: FakeHost) -> None:
    body = {"volume": {"size": 1, "colour": "red"}}
    assert (await ask(cloud, 53, "/volumes", body, "POST")).status_code == 400
    made = await ask(cloud, 52, "/volumes", body, "POST")
    assert made.status_code == 202
    path, change = f"/volumes/{made.json()['volume']['id']}", {"volume": {"name": "n", "size": 3}}
    assert (await ask(cloud, 53, path, change, "PUT")).status_code == 400
    assert (await ask(cloud, 52, path, change, "PUT")).json()["volume"]["size"] == 1


REQUESTS = [("group_id", 13), ("backup_id", 47)]


async def test_requests_that_a_version_brought(cloud: Cloud, host: FakeHost) -> None:
    for field, since in REQUESTS:
        body = {"volume": {"size": 1, field: "x"}}
        assert (await ask(cloud, since - 1, "/volumes", body, "POST")).status_code == 400
        assert (await ask(cloud, since, "/volumes", body, "POST")).status_code == 404


async def test_completing_attachments_from_a_version_on(cloud: Cloud, host: FakeHost) -> None:
    volume = await create(cloud, host)
    body = {"attachment": {"volume_uuid": volume["id"], "connector": {"host": "x"}}}
    assert (await ask(cloud, 26, "/attachments", body, "POST")).status_code == 404
    moded = {"attachment": {**body["attachment"], "mode": "ro"}}
    assert (await ask(cloud, 53, "/attachments", moded, "POST")).status_code == 400
    made = (await ask(cloud, 54, "/attachments", moded, "POST")).json()["attachment"]
    assert (made["status"], made["attach_mode"]) == ("attaching", "ro")
    path = f"/attachments/{made['id']}/action"
    assert (await ask(cloud, 43, path, {"os-complete": {}}, "POST")).status_code == 404
    assert (await ask(cloud, 44, path, {"os-complete": {}}, "POST")).status_code == 204


@pytest.mark.edge("volume", "3.66")
async def test_snapshots_of_volumes_in_use_from_a_version_on(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud, host))["id"]
    body = {"os-attach": {"instance_uuid": "s", "mountpoint": "/dev/vdc"}}
    assert (await ask(cloud, 0, f"/volumes/{id}/action", body, "POST")).status_code == 202
    wanted = {"snapshot": {"volume_id": id}}
    assert (await ask(cloud, 65, "/snapshots", wanted, "POST")).status_code == 400
    made = await ask(cloud, 66, "/snapshots", wanted, "POST")
    assert (made.status_code, made.json()["snapshot"]["status"]) == (202, "creating")
    for minor, has in ((40, False), (41, True)):
        path = f"/snapshots/{made.json()['snapshot']['id']}"
        found = (await ask(cloud, minor, path)).json()["snapshot"]
        assert ("user_id" in found) == has
    refused = {"snapshot": {"volume_id": id, "force": False}}
    assert (await ask(cloud, 66, "/snapshots", refused, "POST")).status_code == 400


@pytest.mark.edge("volume", "3.42")
async def test_a_volume_in_use_grows_from_a_version_on(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud, host))["id"]
    body = {"os-attach": {"instance_uuid": "s", "mountpoint": "/dev/vdc"}}
    await ask(cloud, 0, f"/volumes/{id}/action", body, "POST")
    grow = {"os-extend": {"new_size": 2}}
    assert (await ask(cloud, 41, f"/volumes/{id}/action", grow, "POST")).status_code == 400
    assert (await ask(cloud, 42, f"/volumes/{id}/action", grow, "POST")).status_code == 202


@pytest.mark.edge("volume", "3.1")
async def test_images_of_volumes_have_a_visibility_from_a_version_on(
    cloud: Cloud, host: FakeHost
) -> None:
    for minor, visibility in ((0, "private"), (1, "shared")):
        id = (await create(cloud, host))["id"]
        body = {"os-volume_upload_image": {"image_name": "i", "visibility": "shared"}}
        reply = await ask(cloud, minor, f"/volumes/{id}/action", body, "POST", user="demo")
        image = reply.json()["os-volume_upload_image"]["image_id"]
        found = (await cloud.call("GET", f"/image/v2/images/{image}")).json()
        assert found["visibility"] == visibility


@pytest.mark.edge("volume", "3.22")
async def test_snapshots_are_filtered_by_metadata_from_a_version_on(
    cloud: Cloud, host: FakeHost
) -> None:
    wanted = {"snapshot": {"volume_id": (await create(cloud, host))["id"], "metadata": {"a": "b"}}}
    assert (await ask(cloud, 0, "/snapshots", wanted, "POST", user="demo")).status_code == 202
    for minor, count in ((21, 1), (22, 0)):
        reply = await ask(cloud, minor, "/snapshots?metadata={'a':'c'}", user="demo")
        assert len(reply.json()["snapshots"]) == count


@pytest.mark.edge("volume", "3.25")
async def test_groups_show_their_volumes_from_a_version_on(cloud: Cloud, host: FakeHost) -> None:
    named = {"group_type": {"name": "kind"}}
    kind = (await ask(cloud, 13, "/group_types", named, "POST")).json()["group_type"]["id"]
    body = {"group": {"group_type": kind, "volume_types": ["__DEFAULT__"]}}
    id = (await ask(cloud, 13, "/groups", body, "POST")).json()["group"]["id"]
    for minor, has in ((24, False), (25, True)):
        found = (await ask(cloud, minor, f"/groups/{id}?list_volume=true")).json()["group"]
        assert ("volumes" in found) == has


@pytest.mark.edge("volume", "3.57")
async def test_transfers_show_both_projects_from_a_version_on(cloud: Cloud, host: FakeHost) -> None:
    body = {"transfer": {"volume_id": (await create(cloud, host))["id"]}}
    made = await ask(cloud, 55, "/volume-transfers", body, "POST", user="demo")
    for minor, has in ((56, False), (57, True)):
        path = f"/volume-transfers/{made.json()['transfer']['id']}"
        found = (await ask(cloud, minor, path, user="demo")).json()["transfer"]
        assert ("source_project_id" in found) == has


@pytest.mark.edge("volume", "3.65")
async def test_snapshots_are_filtered_by_quota_from_a_version_on(
    cloud: Cloud, host: FakeHost
) -> None:
    wanted = {"snapshot": {"volume_id": (await create(cloud, host))["id"]}}
    await ask(cloud, 0, "/snapshots", wanted, "POST", user="demo")
    before = await ask(cloud, 64, "/snapshots?consumes_quota=false", user="demo")
    assert before.status_code == 400
    after = await ask(cloud, 65, "/snapshots?consumes_quota=false", user="demo")
    assert after.json()["snapshots"] == []
