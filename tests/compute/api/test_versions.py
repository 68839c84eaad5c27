"""The edges of every microversion that changes a route that is served."""

from typing import Any

import httpx
import pytest

from cloud import Cloud
from compute.servers import ComputeCloud
from pilvi.compute.api.versions import VERSIONS
from pilvi.compute.model.keypair import generate

SERVER_FIELDS = [
    # Field of a server, first version that shows it, whether lists show it too.
    ("OS-EXT-SRV-ATTR:reservation_id", 3, True),
    ("OS-EXT-SRV-ATTR:launch_index", 3, True),
    ("OS-EXT-SRV-ATTR:kernel_id", 3, True),
    ("OS-EXT-SRV-ATTR:ramdisk_id", 3, True),
    ("OS-EXT-SRV-ATTR:root_device_name", 3, True),
    ("OS-EXT-SRV-ATTR:user_data", 3, True),
    ("OS-EXT-SRV-ATTR:hostname", 3, True),
    ("locked", 9, True),
    ("host_status", 16, True),
    ("description", 19, True),
    ("tags", 26, True),
    ("trusted_image_certificates", 63, True),
    ("server_groups", 71, False),
    ("locked_reason", 73, True),
    ("pinned_availability_zone", 96, True),
]


async def test_every_version_is_answered_with_its_own_number(seeded: Cloud) -> None:
    for row in VERSIONS.rows:
        text = f"{row.number[0]}.{row.number[1]}"
        for headers in (
            {"openstack-api-version": f"compute {text}"},
            {"x-openstack-nova-api-version": text},
        ):
            reply = await seeded.call("GET", "/compute/v2.1/flavors", headers=headers)
            assert reply.status_code == 200
            assert reply.headers["openstack-api-version"] == f"compute {text}"
            assert reply.headers["x-openstack-nova-api-version"] == text
            assert "OpenStack-API-Version" in reply.headers["vary"]


async def test_versions_are_discovered_without_a_token(seeded: Cloud) -> None:
    for path in ("/compute", "/compute/"):
        *_, version = (await seeded.http.get(path)).json()["versions"]
        assert (version["version"], version["min_version"]) == ("2.104", "2.1")
    for path in ("/compute/v2.1", "/compute/v2.1/"):
        shown = (await seeded.http.get(path)).json()["version"]
        assert (shown["id"], shown["status"]) == ("v2.1", "CURRENT")
    for text, status in (("2.105", 406), ("2.0", 406), ("3.1", 406), ("x", 400)):
        headers = {"openstack-api-version": f"compute {text}"}
        reply = await seeded.call("GET", "/compute/v2.1/flavors", headers=headers)
        assert reply.status_code == status
    latest = {"openstack-api-version": "compute latest"}
    reply = await seeded.call("GET", "/compute/v2.1/flavors", headers=latest)
    assert reply.headers["openstack-api-version"] == "compute 2.104"


async def test_the_project_may_stand_in_the_path(seeded: Cloud) -> None:
    demo, admin = seeded.project_ids["demo"], seeded.project_ids["admin"]
    assert (await seeded.call("GET", f"/compute/v2.1/{demo}/servers")).status_code == 200
    assert (await seeded.call("GET", f"/compute/v2.1/{admin}/servers")).status_code == 404


async def test_fields_of_servers_begin_with_their_version(compute: ComputeCloud) -> None:
    id = await compute.active()
    for name, minor, is_listed in SERVER_FIELDS:
        for number in (minor - 1, minor, 96):
            version = f"2.{number}"
            shown = await compute.show(id, version=version, user="admin")
            assert (name in shown) is (number >= minor), (name, number)
            path = "/servers/detail?all_tenants=1"
            listed = await compute.call("GET", path, version=version, user="admin")
            (one,) = listed.json()["servers"]
            assert (name in one) is (number >= minor and is_listed), (name, number)


