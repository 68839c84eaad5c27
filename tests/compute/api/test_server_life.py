"""Conversations about servers that are suspended, rescued, rebuilt, resized, moved and shelved."""

import asyncio
from typing import Any

from compute.servers import ComputeCloud
from fake_host import running_agent
from image_files import add_user, create_active, make_qcow2
from pilvi.host_api.contract import HostFault, Kind
from pilvi.host_api.vms import DiskKind, Power


async def allocations(compute: ComputeCloud) -> dict[str, int]:
    """What is claimed of the first host."""
    headers = {"openstack-api-version": "placement 1.39"}
    found = await compute.cloud.call(
        "GET",
        f"/placement/resource_providers/{compute.agent.host.id}/usages",
        user="admin",
        headers=headers,
    )
    usages: dict[str, int] = found.json()["usages"]
    return {name: amount for name, amount in usages.items() if amount}


async def flavor(compute: ComputeCloud, name: str, **fields: Any) -> str:
    body = {"name": name, "ram": 256, "vcpus": 2, "disk": 2, **fields}
    reply = await compute.call("POST", "/flavors", {"flavor": body}, user="admin")
    assert reply.status_code == 200, reply.text
    id: str = reply.json()["flavor"]["id"]
    return id


async def did(
    compute: ComputeCloud, id: str, action: str, value: Any = None, **options: Any
) -> None:
    reply = await compute.act(id, action, value, **options)
    assert reply.status_code in (200, 202, 204), reply.text


async def test_suspend_and_resume(compute: ComputeCloud) -> None:
    id = await compute.active()
    await did(compute, id, "suspend")
    server = await compute.wait(id, "SUSPENDED")
    assert (server["OS-EXT-STS:vm_state"], server["OS-EXT-STS:power_state"]) == ("suspended", 4)
    assert compute.agent.vm(id).power is Power.SUSPENDED
    assert (await compute.act(id, "suspend")).status_code == 409
    assert (await compute.act(id, "pause")).status_code == 409
    boots = compute.agent.vm(id).boot_generation
    await did(compute, id, "resume")
    await compute.wait(id, "ACTIVE")
    assert compute.agent.vm(id).boot_generation == boots


async def test_rescue_boots_another_disk_beside_the_own_one(compute: ComputeCloud) -> None:
    id = await compute.active()
    reply = await compute.act(id, "rescue", {"adminPass": "word"})
    assert (reply.status_code, reply.json()) == (200, {"adminPass": "word"})
    server = await compute.wait(id, "RESCUE")
    assert server["OS-EXT-STS:vm_state"] == "rescued"
    assert [disk.device for disk in compute.agent.vm(id).disks] == ["rescue", "vda"]
    for action, value in (("pause", None), ("reboot", {"type": "SOFT"}), ("rescue", None)):
        assert (await compute.act(id, action, value)).status_code == 409
    volume = await compute.create_volume()
    body = {"volumeAttachment": {"volumeId": volume}}
    reply = await compute.call("POST", f"/servers/{id}/os-volume_attachments", body)
    assert reply.status_code == 409
    await did(compute, id, "unrescue")
    await compute.wait(id, "ACTIVE")
    assert [disk.device for disk in compute.agent.vm(id).disks] == ["vda"]
    reply = await compute.act(id, "rescue", {"rescue_image_ref": compute.image_id})
    assert len(reply.json()["adminPass"]) >= 8
    await compute.wait(id, "RESCUE")
    await compute.delete(id)
    reply = await compute.act(await compute.active(), "rescue", {"rescue_image_ref": "none"})
    assert reply.status_code == 400


