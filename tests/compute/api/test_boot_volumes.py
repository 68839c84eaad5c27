"""Conversations about servers that boot from a volume: their images, and their rebuild."""

import json
from typing import Any

import msgspec
import pytest

from compute.servers import ComputeCloud, until
from image_files import create_active, make_qcow2
from pilvi.host_api.contract import HostFault, Kind
from pilvi.host_api.vms import Power
from pilvi.host_api.volumes import VolumeSpec


async def boot(compute: ComputeCloud, **fields: Any) -> tuple[str, str]:
    """A server that boots from a volume made for it; the ids of both."""
    device = {
        "source_type": "image",
        "destination_type": "volume",
        "uuid": compute.image_id,
        "boot_index": 0,
        "volume_size": 1,
        **fields,
    }
    id = await compute.active(imageRef=None, block_device_mapping_v2=[device])
    volumes = (await compute.show(id))["os-extended-volumes:volumes_attached"]
    return id, volumes[0]["id"]


def held_volume(compute: ComputeCloud, id: str) -> VolumeSpec:
    return msgspec.json.decode(compute.agent.held[Kind.VOLUME, id].spec, type=VolumeSpec)


async def snapshots(compute: ComputeCloud) -> list[dict[str, Any]]:
    reply = await compute.cloud.call("GET", "/volume/v3/snapshots/detail")
    found: list[dict[str, Any]] = reply.json()["snapshots"]
    return found


async def test_an_image_of_it_names_snapshots_and_boots_their_copies(
    compute: ComputeCloud,
) -> None:
    id, volume = await boot(compute, delete_on_termination=True)
    made = await compute.act(id, "createImage", {"name": "kept", "metadata": {"why": "test"}})
    assert made.status_code == 202, made.text
    image_id = made.json()["image_id"]
    image = (await compute.cloud.call("GET", f"/image/v2/images/{image_id}")).json()
    assert (image["status"], image["size"], image["why"]) == ("active", 0, "test")
    assert (await compute.cloud.call("GET", f"/image/v2/images/{image_id}/file")).status_code == 204
    mapping = json.loads(image["block_device_mapping"])
    taken = await snapshots(compute)
    assert [one["volume_id"] for one in taken] == [volume]
    assert taken[0]["name"] == "snapshot for kept"
    assert [(one["snapshot_id"], one["boot_index"]) for one in mapping] == [(taken[0]["id"], 0)]
    while (await snapshots(compute))[0]["status"] != "available":
        await compute.cloud.settle()
    copy = await compute.active(imageRef=image_id)
    shown = await compute.show(copy)
    assert shown["image"] == ""
    copied = shown["os-extended-volumes:volumes_attached"]
    found = await compute.volume_is(copied[0]["id"], "in-use")
    assert found["snapshot_id"] == taken[0]["id"]
    assert copied[0]["delete_on_termination"] is True
    assert [one.boots for one in compute.agent.vm(copy).volumes] == [True]
    listed = (await compute.call("GET", f"/servers/{id}/os-instance-actions")).json()
    assert [one["action"] for one in listed["instanceActions"]] == ["createImage", "create"]
    backup = {"name": "b", "backup_type": "daily", "rotation": 1}
    assert (await compute.act(id, "createBackup", backup)).status_code == 400


async def test_images_that_stand_for_nothing_usable_are_refused(compute: ComputeCloud) -> None:
    id, _ = await boot(compute)
    made = await compute.act(id, "createImage", {"name": "kept"})
    image_id = made.json()["image_id"]
    good = json.loads(
        (await compute.cloud.call("GET", f"/image/v2/images/{image_id}")).json()[
            "block_device_mapping"
        ]
    )
    for mapping in (
        "no list",
        "[]",
        json.dumps([{**good[0], "boot_index": 1}]),
        json.dumps([{**good[0], "source_type": "image"}]),
        json.dumps([{**good[0], "snapshot_id": "f7a4c3f8-bf9d-4d4a-9fd7-92e2a10b3f9b"}]),
    ):
        change = [{"op": "replace", "path": "/block_device_mapping", "value": mapping}]
        changed = await compute.cloud.call(
            "PATCH",
            f"/image/v2/images/{image_id}",
            change,
            headers={"content-type": "application/openstack-images-v2.1-json-patch"},
        )
        assert changed.status_code == 200, changed.text
        assert (await compute.post_server(imageRef=image_id)).status_code == 400
    assert (await compute.act(id, "rebuild", {"imageRef": image_id})).status_code == 409
    volume = {"volume": {"size": 1, "imageRef": image_id}}
    assert (await compute.cloud.call("POST", "/volume/v3/volumes", volume)).status_code == 400