@pytest.mark.edge("compute", "2.90", "2.94")
async def test_the_host_name_is_for_everybody_from_2_90(compute: ComputeCloud) -> None:
    id = await compute.active()
    assert "OS-EXT-SRV-ATTR:hostname" not in await compute.show(id, version="2.89")
    assert (await compute.show(id, version="2.90"))["OS-EXT-SRV-ATTR:hostname"] == "one"
    for version, hostname, status in (
        ("2.89", "web", 400),
        ("2.90", "web", 200),
        ("2.93", "web.example.org", 400),
        ("2.94", "web.example.org", 200),
    ):
        body = {"server": {"hostname": hostname}}
        reply = await compute.call("PUT", f"/servers/{id}", body, version=version)
        assert reply.status_code == status, reply.text


@pytest.mark.edge("compute", "2.47")
async def test_the_flavor_of_a_server_is_a_link_until_2_46(compute: ComputeCloud) -> None:
    id = await compute.active()
    assert set((await compute.show(id, version="2.46"))["flavor"]) == {"id", "links"}
    shown = (await compute.show(id, version="2.47"))["flavor"]
    assert (shown["original_name"], shown["ram"]) == ("p1.nano", 128)
    assert "id" not in shown


@pytest.mark.edge("compute", "2.75")
async def test_changing_a_server_answers_all_of_it_from_2_75(compute: ComputeCloud) -> None:
    id = await compute.active()

    async def change(version: str) -> dict[str, Any]:
        body = {"server": {"name": "new"}}
        reply = await compute.call("PUT", f"/servers/{id}", body, version=version)
        found: dict[str, Any] = reply.json()["server"]
        return found

    older, newer = await change("2.74"), await change("2.75")
    assert "OS-EXT-STS:vm_state" not in older
    assert newer["OS-EXT-STS:vm_state"] == "active"
    assert set(older["addresses"]["private"][0]) == {"version", "addr"}


CREATE_FIELDS: list[tuple[dict[str, Any], int]] = [
    ({"description": "d"}, 19),
    ({"tags": ["a"]}, 52),
    ({"trusted_image_certificates": ["c"]}, 63),
    ({"host": "host1"}, 74),
    ({"hostname": "h"}, 90),
    ({"block_device_mapping_v2": [{"source_type": "x", "volume_type": "y"}]}, 67),
]


async def test_fields_of_a_new_server_begin_with_their_version(compute: ComputeCloud) -> None:
    for fields, minor in CREATE_FIELDS:
        (name,) = fields
        before = await compute.post_server(version=f"2.{minor - 1}", user="admin", **fields)
        assert before.status_code == 400, name
        assert f"came with 2.{minor}" in before.json()["badRequest"]["message"]
        after = await compute.post_server(
            version=f"2.{minor}", user="admin", **{"networks": "none", **fields}
        )
        assert "came with" not in after.text
        assert after.status_code in (202, 400, 501), after.text


@pytest.mark.edge("compute", "2.37")
async def test_networks_are_optional_until_2_36(compute: ComputeCloud) -> None:
    assert (await compute.post_server(version="2.36")).status_code == 202
    assert (await compute.post_server(version="2.36", networks="auto")).status_code == 400
    assert (await compute.post_server(version="2.37", networks="auto")).status_code == 202
    server = {"name": "a", "imageRef": compute.image_id, "flavorRef": "1"}
    missing = await compute.call("POST", "/servers", {"server": server}, version="2.37")
    assert missing.status_code == 400
    assert "networks" in missing.json()["badRequest"]["message"]


