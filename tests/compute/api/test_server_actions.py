"""Conversations about what is done to servers that are there."""

import asyncio

from compute.servers import ComputeCloud
from pilvi.host_api.contract import HostFault, Kind


async def test_stop_start_pause_reboot(compute: ComputeCloud) -> None:
    id = await compute.active()
    steps = [
        ("os-stop", None, "SHUTOFF", 4),
        ("os-start", None, "ACTIVE", 1),
        ("pause", None, "PAUSED", 3),
        ("unpause", None, "ACTIVE", 1),
    ]
    for action, value, status, power_state in steps:
        assert (await compute.act(id, action, value)).status_code == 202
        server = await compute.wait(id, status)
        assert server["OS-EXT-STS:power_state"] == power_state
    boots = compute.agent.vm(id).boot_generation
    for kind in ("SOFT", "hard"):
        assert (await compute.act(id, "reboot", {"type": kind})).status_code == 202
        await compute.cloud.settle()
        await compute.wait(id, "ACTIVE")
    assert compute.agent.vm(id).boot_generation == boots + 2


async def test_what_a_state_forbids_is_a_conflict_that_says_why(compute: ComputeCloud) -> None:
    id = await compute.active()
    for action, value in (("os-start", None), ("unpause", None)):
        reply = await compute.act(id, action, value)
        assert reply.status_code == 409
        assert "vm_state active" in reply.json()["conflictingRequest"]["message"]
    compute.agent.silent.add(Kind.VM)
    assert (await compute.act(id, "os-stop")).status_code == 202
    reply = await compute.act(id, "pause")
    assert "task_state powering-off" in reply.json()["conflictingRequest"]["message"]
    assert (await compute.act(id, "reboot", {"type": "warm"})).status_code == 400
    assert (await compute.act(id, "dance")).status_code == 400


async def test_a_guest_that_turns_itself_off_is_stopped_and_starts_again(
    compute: ComputeCloud,
) -> None:
    id = await compute.active()
    await compute.agent.power_off(id)
    await compute.wait(id, "SHUTOFF")
    assert (await compute.act(id, "os-start")).status_code == 202
    await compute.wait(id, "ACTIVE")


async def test_a_locked_server_stays_as_it_is(compute: ComputeCloud) -> None:
    id = await compute.active()
    assert (await compute.act(id, "lock", {"locked_reason": "mine"})).status_code == 202
    server = await compute.show(id)
    assert (server["locked"], server["locked_reason"]) == (True, "mine")
    for reply in (
        await compute.act(id, "os-stop"),
        await compute.call("DELETE", f"/servers/{id}"),
        await compute.call("PUT", f"/servers/{id}/metadata", {"metadata": {}}),
    ):
        assert reply.status_code == 409
        assert "locked" in reply.json()["conflictingRequest"]["message"]
    listed = (await compute.call("GET", "/servers?locked=true")).json()["servers"]
    assert [one["id"] for one in listed] == [id]
    assert (await compute.act(id, "unlock")).status_code == 202
    assert (await compute.act(id, "os-stop")).status_code == 202
    await compute.wait(id, "SHUTOFF")


async def test_a_fault_of_a_running_server_shows_until_the_wish_changes(
    compute: ComputeCloud,
) -> None:
    id = await compute.active()
    compute.agent.faults[Kind.VM] = HostFault(
        kind="Internal", message="cannot start the guest", terminal=True
    )
    await compute.act(id, "reboot", {"type": "HARD"})
    server = await compute.wait(id, "ERROR")
    assert server["fault"]["message"] == "cannot start the guest"
    compute.agent.faults.clear()
    assert (await compute.act(id, "reboot", {"type": "HARD"})).status_code == 202
    await compute.wait(id, "ACTIVE")
    assert "fault" not in await compute.show(id)


async def test_an_admin_resets_the_state(compute: ComputeCloud) -> None:
    id = await compute.active()
    assert (await compute.act(id, "os-resetState", {"state": "error"})).status_code == 403
    reply = await compute.act(id, "os-resetState", {"state": "error"}, user="admin")
    assert reply.status_code == 202
    await compute.wait(id, "ERROR")
    await compute.act(id, "os-resetState", {"state": "active"}, user="admin")
    await compute.wait(id, "ACTIVE")


async def test_an_image_is_made_of_a_running_server(compute: ComputeCloud) -> None:
    id = await compute.active()
    compute.agent.silent.add(Kind.CAPTURE)
    body = {"name": "snap", "metadata": {"why": "test"}}
    image_id = (await compute.act(id, "createImage", body)).json()["image_id"]
    server = await compute.show(id)
    assert (server["status"], server["OS-EXT-STS:task_state"]) == ("ACTIVE", "image_snapshot")
    again = await compute.act(id, "createImage", body)
    assert again.status_code == 409
    assert "image_snapshot" in again.json()["conflictingRequest"]["message"]
    compute.agent.silent.clear()
    await compute.wait(id, "ACTIVE")
    image = (await compute.cloud.call("GET", f"/image/v2/images/{image_id}")).json()
    assert (image["status"], image["name"], image["why"]) == ("active", "snap", "test")
    assert image["instance_uuid"] == id
    assert compute.agent.holds(Kind.CAPTURE) == []
    await compute.active(imageRef=image_id)