async def test_a_rebuild_makes_fresh_disks_and_keeps_the_rest(compute: ComputeCloud) -> None:
    id = await compute.active(flavorRef="p1.nano.eph")
    before, vm = await compute.show(id), compute.agent.vm(id)
    body = {
        "imageRef": compute.image_id,
        "name": "again",
        "metadata": {"a": "b"},
        "adminPass": "word",
        "description": "new",
        "user_data": "aGVsbG8=",
        "OS-DCF:diskConfig": "AUTO",
    }
    reply = await compute.act(id, "rebuild", body)
    assert reply.status_code == 202, reply.text
    server = reply.json()["server"]
    assert (server["status"], server["adminPass"], server["user_data"]) == (
        "REBUILD",
        "word",
        "aGVsbG8=",
    )
    after = await compute.wait(id, "ACTIVE")
    assert (after["name"], after["metadata"], after["description"]) == ("again", {"a": "b"}, "new")
    assert after["OS-DCF:diskConfig"] == "AUTO"
    assert after["addresses"] == before["addresses"]
    again = compute.agent.vm(id)
    assert {disk.device for disk in again.disks} == {"vda", "vdb"}
    assert all(new.layers != old.layers for new, old in zip(again.disks, vm.disks, strict=True))
    assert again.documents.user_data == b"hello"
    await did(compute, id, "os-stop")
    await compute.wait(id, "SHUTOFF")
    await did(compute, id, "rebuild", {"imageRef": compute.image_id})
    await compute.wait(id, "SHUTOFF")
    bad = (
        ({"imageRef": "00000000-0000-4000-8000-000000000000"}, 400),
        ({"imageRef": compute.image_id, "metadata": {"": "x"}}, 400),
        ({"imageRef": compute.image_id, "key_name": "nobody"}, 400),
        ({"imageRef": compute.image_id, "trusted_image_certificates": ["x"]}, 501),
        ({"imageRef": compute.image_id, "personality": []}, 400),
    )
    for fields, status in bad:
        assert (await compute.act(id, "rebuild", fields)).status_code == status, fields
    old = await compute.act(id, "rebuild", {"imageRef": compute.image_id}, version="2.1")
    assert "OS-EXT-STS:vm_state" not in old.json()["server"]
    assert "user_data" not in old.json()["server"]


async def test_a_resize_holds_both_flavors_until_its_owners_word(compute: ComputeCloud) -> None:
    bigger = await flavor(compute, "bigger")
    id = await compute.active()
    small = await allocations(compute)
    await did(compute, id, "resize", {"flavorRef": bigger})
    server = await compute.wait(id, "VERIFY_RESIZE")
    assert (server["OS-EXT-STS:vm_state"], server["flavor"]["ram"]) == ("resized", 256)
    vm = compute.agent.vm(id)
    assert (vm.memory_mib, vm.vcpus, vm.disks[0].size_bytes) == (256, 2, 2 << 30)
    assert len(vm.disks[0].layers) == 2
    assert await allocations(compute) == {"VCPU": 3, "MEMORY_MB": 384, "DISK_GB": 3}
    for action, value in (("os-stop", None), ("resize", {"flavorRef": "1"}), ("shelve", None)):
        assert (await compute.act(id, action, value)).status_code == 409
    assert (await compute.act(id, "confirmResize")).status_code == 204
    await compute.wait(id, "ACTIVE")
    assert await allocations(compute) == {"VCPU": 2, "MEMORY_MB": 256, "DISK_GB": 2}
    assert compute.agent.vm(id).disks[0].layers == vm.disks[0].layers
    assert (await compute.act(id, "confirmResize")).status_code == 409
    await compute.delete(id)
    assert await allocations(compute) == {}
    assert small == {"VCPU": 1, "MEMORY_MB": 128, "DISK_GB": 1}


async def test_a_reverted_resize_leaves_what_was_before(compute: ComputeCloud) -> None:
    bigger = await flavor(compute, "bigger", **{"OS-FLV-EXT-DATA:ephemeral": 1})
    id = await compute.active()
    before, claimed = compute.agent.vm(id), await allocations(compute)
    await did(compute, id, "os-stop")
    await compute.wait(id, "SHUTOFF")
    await did(compute, id, "resize", {"flavorRef": bigger})
    await compute.wait(id, "VERIFY_RESIZE")
    assert compute.agent.vm(id).power is Power.STOPPED
    assert [disk.device for disk in compute.agent.vm(id).disks] == ["vda", "vdb"]
    await did(compute, id, "revertResize")
    server = await compute.wait(id, "SHUTOFF")
    assert server["flavor"]["original_name"] == "p1.nano"
    assert compute.agent.vm(id).disks == before.disks
    assert compute.agent.vm(id).image_generation == before.image_generation
    assert await allocations(compute) == claimed
    await did(compute, id, "resize", {"flavorRef": bigger})
    await compute.wait(id, "VERIFY_RESIZE")
    await compute.delete(id)
    assert await allocations(compute) == {}
    listed = await compute.call("GET", "/os-migrations", user="admin")
    assert [one["status"] for one in listed.json()["migrations"]] == ["migrating", "reverted"]