@pytest.mark.edge("compute", "2.42")
@pytest.mark.parametrize("kind", ["networks", "block_device_mapping_v2"])
async def test_tags_of_devices_come_go_and_come_again(compute: ComputeCloud, kind: str) -> None:
    path = "/network/v2.0/networks?name=private"
    network = (await compute.cloud.call("GET", path)).json()["networks"][0]["id"]
    if kind == "networks":
        fields: dict[str, Any] = {"networks": [{"uuid": network, "tag": "t"}]}
        allowed = {32: True, 36: True, 37: False, 41: False, 42: True}
    else:
        device = {"source_type": "image", "destination_type": "local", "boot_index": 0}
        fields = {"block_device_mapping_v2": [{**device, "uuid": compute.image_id, "tag": "t"}]}
        allowed = {32: True, 33: False, 41: False, 42: True}
    for minor, is_allowed in {31: False, **allowed}.items():
        reply = await compute.post_server(version=f"2.{minor}", **fields)
        assert reply.status_code == (202 if is_allowed else 400), (minor, reply.text)


@pytest.mark.edge("compute", "2.57")
async def test_files_can_be_named_until_2_56_and_are_refused(compute: ComputeCloud) -> None:
    files = [{"path": "/a", "contents": ""}]
    assert (await compute.post_server(version="2.56", personality=files)).status_code == 501
    assert (await compute.post_server(version="2.56", personality=[])).status_code == 202
    assert (await compute.post_server(version="2.57", personality=[])).status_code == 400


@pytest.mark.edge("compute", "2.7", "2.75")
async def test_flavors_by_version(seeded: Cloud) -> None:
    async def flavor(minor: int, path: str = "flavors/1") -> dict[str, Any]:
        headers = {"openstack-api-version": f"compute 2.{minor}"}
        reply = await seeded.call("GET", f"/compute/v2.1/{path}", headers=headers)
        body = reply.json()
        found: dict[str, Any] = body["flavor"] if "flavor" in body else body["flavors"][0]
        return found

    for path in ("flavors/1", "flavors/detail", "flavors"):
        assert "description" not in await flavor(54, path)
        assert "description" in await flavor(55, path)
    for path in ("flavors/1", "flavors/detail"):
        assert "extra_specs" not in await flavor(60, path)
        assert "extra_specs" in await flavor(61, path)
        assert (await flavor(74, path))["swap"] == ""
        assert (await flavor(75, path))["swap"] == 0
    body = {"flavor": {"description": "d"}}
    for minor, status in ((54, 404), (55, 200)):
        headers = {"openstack-api-version": f"compute 2.{minor}"}
        reply = await seeded.call(
            "PUT", "/compute/v2.1/flavors/1", body, user="admin", headers=headers
        )
        assert reply.status_code == status
    for minor, status in ((6, 200), (7, 409)):
        headers = {"openstack-api-version": f"compute 2.{minor}"}
        access = {"addTenantAccess": {"tenant": f"project-{minor}"}}
        path = "/compute/v2.1/flavors/1/action"
        reply = await seeded.call("POST", path, access, user="admin", headers=headers)
        assert reply.status_code == status


@pytest.mark.edge("compute", "2.2", "2.10", "2.35", "2.92")
async def test_key_pairs_by_version(seeded: Cloud) -> None:
    root = "/compute/v2.1/os-keypairs"

    async def call(minor: int, method: str, path: str = "", **fields: Any) -> Any:
        headers = {"openstack-api-version": f"compute 2.{minor}"}
        body = {"keypair": fields} if fields else None
        return await seeded.call(method, root + path, body, headers=headers)

    public = generate()[1]
    for minor, made, gone in ((1, 200, 202), (2, 201, 204)):
        reply = await call(minor, "POST", name="k", public_key=public)
        assert reply.status_code == made
        assert ("type" in reply.json()["keypair"]) is (minor >= 2)
        assert ("type" in (await call(minor, "GET", "/k")).json()["keypair"]) is (minor >= 2)
        listed = (await call(minor, "GET")).json()["keypairs"][0]["keypair"]
        assert ("type" in listed) is (minor >= 2)
        assert (await call(minor, "DELETE", "/k")).status_code == gone
    assert (await call(1, "POST", name="k", type="ssh", public_key=public)).status_code == 400
    assert (await call(9, "POST", name="k", user_id="x", public_key=public)).status_code == 400
    assert (await call(10, "POST", name="k", user_id="x", public_key=public)).status_code == 403
    assert (await call(91, "POST", name="a@b", public_key=public)).status_code == 400
    assert (await call(92, "POST", name="a@b", public_key=public)).status_code == 201
    assert (await call(91, "POST", name="made")).status_code == 201
    assert (await call(92, "POST", name="other")).status_code == 400
    everything = (await call(34, "GET", "?limit=1")).json()
    assert (len(everything["keypairs"]), "keypairs_links" in everything) == (2, False)
    assert len((await call(35, "GET", "?limit=1")).json()["keypairs"]) == 1