async def test_a_capture_that_fails_leaves_the_server_and_no_image(compute: ComputeCloud) -> None:
    id = await compute.active()
    compute.agent.faults[Kind.CAPTURE] = HostFault(
        kind="NoCapacity", message="cannot copy: disk full", terminal=True
    )
    image_id = (await compute.act(id, "createImage", {"name": "s"})).json()["image_id"]
    await compute.wait(id, "ACTIVE")
    image = (await compute.cloud.call("GET", f"/image/v2/images/{image_id}")).json()
    assert image["status"] == "killed"


async def test_deleting_a_server_ends_its_captures(compute: ComputeCloud) -> None:
    id = await compute.active()
    compute.agent.silent.add(Kind.CAPTURE)
    image_id = (await compute.act(id, "createImage", {"name": "s"})).json()["image_id"]
    await compute.cloud.settle()
    await compute.delete(id)
    compute.agent.silent.clear()
    async with asyncio.timeout(20):
        while True:
            image = (await compute.cloud.call("GET", f"/image/v2/images/{image_id}")).json()
            if image["status"] == "killed" and not compute.agent.holds(Kind.CAPTURE):
                break
            await asyncio.sleep(0.01)
    assert image["status"] == "killed"


async def test_the_console_is_read_by_lines(compute: ComputeCloud) -> None:
    id = await compute.active()
    await compute.agent.write_console(id, 0, b"one\ntwo\n\xff<three>\n")

    async def read(value: object) -> str:
        reply = await compute.act(id, "os-getConsoleOutput", value)
        assert reply.status_code == 200
        output: str = reply.json()["output"]
        return output

    assert await read({}) == "one\ntwo\n�<three>\n"
    assert await read(None) == await read({"length": -1}) == await read({})
    assert await read({"length": 2}) == "�<three>\n"
    assert await read({"length": "3"}) == "two\n�<three>\n"
    assert await read({"length": 0}) == ""
    assert (await compute.act(id, "os-getConsoleOutput", {"length": "x"})).status_code == 400


async def test_what_is_not_served_says_so(compute: ComputeCloud) -> None:
    id = await compute.active()
    for action in ("os-migrateLive", "trigger_crash_dump"):
        reply = await compute.act(id, action, {})
        assert reply.status_code == 501
        assert action in reply.json()["notImplemented"]["message"]
    assert (await compute.show(id))["status"] == "ACTIVE"
    new = await compute.act(id, "addFloatingIp", {"address": "x"}, version="2.44")
    assert new.status_code == 404


async def test_every_request_leaves_a_record(compute: ComputeCloud) -> None:
    id = await compute.active()
    stopped = await compute.act(id, "os-stop")
    await compute.wait(id, "SHUTOFF")
    listed = (await compute.call("GET", f"/servers/{id}/os-instance-actions")).json()
    assert [one["action"] for one in listed["instanceActions"]] == ["stop", "create"]
    request_id = stopped.headers["x-openstack-request-id"]
    assert listed["instanceActions"][0]["request_id"] == request_id
    path = f"/servers/{id}/os-instance-actions/{request_id}"
    event = (await compute.call("GET", path)).json()["instanceAction"]["events"][0]
    assert (event["event"], event["result"]) == ("compute_stop", "Success")
    assert event["finish_time"] >= event["start_time"]
    assert "host" not in event
    theirs = (await compute.call("GET", path, user="admin")).json()["instanceAction"]
    assert theirs["events"][0]["host"] == "host1"
    page = (await compute.call("GET", f"/servers/{id}/os-instance-actions?limit=1")).json()
    assert len(page["instanceActions"]) == len(page["links"]) == 1
    await compute.delete(id)
    kept = await compute.call("GET", f"/servers/{id}/os-instance-actions")
    assert [one["action"] for one in kept.json()["instanceActions"]] == ["delete", "stop", "create"]
    assert (await compute.call("GET", path, version="2.20")).status_code == 404


async def test_a_failed_launch_is_an_error_in_its_record(compute: ComputeCloud) -> None:
    compute.agent.faults[Kind.VM] = HostFault(kind="Internal", message="cannot", terminal=True)
    id = await compute.create()
    await compute.wait(id, "ERROR")
    message = None
    async with asyncio.timeout(10):
        # The record ends once everything that was claimed is given back.
        while message is None:
            await asyncio.sleep(0.01)
            listed = (await compute.call("GET", f"/servers/{id}/os-instance-actions")).json()
            message = listed["instanceActions"][0]["message"]
    assert message == "Error"
