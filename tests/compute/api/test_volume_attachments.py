"""Conversations about volumes of servers."""

import asyncio

import pytest

from compute.servers import ComputeCloud, until
from pilvi.host_api.contract import Kind

DEVICE = {"source_type": "volume", "destination_type": "volume", "boot_index": -1}


async def test_a_volume_comes_and_goes_on_a_running_server(compute: ComputeCloud) -> None:
    id, volume = await compute.active(), await compute.create_volume()
    path = f"/servers/{id}/os-volume_attachments"
    body = {"volumeAttachment": {"volumeId": volume, "tag": "data"}}
    made = await compute.call("POST", path, body, version="2.100")
    assert made.status_code == 200, made.text
    assert made.json()["volumeAttachment"]["device"] == "/dev/vdb"
    await compute.volume_is(volume, "in-use")
    connection = compute.agent.vm(id).volumes[0]
    assert (connection.volume_id, connection.device) == (volume, "vdb")
    assert compute.agent.vm(id).documents.meta_data["devices"][0]["tags"] == ["data"]
    listed = (await compute.call("GET", path)).json()["volumeAttachments"]
    assert [one["volumeId"] for one in listed] == [volume]
    assert listed[0]["attachment_id"] == connection.attachment_id
    assert (await compute.show(id))["os-extended-volumes:volumes_attached"] == [
        {"id": volume, "delete_on_termination": False}
    ]
    assert (await compute.call("POST", path, body)).status_code == 400
    assert (await compute.call("DELETE", f"{path}/{volume}")).status_code == 202
    await compute.volume_is(volume, "available")
    await until(lambda: compute.agent.vm(id).volumes == [])
    assert (await compute.call("DELETE", f"{path}/{volume}")).status_code == 404
    assert (await compute.call("GET", f"{path}/{volume}")).status_code == 404


async def test_a_volume_stays_while_the_guest_holds_it(compute: ComputeCloud) -> None:
    id, volume = await compute.active(), await compute.create_volume()
    path = f"/servers/{id}/os-volume_attachments"
    await compute.call("POST", path, {"volumeAttachment": {"volumeId": volume}})
    await compute.volume_is(volume, "in-use")
    compute.agent.kept_volumes.add(compute.agent.vm(id).volumes[0].attachment_id)
    await compute.call("DELETE", f"{path}/{volume}")
    await compute.cloud.settle()
    await compute.volume_is(volume, "detaching")
    compute.agent.kept_volumes.clear()
    await compute.agent.report_again(Kind.VM, id)
    await compute.volume_is(volume, "available")


async def test_a_stopped_server_takes_and_gives_volumes_too(compute: ComputeCloud) -> None:
    id, volume = await compute.active(), await compute.create_volume()
    await compute.act(id, "os-stop")
    await compute.wait(id, "SHUTOFF")
    path = f"/servers/{id}/os-volume_attachments"
    await compute.call("POST", path, {"volumeAttachment": {"volumeId": volume}})
    await compute.volume_is(volume, "in-use")
    await compute.call("DELETE", f"{path}/{volume}")
    await compute.volume_is(volume, "available")


async def test_a_server_boots_with_its_volume_and_leaves_it(compute: ComputeCloud) -> None:
    kept, going = await compute.create_volume(), await compute.create_volume()
    devices = [
        {"source_type": "image", "destination_type": "local", "boot_index": 0}
        | {"uuid": compute.image_id},
        {**DEVICE, "uuid": kept},
        {**DEVICE, "uuid": going, "delete_on_termination": True},
    ]
    id = await compute.active(flavorRef="p1.nano.eph", block_device_mapping_v2=devices)
    vm = compute.agent.vm(id)
    assert [(one.device, one.volume_id) for one in vm.volumes] == [("vdc", kept), ("vdd", going)]
    await compute.volume_is(kept, "in-use")
    await compute.delete(id)
    await compute.volume_is(kept, "available")
    await compute.volume_is(going, "gone")
    other = await compute.active(block_device_mapping_v2=[{**DEVICE, "uuid": kept}])
    assert compute.agent.vm(other).volumes[0].volume_id == kept


async def test_a_volume_that_is_not_there_is_refused(compute: ComputeCloud) -> None:
    reply = await compute.post_server(block_device_mapping_v2=[{**DEVICE, "uuid": "nothing"}])
    assert reply.status_code == 400
    id = await compute.active()
    body = {"volumeAttachment": {"volumeId": "nothing"}}
    reply = await compute.call("POST", f"/servers/{id}/os-volume_attachments", body)
    assert reply.status_code == 404
    volume = await compute.create_volume()
    body = {"volumeAttachment": {"volumeId": volume, "device": "/dev/vda"}}
    reply = await compute.call("POST", f"/servers/{id}/os-volume_attachments", body)
    assert reply.status_code == 400
    assert "in use" in reply.json()["badRequest"]["message"]


