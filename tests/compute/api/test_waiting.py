"""Nothing stays silently under way: what it waits for is shown, and it ends or comes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openstack.connection import Connection

from audit.audited import audit_cloud, make_everything, until
from pilvi.agent.ports import steps
from pilvi.core.reconcile import progress
from pilvi.errors import Unavailable
from pilvi.hosts.model.deadlines import DEADLINES, Deadline
from pilvi.testing.server import CloudServer, running_server

pytestmark = pytest.mark.xdist_group("pilvi server")
LEASE_S = 0.6


@pytest.fixture(scope="module")
def running() -> Iterator[CloudServer]:
    with running_server(1, host_lease_s=LEASE_S) as server:
        yield server


@pytest.fixture
def cloud(running: CloudServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudServer]:
    monkeypatch.setattr(progress, "QUIET_S", 0.1)
    monkeypatch.setattr(progress, "FLUSH_S", 0.05)
    monkeypatch.setitem(DEADLINES, "server", Deadline(told_s=0.3))
    running.reset()
    yield running
    for host in running.hosts.values():
        host.link.is_cut = False


def launch(connection: Connection, **fields: Any) -> str:
    network = connection.network.find_network("private", ignore_missing=False)
    image = connection.image.find_image("pilvi-guest", ignore_missing=False)
    fields.setdefault("image_id", image.id)
    made = connection.compute.create_server(
        name="one", flavor_id="p1.nano", networks=[{"uuid": network.id}], **fields
    )
    return str(made.id)


def shown(cloud: CloudServer, connection: Connection, id: str) -> dict[str, Any]:
    """The server, after everything unsettled was looked at once more."""
    cloud.run(lambda: cloud.cloud.plane.loop.wake_unsettled())
    reply = connection.compute.get(f"/servers/{id}", microversion="2.79")
    body: dict[str, Any] = reply.json()["server"]
    return body


def fault_with(cloud: CloudServer, connection: Connection, id: str, words: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        body = shown(cloud, connection, id)
        return body if words in body.get("fault", {}).get("message", "") else None

    found: dict[str, Any] = until(look)
    return found


def until_gone(connection: Connection, id: str) -> None:
    until(lambda: connection.compute.find_server(id) is None)


def details(connection: Connection, id: str) -> tuple[str | None, str | None]:
    """Details and result of the newest action's event."""
    path = f"/servers/{id}/os-instance-actions"
    listed = connection.compute.get(path, microversion="2.84").json()["instanceActions"]
    one = connection.compute.get(f"{path}/{listed[0]['request_id']}", microversion="2.84").json()
    event = one["instanceAction"]["events"][0]
    return event["details"], event["result"]