async def test_what_a_resize_is_refused_for(compute: ComputeCloud) -> None:
    id = await compute.active(flavorRef="1")
    small = await flavor(compute, "small", disk=0)
    shrinking = await flavor(compute, "shrinking", disk=1, ram=64)
    huge = await flavor(compute, "huge", vcpus=1000)
    for ref, status in (
        ("1", 400),
        (small, 400),
        ("nobody", 400),
        ("", 400),
        (None, 400),
        (huge, 403),
    ):
        reply = await compute.act(id, "resize", {"flavorRef": ref})
        assert reply.status_code == status, (ref, reply.text)
    await did(compute, id, "resize", {"flavorRef": shrinking})
    await compute.wait(id, "VERIFY_RESIZE")


async def test_a_resize_that_finds_no_room_leaves_the_server_as_it_was(
    compute: ComputeCloud,
) -> None:
    vast = await flavor(compute, "vast", ram=50000)
    id = await compute.active()
    body = {"quota_set": {"ram": -1, "cores": -1}}
    project_id = compute.cloud.project_ids["demo"]
    await compute.call("PUT", f"/os-quota-sets/{project_id}", body, user="admin")
    claimed = await allocations(compute)
    await did(compute, id, "resize", {"flavorRef": vast})
    server = await compute.wait(id, "ACTIVE")
    assert server["flavor"]["original_name"] == "p1.nano"
    assert await allocations(compute) == claimed
    listed = (await compute.call("GET", f"/servers/{id}/os-instance-actions")).json()
    assert listed["instanceActions"][0]["message"] == "Error"


class Once(dict[Kind, HostFault]):
    """A fault that only the next wish of its kind meets."""

    def get(self, kind: Kind, default: Any = None) -> Any:
        return self.pop(kind, default)


async def test_a_resize_whose_host_fails_goes_back(compute: ComputeCloud) -> None:
    bigger = await flavor(compute, "bigger")
    id = await compute.active()
    claimed = await allocations(compute)
    fault = HostFault(kind="NoCapacity", message="full", terminal=True)
    compute.agent.faults = Once({Kind.VM: fault})
    await did(compute, id, "resize", {"flavorRef": bigger})
    server = await compute.wait(id, "ACTIVE")
    assert compute.agent.faults == {}
    assert server["flavor"]["original_name"] == "p1.nano"
    assert await allocations(compute) == claimed
    listed = (await compute.call("GET", f"/servers/{id}/os-instance-actions")).json()
    assert listed["instanceActions"][0]["message"] == "Error"


async def test_a_migration_carries_the_disks_and_can_go_back(compute: ComputeCloud) -> None:
    id = await compute.active(flavorRef="p1.nano.eph")
    alone = await compute.act(id, "migrate", user="admin")
    assert alone.status_code == 400
    assert "no other host" in alone.json()["badRequest"]["message"]
    async with running_agent(compute.cloud, "host2") as other:
        assert (await compute.act(id, "migrate")).status_code == 403
        await did(compute, id, "migrate", user="admin")
        await compute.wait(id, "VERIFY_RESIZE")
        shown = await compute.show(id, user="admin")
        assert shown["OS-EXT-SRV-ATTR:host"] == "host2"
        assert compute.agent.vm(id).power is Power.STOPPED
        moved = other.vm(id)
        assert moved.power is Power.RUNNING
        assert [(disk.device, disk.kind) for disk in moved.disks] == [
            ("vda", DiskKind.IMAGE),
            ("vdb", DiskKind.IMAGE),
        ]
        await did(compute, id, "revertResize")
        await compute.wait(id, "ACTIVE")
        assert other.holds(Kind.VM) == []
        assert compute.agent.vm(id).power is Power.RUNNING
        await did(compute, id, "migrate", {"host": "host2"}, user="admin")
        await compute.wait(id, "VERIFY_RESIZE")
        await did(compute, id, "confirmResize")
        await compute.wait(id, "ACTIVE")
        assert compute.agent.holds(Kind.VM) == []
        assert await allocations(compute) == {}
        images = (await compute.cloud.call("GET", "/image/v2/images?owner=x")).json()["images"]
        assert images == []
        assert other.vm(id).disks == (await _settled(compute, other, id)).disks
        await compute.delete(id)
        assert other.holds(Kind.VM) == []


async def _settled(compute: ComputeCloud, other: Any, id: str) -> Any:
    await compute.cloud.settle()
    return other.vm(id)