@pytest.mark.edge("compute", "2.36", "2.39", "2.57")
async def test_limits_and_quotas_by_version(seeded: Cloud) -> None:
    async def names(minor: int, path: str) -> set[str]:
        headers = {"openstack-api-version": f"compute 2.{minor}"}
        body = (await seeded.call("GET", f"/compute/v2.1/{path}", headers=headers)).json()
        return set(body["quota_set"] if "quota_set" in body else body["limits"]["absolute"])

    for field, last in (
        ("maxTotalFloatingIps", 35),
        ("maxSecurityGroups", 35),
        ("maxImageMeta", 38),
        ("maxPersonality", 56),
    ):
        assert field in await names(last, "limits")
        assert field not in await names(last + 1, "limits")
    quotas = f"os-quota-sets/{seeded.project_ids['demo']}"
    for path in (quotas, f"{quotas}/detail", f"{quotas}/defaults"):
        for field, last in (("floating_ips", 35), ("injected_files", 56)):
            assert field in await names(last, path)
            assert field not in await names(last + 1, path)


@pytest.mark.edge("compute", "2.11", "2.28", "2.53", "2.88")
async def test_hosts_by_version(compute: ComputeCloud) -> None:
    async def host(minor: int) -> dict[str, Any]:
        path, version = "/os-hypervisors/detail", f"2.{minor}"
        reply = await compute.call("GET", path, version=version, user="admin")
        found: dict[str, Any] = reply.json()["hypervisors"][0]
        return found

    assert isinstance((await host(27))["cpu_info"], str)
    assert isinstance((await host(28))["cpu_info"], dict)
    assert (await host(52))["id"] == 1
    assert (await host(53))["id"] == compute.agent.host.id
    assert "vcpus_used" in await host(87)
    assert "vcpus_used" not in await host(88)
    for path, last in (
        ("/os-hypervisors/statistics", 87),
        (f"/os-hypervisors/{compute.agent.host.id}/uptime", 87),
        ("/os-hypervisors/host1/servers", 52),
        ("/os-hypervisors/host1/search", 52),
    ):
        before = await compute.call("GET", path, version=f"2.{last}", user="admin")
        after = await compute.call("GET", path, version=f"2.{last + 1}", user="admin")
        assert (before.status_code, after.status_code) == (200, 404), path
    services = [
        (await compute.call("GET", "/os-services", version=f"2.{n}", user="admin")).json()
        for n in (10, 11, 53)
    ]
    assert "forced_down" not in services[0]["services"][0]
    assert "forced_down" in services[1]["services"][0]
    assert services[2]["services"][0]["id"] == compute.agent.host.id


