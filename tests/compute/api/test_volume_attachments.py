"""Conversations about volumes of servers."""

from compute.servers import ComputeCloud, until
from pilvi.host_api.contract import Kind

DEVICE = {"source_type": "volume", "destination_type": "volume", "boot_index": -1}


async def test_a_volume_comes_and_goes_on_a_running_server(compute: ComputeCloud) -> None:
    id, volume = await compute.active(), await compute.create_volume()
    path = f"/servers/{id}/os-volume_attachments"
    body = {"volumeAttachment": {"volumeId": volume, "tag": "data"}}
    made = await compute.call("POST", path, body)
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