async def test_a_migration_is_deleted_on_its_way_without_a_trace(compute: ComputeCloud) -> None:
    id = await compute.active()
    async with running_agent(compute.cloud, "host2") as other:
        other.silent.add(Kind.VM)
        await did(compute, id, "migrate", user="admin")
        async with asyncio.timeout(10):
            while Kind.VM not in {key[0] for key in other.waiting}:  # noqa: ASYNC110  # no event
                await asyncio.sleep(0.01)
        assert (await compute.show(id))["status"] == "RESIZE"
        reply = await compute.call("DELETE", f"/servers/{id}")
        assert reply.status_code == 204
        other.silent.clear()
        await compute.gone(id)
        assert compute.agent.holds(Kind.VM) == other.holds(Kind.VM) == []
        assert await allocations(compute) == {}


async def test_a_shelved_server_has_an_image_and_no_host(compute: ComputeCloud) -> None:
    id = await compute.active(name="keep")
    addresses = (await compute.show(id))["addresses"]
    await did(compute, id, "shelve")
    server = await compute.wait(id, "SHELVED_OFFLOADED")
    assert (server["OS-EXT-STS:vm_state"], server["hostId"]) == ("shelved_offloaded", "")
    assert server["addresses"] == addresses
    assert compute.agent.holds(Kind.VM) == []
    assert await allocations(compute) == {}
    path = "/image/v2/images?name=keep-shelved"
    image = (await compute.cloud.call("GET", path)).json()["images"][0]
    assert (image["status"], image["instance_uuid"]) == ("active", id)
    for action, value in (("shelve", None), ("os-start", None), ("shelveOffload", None)):
        reply = await compute.act(id, action, value, user="admin")
        assert reply.status_code == 409, (action, reply.text)
    volume = await compute.create_volume()
    body = {"volumeAttachment": {"volumeId": volume}}
    reply = await compute.call("POST", f"/servers/{id}/os-volume_attachments", body)
    assert reply.status_code == 202
    await did(compute, id, "unshelve")
    server = await compute.wait(id, "ACTIVE")
    assert server["image"]["id"] == compute.image_id
    assert compute.agent.vm(id).disks[0].image.image_id == image["id"]
    await compute.volume_is(volume, "in-use")
    await compute.cloud.settle()
    assert (await compute.cloud.call("GET", path)).json()["images"] == []
    await did(compute, id, "pause")
    await compute.wait(id, "PAUSED")
    await did(compute, id, "shelve")
    await compute.wait(id, "SHELVED_OFFLOADED")
    await compute.delete(id)
    assert (await compute.cloud.call("GET", path)).json()["images"] == []


async def test_a_server_that_cannot_be_shelved_goes_on(compute: ComputeCloud) -> None:
    id = await compute.active()
    compute.agent.faults[Kind.CAPTURE] = HostFault(kind="NoCapacity", message="full", terminal=True)
    await did(compute, id, "shelve")
    await compute.wait(id, "ACTIVE")
    assert compute.agent.vm(id).power is Power.RUNNING
    listed = (await compute.call("GET", f"/servers/{id}/os-instance-actions")).json()
    assert listed["instanceActions"][0]["message"] == "Error"


async def test_a_server_without_room_stays_on_its_shelf(compute: ComputeCloud) -> None:
    id = await compute.active()
    await did(compute, id, "shelve")
    await compute.wait(id, "SHELVED_OFFLOADED")
    services = (await compute.call("GET", "/os-services", user="admin")).json()["services"]
    service_id = next(one["id"] for one in services if one["binary"] == "nova-compute")
    body = {"status": "disabled"}
    await compute.call("PUT", f"/os-services/{service_id}", body, user="admin")
    await did(compute, id, "unshelve")
    await compute.cloud.settle()
    await compute.wait(id, "SHELVED_OFFLOADED")
    body = {"status": "enabled"}
    await compute.call("PUT", f"/os-services/{service_id}", body, user="admin")
    await did(compute, id, "unshelve", {"availability_zone": "nova"})
    await compute.wait(id, "ACTIVE")
    bad = ({"availability_zone": "mars"}, {"host": ""}, {"planet": "x"})
    for value in bad:
        assert (await compute.act(id, "unshelve", value)).status_code == 400


async def test_backups_rotate(compute: ComputeCloud) -> None:
    id = await compute.active()
    for number in range(3):
        body = {"name": f"b{number}", "backup_type": "daily", "rotation": 2}
        reply = await compute.act(id, "createBackup", body)
        assert reply.status_code == 202
        assert reply.json()["image_id"]
        await compute.wait(id, "ACTIVE")
        await compute.cloud.settle()
    path = "/image/v2/images?backup_type=daily&sort_key=name&sort_dir=asc"
    images = (await compute.cloud.call("GET", path)).json()["images"]
    assert [(one["name"], one["image_type"]) for one in images] == [
        ("b1", "backup"),
        ("b2", "backup"),
    ]
    body = {"name": "none", "backup_type": "daily", "rotation": 0}
    assert (await compute.act(id, "createBackup", body)).status_code == 202
    await compute.cloud.settle()
    assert (await compute.cloud.call("GET", path)).json()["images"] == []
    for wrong in ({"rotation": -1}, {"rotation": "x"}, {"name": ""}):
        assert (await compute.act(id, "createBackup", {**body, **wrong})).status_code == 400
    old = await compute.act(id, "createBackup", {**body, "rotation": 1}, version="2.44")
    assert "/image/v2/images/" in old.headers["location"]