async def test_whether_a_volume_goes_with_its_server_can_be_changed(
    compute: ComputeCloud,
) -> None:
    id, volume = await compute.active(), await compute.create_volume()
    path = f"/servers/{id}/os-volume_attachments"
    await compute.call("POST", path, {"volumeAttachment": {"volumeId": volume}})
    await compute.volume_is(volume, "in-use")
    body = {"volumeAttachment": {"volumeId": volume, "delete_on_termination": True}}
    assert (await compute.call("PUT", f"{path}/{volume}", body)).status_code == 202
    shown = (await compute.call("GET", f"{path}/{volume}")).json()["volumeAttachment"]
    assert shown["delete_on_termination"] is True
    swap = {"volumeAttachment": {"volumeId": "other"}}
    assert (await compute.call("PUT", f"{path}/{volume}", swap)).status_code == 501
    await compute.delete(id)
    await compute.volume_is(volume, "gone")


async def test_attaching_is_accepted_without_a_body_at_101(compute: ComputeCloud) -> None:
    id, volume = await compute.active(), await compute.create_volume()
    body = {"volumeAttachment": {"volumeId": volume}}
    reply = await compute.call("POST", f"/servers/{id}/os-volume_attachments", body)
    assert (reply.status_code, reply.content) == (202, b"")
    await compute.volume_is(volume, "in-use")


@pytest.mark.edge("compute", "2.87")
async def test_a_server_boots_from_a_volume_made_for_it(compute: ComputeCloud) -> None:
    device = {
        "source_type": "image",
        "destination_type": "volume",
        "uuid": compute.image_id,
        "boot_index": 0,
        "volume_size": 1,
        "delete_on_termination": True,
    }
    blank = {"source_type": "blank", "destination_type": "volume", "volume_size": 1}
    id = await compute.active(imageRef=None, block_device_mapping_v2=[device, blank])
    server = await compute.show(id, user="admin")
    assert (server["image"], server["OS-EXT-SRV-ATTR:root_device_name"]) == ("", "/dev/vda")
    vm = compute.agent.vm(id)
    assert vm.disks == []
    assert [(one.device, one.boots) for one in vm.volumes] == [("vda", True), ("vdb", False)]
    ids = [one["id"] for one in server["os-extended-volumes:volumes_attached"]]
    path = f"/servers/{id}/os-volume_attachments"
    assert (await compute.call("DELETE", f"{path}/{ids[0]}")).status_code == 403
    assert (await compute.act(id, "rescue", None)).status_code == 400
    rescue = {"rescue_image_ref": compute.image_id}
    assert (await compute.act(id, "rescue", rescue, version="2.86")).status_code == 400
    assert (await compute.act(id, "rescue", rescue, version="2.87")).status_code == 200
    await compute.wait(id, "RESCUE")
    assert [one.boots for one in compute.agent.vm(id).volumes] == [False, False]
    assert (await compute.act(id, "unrescue")).status_code == 202
    await compute.wait(id, "ACTIVE")
    assert (await compute.act(id, "shelve")).status_code == 202
    await compute.wait(id, "SHELVED_OFFLOADED")
    assert (await compute.act(id, "unshelve")).status_code == 202
    await compute.wait(id, "ACTIVE")
    await compute.delete(id)
    await compute.volume_is(ids[0], "gone")
    await compute.volume_is(ids[1], "available")


async def test_a_volume_that_grows_on_a_guest_leaves_a_record(compute: ComputeCloud) -> None:
    id, volume = await compute.active(), await compute.create_volume()
    body = {"volumeAttachment": {"volumeId": volume}}
    await compute.call("POST", f"/servers/{id}/os-volume_attachments", body)
    await compute.volume_is(volume, "in-use")
    grown = await compute.cloud.call(
        "POST",
        f"/volume/v3/volumes/{volume}/action",
        {"os-extend": {"new_size": 2}},
        headers={"openstack-api-version": "volume 3.42"},
    )
    assert grown.status_code == 202, grown.text
    await compute.cloud.settle()
    await compute.volume_is(volume, "in-use")
    await until(lambda: [one.size_bytes for one in compute.agent.vm(id).volumes] == [2 << 30])
    await compute.cloud.settle()
    listed = (await compute.call("GET", f"/servers/{id}/os-instance-actions")).json()
    newest = listed["instanceActions"][0]
    assert newest["action"] == "extend_volume"
    path = f"/servers/{id}/os-instance-actions/{newest['request_id']}"
    async with asyncio.timeout(10):
        while True:
            event = (await compute.call("GET", path)).json()["instanceAction"]["events"][0]
            if event["result"] is not None:
                break
            await asyncio.sleep(0.01)
    assert (event["event"], event["result"]) == ("compute_extend_volume", "Success")
    assert len(listed["instanceActions"]) == 3