async def test_a_rebuild_writes_its_volume_while_the_guest_is_off(compute: ComputeCloud) -> None:
    id, volume = await boot(compute)
    other = str(
        (await create_active(compute.cloud, make_qcow2(), disk_format="qcow2", name="other"))["id"]
    )
    compute.agent.silent.add(Kind.VOLUME)
    reply = await compute.act(id, "rebuild", {"imageRef": other, "name": "anew"})
    assert reply.status_code == 202, reply.text
    assert reply.json()["server"]["image"] == ""
    await until(lambda: compute.agent.vm(id).power is Power.STOPPED)
    shown = await compute.wait(id, "REBUILD", idle=False)
    assert (shown["name"], shown["OS-EXT-STS:task_state"]) == ("anew", "rebuilding")
    assert (await compute.act(id, "os-start")).status_code == 409
    compute.agent.silent.clear()
    await compute.wait(id, "ACTIVE")
    assert compute.agent.vm(id).power is Power.RUNNING
    found = await compute.volume_is(volume, "in-use")
    assert found["volume_image_metadata"]["image_id"] == other
    held = held_volume(compute, volume)
    assert held.source is not None
    assert (held.content_generation, held.source.id) == (2, other)


async def test_a_rebuild_of_a_stopped_one_leaves_it_stopped(compute: ComputeCloud) -> None:
    id, volume = await boot(compute)
    await compute.act(id, "os-stop")
    await compute.wait(id, "SHUTOFF")
    assert (await compute.act(id, "rebuild", {"imageRef": compute.image_id})).status_code == 202
    await compute.cloud.settle()
    await compute.wait(id, "SHUTOFF")
    assert held_volume(compute, volume).content_generation == 2


@pytest.mark.edge("compute", "2.93")
async def test_an_older_rebuild_keeps_the_volume_and_refuses_another_image(
    compute: ComputeCloud,
) -> None:
    id, volume = await boot(compute)
    other = str(
        (await create_active(compute.cloud, make_qcow2(), disk_format="qcow2", name="other"))["id"]
    )
    refused = await compute.act(id, "rebuild", {"imageRef": other}, version="2.92")
    assert refused.status_code == 400
    boots = compute.agent.vm(id).boot_generation
    same = await compute.act(id, "rebuild", {"imageRef": compute.image_id}, version="2.92")
    assert same.status_code == 202, same.text
    await compute.cloud.settle()
    await compute.wait(id, "ACTIVE")
    assert compute.agent.vm(id).boot_generation > boots
    assert held_volume(compute, volume).content_generation == 1
    newer = await compute.act(id, "rebuild", {"imageRef": other}, version="2.93")
    assert newer.status_code == 202, newer.text
    await until(lambda: held_volume(compute, volume).content_generation == 2)


async def test_a_volume_that_cannot_be_written_is_an_error_with_a_reason(
    compute: ComputeCloud,
) -> None:
    id, _ = await boot(compute)
    fault = HostFault(kind="internal", message="cannot write: the disk is broken", terminal=True)
    compute.agent.faults[Kind.VOLUME] = fault
    assert (await compute.act(id, "rebuild", {"imageRef": compute.image_id})).status_code == 202
    shown = await compute.wait(id, "ERROR")
    assert "the disk is broken" in shown["fault"]["message"]
    compute.agent.faults.clear()
    await compute.delete(id)