async def test_nobody_else_pushes_backups_out(compute: ComputeCloud) -> None:
    """Images of another project that say to be backups of a server do not count."""
    id = await compute.active()
    other = compute.cloud
    await add_user(other, "mallory", "elsewhere")
    said: dict[str, Any] = {"image_type": "backup", "backup_type": "daily", "instance_uuid": id}
    theirs = await create_active(other, user="mallory", **said)
    body = {"name": "mine", "backup_type": "daily", "rotation": 1}
    mine = (await compute.act(id, "createBackup", body)).json()["image_id"]
    later = await create_active(other, user="mallory", **said)
    await compute.wait(id, "ACTIVE")
    await other.settle()
    assert (await other.call("GET", f"/image/v2/images/{mine}")).status_code == 200
    assert (await compute.act(id, "createBackup", {**body, "rotation": 0})).status_code == 202
    for image in (theirs, later):
        path = f"/image/v2/images/{image['id']}"
        assert (await other.call("GET", path, user="mallory")).status_code == 200


async def test_a_rescue_disk_is_no_larger_than_the_servers(compute: ComputeCloud) -> None:
    """OSSA-2013-012: an image's virtual size is a disk that the flavor does not give."""
    image = await create_active(compute.cloud, make_qcow2(1 << 40), disk_format="qcow2")
    id = await compute.active()
    reply = await compute.act(id, "rescue", {"rescue_image_ref": image["id"]})
    assert reply.status_code == 400, reply.text
    assert (await compute.show(id))["status"] == "ACTIVE"


async def test_the_small_actions_answer_as_nova_does(compute: ComputeCloud) -> None:
    id = await compute.active()
    assert (await compute.act(id, "restore")).status_code == 409
    assert (await compute.act(id, "changePassword", {"adminPass": "x"})).status_code == 501
    assert (await compute.act(id, "injectNetworkInfo")).status_code == 403
    assert (await compute.act(id, "injectNetworkInfo", user="admin")).status_code == 202
    assert (await compute.act(id, "resetNetwork", user="admin")).status_code == 410
    topology = (await compute.call("GET", f"/servers/{id}/topology")).json()
    assert topology == {"nodes": [], "pagesize_kb": None}
    assert (await compute.act(id, "forceDelete")).status_code == 202
    await compute.gone(id)


async def test_an_admin_password_reaches_the_guest_on_its_config_drive(
    compute: ComputeCloud,
) -> None:
    reply = await compute.post_server(adminPass="secret-word")
    server = reply.json()["server"]
    assert server["adminPass"] == "secret-word"
    shown = await compute.wait(server["id"], "ACTIVE")
    assert shown["config_drive"] == "True"
    assert compute.agent.vm(server["id"]).documents.admin_password == "secret-word"
    assert "secret-word" not in str(compute.agent.vm(server["id"]).documents.meta_data)
    other = (await compute.post_server()).json()["server"]
    assert other["adminPass"]
    await compute.wait(other["id"], "ACTIVE")
    assert compute.agent.vm(other["id"]).documents.admin_password is None


async def test_hints_choose_among_hosts_and_are_shown(compute: ComputeCloud) -> None:
    first = await compute.active()
    async with running_agent(compute.cloud, "host2"):
        for hint, is_same in (("same_host", True), ("different_host", False)):
            body = {
                "server": {
                    "name": "two",
                    "imageRef": compute.image_id,
                    "flavorRef": "p1.nano",
                    "networks": "none",
                },
                "os:scheduler_hints": {hint: [first]},
            }
            reply = await compute.call("POST", "/servers", body)
            second = await compute.wait(reply.json()["server"]["id"], "ACTIVE")
            assert second["scheduler_hints"] == {hint: [first]}
            assert (second["hostId"] == (await compute.show(first))["hostId"]) is is_same
    body["os:scheduler_hints"] = {"same_host": "not-an-id"}
    assert (await compute.call("POST", "/servers", body)).status_code == 400