def test_a_server_on_a_dead_host_says_so_and_ends_in_error_and_can_be_deleted(
    cloud: CloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo, admin = cloud.connect(), cloud.connect("admin")
    (host,) = cloud.hosts.values()
    host.link.is_cut = True
    id = launch(demo)
    body = fault_with(cloud, demo, id, "its host, which is not heard of since 2")
    assert body["status"] == "BUILD"
    assert "(since 2" in body["fault"]["message"]
    words, result = details(admin, id)
    assert words is not None and "its host, which is not heard of" in words and result is None
    assert any(
        f"server {id}: waiting for" in one for one in audit_cloud(cloud, answer_s=0.1).waiting
    )
    monkeypatch.setitem(DEADLINES, "server", Deadline(told_s=0.3, stuck_s=0.5))
    body = until(lambda: (one := shown(cloud, demo, id))["status"] == "ERROR" and one)
    assert body["fault"]["message"].startswith("cannot launch the server: for ")
    words, result = details(admin, id)
    assert words is not None and words.startswith("cannot launch") and result == "Error"
    demo.compute.delete_server(id)
    host.link.is_cut = False
    until_gone(demo, id)
    cloud.settle()
    assert audit_cloud(cloud).differences == ()


def test_a_server_that_waits_for_a_volume_on_a_dead_host_does_not_stay_silent(
    cloud: CloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = cloud.connect()
    (host,) = cloud.hosts.values()
    image = demo.image.find_image("pilvi-guest", ignore_missing=False)
    mapping = {
        "boot_index": 0,
        "uuid": image.id,
        "source_type": "image",
        "destination_type": "volume",
        "volume_size": 1,
        "delete_on_termination": True,
    }
    host.link.is_cut = True
    id = launch(demo, image_id="", block_device_mapping=[mapping])
    body = fault_with(cloud, demo, id, "cannot reach host")
    assert body["status"] == "BUILD" and "its volumes to be exported" in body["fault"]["message"]
    monkeypatch.setitem(DEADLINES, "server", Deadline(told_s=0.3, stuck_s=0.5))
    body = until(lambda: (one := shown(cloud, demo, id))["status"] == "ERROR" and one)
    assert "cannot reach host" in body["fault"]["message"]
    demo.compute.delete_server(id)
    host.link.is_cut = False
    until_gone(demo, id)
    until(lambda: list(demo.block_storage.volumes()) == [])
    cloud.settle()
    assert audit_cloud(cloud).differences == ()


def test_a_failing_step_is_told_with_its_reason_and_the_server_comes_once_it_is_mended(
    cloud: CloudServer,
) -> None:
    demo, admin = cloud.connect(), cloud.connect("admin")
    (host,) = cloud.hosts.values()
    failure = Unavailable("cannot make the disk: the trial says so")
    cloud.call(lambda: host.drivers.vms.fail("create_disk", failure, times=1_000_000))
    id = launch(demo)
    body = fault_with(cloud, demo, id, "which says: cannot make the disk: the trial says so")
    assert body["status"] == "BUILD"
    assert details(admin, id)[1] is None
    cloud.call(lambda: host.drivers.vms._faults.clear())
    body = until(lambda: (one := shown(cloud, demo, id))["status"] == "ACTIVE" and one)
    assert "fault" not in body
    assert details(admin, id) == (None, "Success")


def test_a_server_that_ran_goes_on_waiting_for_its_host_and_says_so(cloud: CloudServer) -> None:
    demo, admin = cloud.connect(), cloud.connect("admin")
    (host,) = cloud.hosts.values()
    id = launch(demo)
    until(lambda: shown(cloud, demo, id)["status"] == "ACTIVE")
    host.link.is_cut = True
    demo.compute.stop_server(id)
    body = fault_with(cloud, demo, id, "its host, which is not heard of")
    assert body["status"] == "ACTIVE" and body["OS-EXT-STS:task_state"] == "powering-off"
    assert "not heard of" in (details(admin, id)[0] or "")
    host.link.is_cut = False
    body = until(lambda: (one := shown(cloud, demo, id))["status"] == "SHUTOFF" and one)
    assert "fault" not in body


@pytest.mark.parametrize("moment", ["at once", "in error", "while it is deleted"])
def test_a_delete_converges_whatever_the_state(
    cloud: CloudServer, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = cloud.connect()
    (host,) = cloud.hosts.values()
    more: list[Callable[[], object]] = []
    if moment == "in error":
        monkeypatch.setitem(DEADLINES, "server", Deadline(told_s=0.3, stuck_s=0.1))
        host.link.is_cut = True
    id = launch(demo)
    if moment == "in error":
        until(lambda: shown(cloud, demo, id)["status"] == "ERROR")
    if moment == "while it is deleted":
        until(lambda: shown(cloud, demo, id)["status"] == "ACTIVE")
        host.link.is_cut = True
        more.append(lambda: demo.compute.delete_server(id, ignore_missing=True))
    demo.compute.delete_server(id)
    for step in more:
        step()
    host.link.is_cut = False
    until_gone(demo, id)
    cloud.settle()
    assert audit_cloud(cloud).differences == ()


def test_everything_that_is_deleted_while_its_host_is_away_goes_once_it_is_back(
    cloud: CloudServer,
) -> None:
    demo = cloud.connect()
    (host,) = cloud.hosts.values()
    ids = make_everything(demo)
    block, network = demo.block_storage, demo.network
    empty = block.create_volume(size=1, name="empty")
    block.wait_for_status(empty, "available", interval=0.02, wait=30)
    host.link.is_cut = True
    network.delete_ip(ids["floating_ip"])
    demo.compute.delete_server(ids["server"])
    block.delete_backup(ids["backup"])
    block.delete_snapshot(ids["snapshot"])
    block.delete_volume(empty.id)
    port = network.create_port(network_id=ids["network"])
    network.delete_port(port.id)

    def told() -> bool:
        cloud.run(lambda: cloud.cloud.plane.loop.wake_unsettled())
        rows = block.get("/messages", microversion="3.3").json()["messages"]
        return {row["resource_uuid"] for row in rows} >= {empty.id, ids["snapshot"]}

    until(told)
    host.link.is_cut = False
    until_gone(demo, ids["server"])
    until(lambda: [one.id for one in block.volumes()] == [ids["volume"]])
    until(lambda: not list(block.snapshots()) and not list(block.backups()))
    until(lambda: block.get_volume(ids["volume"]).status == "available")
    block.delete_volume(ids["volume"])
    until(lambda: not list(block.volumes()))
    cloud.settle()
    assert audit_cloud(cloud).differences == ()
    assert audit_cloud(cloud).waiting == ()


def test_a_port_that_its_host_cannot_plug_in_says_why(
    cloud: CloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo, admin = cloud.connect(), cloud.connect("admin")
    (host,) = cloud.hosts.values()

    apply = host.drivers.ports.apply

    async def fail(step: steps.Step) -> None:
        if isinstance(step, steps.MakeTap):
            raise Unavailable("cannot make the tap: the trial says so")
        await apply(step)

    with monkeypatch.context() as broken:
        broken.setattr(host.drivers.ports, "apply", fail)
        id = launch(demo)
        port = until(lambda: next(iter(admin.network.ports(device_id=id)), None))
        until(lambda: admin.network.get_port(port.id).binding_vif_type == "binding_failed")
        told = admin.network.get_port(port.id).binding_vif_details
        assert "the trial says so" in told["fault"] and "the trial says so" in told["waits_for"]
    until(lambda: shown(cloud, demo, id)["status"] == "ACTIVE")
    until(lambda: admin.network.get_port(port.id).binding_vif_type == "bridge")
