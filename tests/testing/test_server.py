"""A cloud behind a port, as authors of OpenStack tools have it."""

import time
from collections.abc import Iterator

import pytest
from openstack.connection import Connection
from openstack.exceptions import HttpException

from pilvi.errors import Conflict, Internal, Unavailable
from pilvi.testing.server import CloudServer, running_server

pytestmark = pytest.mark.xdist_group("pilvi server")
# What a reset may take, with room for a busy machine; the goal is 0.05 s on a quiet one.
RESET_S = 2.0


@pytest.fixture(scope="module")
def server() -> Iterator[CloudServer]:
    with running_server() as running:
        yield running


@pytest.fixture
def cloud(server: CloudServer) -> CloudServer:
    server.reset()
    return server


def start_server(connection: Connection, name: str = "one") -> str:
    network = connection.network.find_network("private", ignore_missing=False)
    image = connection.image.find_image("pilvi-guest", ignore_missing=False)
    made = connection.compute.create_server(
        name=name, flavor_id="p1.nano", image_id=image.id, networks=[{"uuid": network.id}]
    )
    return str(made.id)


def wait(connection: Connection, id: str, status: str = "ACTIVE") -> None:
    server = connection.compute.get_server(id)
    connection.compute.wait_for_server(server, status, failures=[], interval=0.05, wait=30)


def test_a_server_becomes_active_and_writes_to_its_console(cloud: CloudServer) -> None:
    connection = cloud.connect()
    id = start_server(connection)
    wait(connection, id)
    assert id in cloud.hosts["fake1"].drivers.vms.vms
    deadline = time.monotonic() + 30
    while "READY" not in str(connection.compute.get_server_console_output(id)["output"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_reset_leaves_nothing_and_keeps_the_port(cloud: CloudServer) -> None:
    connection, url = cloud.connect(), cloud.url
    wait(connection, start_server(connection))
    cloud.add_host("another")
    began = time.monotonic()
    cloud.reset()
    assert time.monotonic() - began < RESET_S
    assert cloud.url == url and list(cloud.hosts) == ["fake1"]
    connection, admin = cloud.connect(), cloud.connect("admin")
    assert list(connection.compute.servers()) == []
    assert [host.name for host in admin.compute.hypervisors()] == ["fake1"]
    assert cloud.hosts["fake1"].drivers.vms.vms == {}
    wait(connection, start_server(connection, "two"))


def test_requests_fail_as_often_as_asked_in_the_words_of_the_service(cloud: CloudServer) -> None:
    connection = cloud.connect()
    cloud.fail_requests("GET", "/compute/v2.1/flavors", Conflict("cannot now"), times=2)
    for _ in range(2):
        with pytest.raises(HttpException, match="cannot now") as caught:
            list(connection.compute.flavors())
        assert caught.value.status_code == 409
    assert list(connection.compute.flavors())


def test_an_answer_can_be_lost_after_the_effect(cloud: CloudServer) -> None:
    connection = cloud.connect()
    connection.network.find_network("private")
    busy = Unavailable("cannot answer")
    cloud.fail_requests("POST", "/network/v2.0/networks", busy, after=True)
    with pytest.raises(HttpException, match="cannot answer"):
        connection.network.create_network(name="lost")
    assert connection.network.find_network("lost") is not None


def test_requests_wait_when_asked(cloud: CloudServer) -> None:
    connection = cloud.connect()
    list(connection.compute.flavors())
    cloud.delay_requests("GET", "/compute/v2.1/flavors", 0.3, times=1)
    began = time.monotonic()
    list(connection.compute.flavors())
    assert time.monotonic() - began >= 0.3


def test_a_step_that_fails_on_the_host_fails_the_server(cloud: CloudServer) -> None:
    connection = cloud.connect()
    vms = cloud.hosts["fake1"].drivers.vms
    vms.fail("create_disk", Internal("cannot make the disk: the test forbids it"), times=1000)
    vms.delay("create_disk", 0.01)
    id = start_server(connection)
    assert connection.compute.get_server(id).status == "BUILD"
    vms.fail("create_disk", Internal("cannot make the disk: once more"), times=1)
    wait(connection, id)


def test_a_guest_that_powers_itself_off_is_seen(cloud: CloudServer) -> None:
    connection = cloud.connect()
    id = start_server(connection)
    wait(connection, id)
    cloud.call(cloud.hosts["fake1"].drivers.vms.power_off, id)
    wait(connection, id, "SHUTOFF")


def test_a_host_that_is_cut_off_hears_nothing_until_the_link_is_back(cloud: CloudServer) -> None:
    connection = cloud.connect()
    cloud.hosts["fake1"].link.is_cut = True
    id = start_server(connection)
    time.sleep(0.3)
    assert connection.compute.get_server(id).status == "BUILD"
    cloud.hosts["fake1"].link.is_cut = False
    wait(connection, id)


def test_one_more_host_is_heard_of(cloud: CloudServer) -> None:
    cloud.add_host("fake2")
    names = {host.name for host in cloud.connect("admin").compute.hypervisors()}
    assert names == {"fake1", "fake2"}