@pytest.mark.edge("compute", "2.89")
async def test_attachments_by_version(compute: ComputeCloud) -> None:
    id, volume = await compute.active(), await compute.create_volume()
    root = f"/servers/{id}/os-volume_attachments"
    for minor, fields in ((48, {"tag": "a"}), (78, {"delete_on_termination": True})):
        body = {"volumeAttachment": {"volumeId": volume, **fields}}
        assert (await compute.call("POST", root, body, version=f"2.{minor}")).status_code == 400
    body = {"volumeAttachment": {"volumeId": volume, "tag": "a"}}
    made = (await compute.call("POST", root, body, version="2.49")).json()["volumeAttachment"]
    assert set(made) == {"id", "volumeId", "serverId", "device"}
    await compute.volume_is(volume, "in-use")
    for name, minor in (("tag", 70), ("delete_on_termination", 79), ("attachment_id", 89)):
        for path in (root, f"{root}/{volume}"):
            for number in (minor - 1, minor):
                answer = (await compute.call("GET", path, version=f"2.{number}")).json()
                one = answer.get("volumeAttachment") or answer["volumeAttachments"][0]
                assert (name in one) is (number >= minor)
                assert ("id" in one) is (number < 89)
    change = {"volumeAttachment": {"volumeId": volume, "delete_on_termination": True}}
    for minor, status in ((84, 400), (85, 202)):
        path = f"{root}/{volume}"
        reply = await compute.call("PUT", path, change, version=f"2.{minor}")
        assert reply.status_code == status
    interfaces = f"/servers/{id}/os-interface"
    for minor in (69, 70):
        shown = (await compute.call("GET", interfaces, version=f"2.{minor}")).json()
        assert ("tag" in shown["interfaceAttachments"][0]) is (minor >= 70)


@pytest.mark.edge("compute", "2.45", "2.51", "2.58", "2.73")
async def test_actions_by_version(compute: ComputeCloud) -> None:
    id = await compute.active()
    root = f"/servers/{id}/os-instance-actions"
    await compute.cloud.settle()
    listed = (await compute.call("GET", root)).json()["instanceActions"]
    path = f"{root}/{listed[0]['request_id']}"

    async def show(minor: int, user: str = "demo") -> dict[str, Any]:
        reply = await compute.call("GET", path, version=f"2.{minor}", user=user)
        found: dict[str, Any] = reply.json()["instanceAction"]
        return found

    assert "events" not in await show(50)
    assert "events" in await show(50, "admin")
    assert "events" in await show(51)
    assert "updated_at" not in await show(57)
    assert "updated_at" in await show(58)
    assert "hostId" not in (await show(61))["events"][0]
    assert "hostId" in (await show(62))["events"][0]
    assert "host" not in (await show(62))["events"][0]
    assert "host" in (await show(62, "admin"))["events"][0]
    assert "details" not in (await show(83, "admin"))["events"][0]
    assert "details" in (await show(84, "admin"))["events"][0]
    reason = {"locked_reason": "why"}
    assert (await compute.act(id, "lock", reason, version="2.72")).status_code == 400
    assert (await compute.act(id, "lock", reason, version="2.73")).status_code == 202
    await compute.act(id, "unlock")
    old = await compute.act(id, "createImage", {"name": "i"}, version="2.44")
    assert old.status_code == 202
    assert old.content == b""
    await compute.wait(id, "ACTIVE")
    new = await compute.act(id, "createImage", {"name": "i"}, version="2.45")
    assert old.headers["location"].rpartition("/")[2] != new.json()["image_id"]
    assert "location" not in new.headers


@pytest.mark.edge("compute", "2.5", "2.26", "2.38", "2.66", "2.73", "2.75", "2.83")
async def test_lists_by_version(compute: ComputeCloud) -> None:
    await compute.active(tags=["a"])

    async def status(minor: int, query: str) -> int:
        return (await compute.call("GET", f"/servers?{query}", version=f"2.{minor}")).status_code

    async def count(minor: int, query: str) -> int:
        reply = await compute.call("GET", f"/servers?{query}", version=f"2.{minor}")
        return len(reply.json()["servers"])

    assert await count(37, "status=nothing") == 0
    assert await status(38, "status=nothing") == 400
    assert await status(74, "nothing=1") == 200
    assert await status(75, "nothing=1") == 400
    assert await status(74, "sort_key=nothing") == 200
    assert await status(75, "sort_key=nothing") == 400
    assert await status(72, "sort_key=locked") == 400
    assert await status(73, "sort_key=locked") == 200
    assert (await count(25, "tags=b"), await count(26, "tags=b")) == (1, 0)
    assert (await count(72, "locked=true"), await count(73, "locked=true")) == (1, 0)
    assert (await count(82, "vm_state=error"), await count(83, "vm_state=error")) == (1, 0)
    assert (await count(4, "ip6=fd00"), await count(5, "ip6=fd00")) == (1, 0)
    before = "changes-before=2020-01-01T00:00:00Z"
    assert (await count(65, before), await count(66, before)) == (1, 0)


@pytest.mark.edge("compute", "2.102")
async def test_flavors_lose_what_nobody_used_at_102(compute: ComputeCloud) -> None:
    old = (await compute.call("GET", "/flavors/1", version="2.101")).json()["flavor"]
    new = (await compute.call("GET", "/flavors/1", version="2.102")).json()["flavor"]
    assert set(old) - set(new) == {"OS-FLV-DISABLED:disabled", "rxtx_factor"}
    named = "/flavors?name=m1.small"
    assert (await compute.call("GET", named, version="2.101")).status_code == 400
    found = (await compute.call("GET", named, version="2.102")).json()["flavors"]
    assert [one["name"] for one in found] == ["m1.small"]
    body = {"flavor": {"name": "f", "ram": 64, "vcpus": 1, "disk": 1, "rxtx_factor": 2}}
    reply = await compute.call("POST", "/flavors", body, version="2.102", user="admin")
    assert reply.status_code == 400


async def test_servers_by_the_newest_versions(compute: ComputeCloud) -> None:
    id = await compute.active(availability_zone="nova")

    async def put(minor: int, **fields: object) -> httpx.Response:
        path = f"/servers/{id}"
        return await compute.call("PUT", path, {"server": fields}, version=f"2.{minor}")

    assert "properties" not in (await compute.show(id, version="2.97"))["image"]
    assert isinstance((await compute.show(id, version="2.98"))["image"]["properties"], dict)
    assert "scheduler_hints" not in await compute.show(id, version="2.99")
    assert (await compute.show(id, version="2.100"))["scheduler_hints"] == {}
    assert (await put(103, pinned_availability_zone=None)).status_code == 400
    assert (await put(104, pinned_availability_zone="mars")).status_code == 400
    shown = (await put(104, pinned_availability_zone=None)).json()["server"]
    assert shown["pinned_availability_zone"] is None
    shown = (await put(104, pinned_availability_zone="nova")).json()["server"]
    assert shown["pinned_availability_zone"] == "nova"


@pytest.mark.edge("compute", "2.54", "2.57", "2.90", "2.91")
async def test_actions_on_a_servers_life_by_version(compute: ComputeCloud) -> None:
    id, image = await compute.active(), compute.image_id
    steps = (
        ({"description": "x"}, 18, 19),
        ({"key_name": None}, 53, 54),
        ({"user_data": None}, 56, 57),
        ({"trusted_image_certificates": None}, 62, 63),
        ({"hostname": "other"}, 89, 90),
    )
    for fields, before, since in steps:
        body = {"imageRef": image, **fields}
        old = await compute.act(id, "rebuild", body, version=f"2.{before}")
        assert old.status_code == 400, fields
        new = await compute.act(id, "rebuild", body, version=f"2.{since}")
        assert new.status_code == 202, (fields, new.text)
        server = new.json()["server"]
        assert ("key_name" in server) is (since >= 54)
        assert ("user_data" in server) is (since >= 57)
        assert ("OS-EXT-STS:vm_state" in server) is (since >= 75)
        await compute.wait(id, "ACTIVE")
    reply = await compute.act(id, "migrate", {"host": "x"}, version="2.55", user="admin")
    assert "2.56" in reply.json()["badRequest"]["message"]
    await compute.act(id, "shelve")
    await compute.wait(id, "SHELVED_OFFLOADED")
    for value, before in (({"host": "x"}, 90), ({"availability_zone": None}, 90)):
        reply = await compute.act(id, "unshelve", value, version=f"2.{before}", user="admin")
        assert reply.status_code == 400
    chosen = {"host": "host1"}
    reply = await compute.act(id, "unshelve", chosen, version="2.91", user="admin")
    assert reply.status_code == 202
    await compute.wait(id, "ACTIVE")


@pytest.mark.edge("compute", "2.59", "2.80")
async def test_migrations_by_version(compute: ComputeCloud) -> None:
    id = await compute.active(flavorRef="1")
    await compute.act(id, "resize", {"flavorRef": "p1.nano.eph"})
    await compute.wait(id, "VERIFY_RESIZE")

    async def show(minor: int, query: str = "") -> list[dict[str, object]]:
        path = f"/os-migrations{query}"
        reply = await compute.call("GET", path, version=f"2.{minor}", user="admin")
        assert reply.status_code == 200, reply.text
        found: list[dict[str, object]] = reply.json()["migrations"]
        return found

    fields = {"migration_type": 23, "uuid": 59, "user_id": 80, "project_id": 80}
    for name, since in fields.items():
        assert name not in (await show(since - 1))[0]
        assert name in (await show(since))[0]
    assert await show(104, "?status=finished") == []
    assert len(await show(104, f"?instance_uuid={id}&host=host1&limit=1")) == 1
    assert await show(104, "?changes-before=2020-01-01T00:00:00Z") == []
    path = f"/servers/{id}/migrations"
    assert (await compute.call("GET", path, user="admin")).json() == {"migrations": []}
    assert (await compute.call("GET", f"{path}/1", user="admin")).status_code == 404
    assert (await compute.call("GET", "/os-migrations")).status_code == 403


@pytest.mark.edge("compute", "2.20", "2.101")
async def test_attaching_volumes_by_version(compute: ComputeCloud) -> None:
    id, volume, other = (
        await compute.active(),
        await compute.create_volume(),
        await compute.create_volume(),
    )
    path = f"/servers/{id}/os-volume_attachments"
    for minor, wanted, status in ((100, volume, 200), (101, other, 202)):
        body = {"volumeAttachment": {"volumeId": wanted}}
        reply = await compute.call("POST", path, body, version=f"2.{minor}")
        assert (reply.status_code, bool(reply.content)) == (status, status == 200)
        await compute.volume_is(wanted, "in-use")
        assert (await compute.call("DELETE", f"{path}/{wanted}")).status_code == 202
        await compute.volume_is(wanted, "available")
    await compute.act(id, "shelve")
    await compute.wait(id, "SHELVED_OFFLOADED")
    body = {"volumeAttachment": {"volumeId": volume}}
    for minor, status in ((19, 409), (20, 200)):
        reply = await compute.call("POST", path, body, version=f"2.{minor}")
        assert reply.status_code == status


@pytest.mark.edge("compute", "2.21")
async def test_actions_of_a_deleted_server_by_version(compute: ComputeCloud) -> None:
    id = await compute.active()
    await compute.delete(id)
    path = f"/servers/{id}/os-instance-actions"
    assert (await compute.call("GET", path, version="2.20")).status_code == 404
    listed = (await compute.call("GET", path, version="2.21")).json()["instanceActions"]
    assert [one["action"] for one in listed] == ["delete", "create"]


@pytest.mark.edge("compute", "2.77")
async def test_the_zone_of_an_unshelved_server_by_version(compute: ComputeCloud) -> None:
    id = await compute.active()
    await compute.act(id, "shelve")
    await compute.wait(id, "SHELVED_OFFLOADED")
    mars = {"availability_zone": "mars"}
    assert (await compute.act(id, "unshelve", mars, version="2.77")).status_code == 400
    # Before, Nova takes any body and reads nothing of it.
    assert (await compute.act(id, "unshelve", mars, version="2.76")).status_code == 202
    await compute.wait(id, "ACTIVE")
