"""`pilvi trace port`: what it prints, from a whole cloud with a fake host, and its exit status."""

import json
from collections.abc import Iterator
from io import StringIO

import pytest
from rich.console import Console

from commands.clouds_file import write_clouds
from pilvi.commands.trace import Trace, render, run_trace, trace_port
from pilvi.errors import InvalidRequest, NotFound
from pilvi.host_api.traces import Hop, HopName, Outcome
from pilvi.testing.server import CloudServer, running_server

pytestmark = pytest.mark.xdist_group("pilvi server")


def hop(name: HopName, outcome: Outcome, words: str, mend: str = "") -> Hop:
    return Hop(name=name, outcome=outcome, words=words, mend=mend, took_ms=None)


def test_the_first_failure_is_named_with_its_mend() -> None:
    hops = [
        hop(HopName.WISH, Outcome.OK, "the port is ACTIVE on its host"),
        hop(HopName.TAP, Outcome.FAILED, "the tap is down", "raise it"),
        hop(HopName.DHCP, Outcome.ABSENT, "no DHCP"),
        hop(HopName.GUEST, Outcome.FAILED, "silence", "look"),
    ]
    trace = Trace("1", "p", True, HopName.TAP, hops)
    assert trace.exit_status == 1
    assert render(trace).splitlines() == [
        "OK      port wish      the port is ACTIVE on its host",
        "FAILED  tap            the tap is down",
        "-       DHCP answers   no DHCP",
        "FAILED  guest answers  silence",
        "",
        "The first that fails is: tap",
        "What to do: raise it",
    ]


def test_a_hop_that_nobody_looked_at_is_not_called_well() -> None:
    hops = [
        hop(HopName.WISH, Outcome.OK, "the port is ACTIVE on its host"),
        hop(HopName.GUEST, Outcome.UNKNOWN, "arping is not installed"),
    ]
    trace = Trace("1", "p", True, None, hops)
    assert trace.exit_status == 0
    assert render(trace).endswith("No hop fails; 1 could not be looked at")


def test_a_host_that_does_not_tell_is_waited_for_and_said() -> None:
    hops = [{"name": "port wish", "outcome": "ok", "words": "there"}]
    body = {"id": "1", "port_id": "p", "is_over": False, "first_failure": None, "hops": hops}
    trace = trace_port(lambda method, path: {"trace": body}, "p", answer_s=0.01, poll_s=0.001)
    assert trace.exit_status == 2
    assert render(trace).endswith("ask again")


@pytest.fixture(scope="module")
def running() -> Iterator[CloudServer]:
    with running_server(1) as server:
        server.reset()
        write_clouds(server)
        yield server


def walk(server: CloudServer, id: str, *, as_json: bool = False) -> tuple[int, str]:
    text = StringIO()
    console = Console(file=text, width=200)
    return run_trace(server.settings, "port", id, as_json=as_json, console=console), text.getvalue()


@pytest.fixture(scope="module")
def port_id(running: CloudServer) -> str:
    """The port of a server that runs."""
    demo = running.connect()
    network = demo.network.find_network("private", ignore_missing=False)
    image = demo.image.find_image("pilvi-guest", ignore_missing=False)
    server = demo.compute.create_server(
        name="walked", flavor_id="p1.nano", image_id=image.id, networks=[{"uuid": network.id}]
    )
    demo.compute.wait_for_server(server, wait=30)
    return str(next(demo.network.ports(device_id=server.id)).id)


def test_a_fake_host_walks_and_a_broken_hop_is_named(running: CloudServer, port_id: str) -> None:
    code, words = walk(running, port_id)
    assert code == 0 and words.strip().endswith("Every hop is well"), words
    for name in (HopName.HOST, HopName.TAP, HopName.RULES, HopName.DHCP, HopName.ROUTER):
        assert any(line.startswith("OK") and name in line for line in words.splitlines()), words
    (host,) = running.hosts.values()
    host.drivers.ports.ports[port_id].filter_digest, kept = None, "kept"
    code, words = walk(running, port_id)
    assert code == 1 and "The first that fails is: filter rules" in words
    host.drivers.ports.ports[port_id].filter_digest = kept
    told = json.loads(walk(running, port_id, as_json=True)[1])
    assert told["exit_status"] == 0 and told["first_failure"] is None


def test_a_port_without_a_host_says_so_without_asking(running: CloudServer) -> None:
    demo = running.connect()
    network = demo.network.find_network("private", ignore_missing=False)
    port = demo.network.create_port(network_id=network.id)
    code, words = walk(running, port.id)
    assert code == 1 and "The first that fails is: port wish" in words
    assert "openstack server add port" in words


def test_a_dead_host_is_the_hop_that_fails(running: CloudServer, port_id: str) -> None:
    admin = running.connect("admin")
    service = next(one for one in admin.compute.services() if one.binary == "nova-compute")
    admin.compute.update_service_forced_down(service, service.host, "nova-compute")
    try:
        code, words = walk(running, port_id)
        assert code == 1 and "The first that fails is: host alive" in words, words
        assert "pilvi doctor" in words
    finally:
        admin.compute.update_service_forced_down(service, service.host, "nova-compute", False)


def test_what_cannot_be_walked_is_said(running: CloudServer) -> None:
    with pytest.raises(InvalidRequest, match="name a port"):
        run_trace(running.settings, "server", "1", as_json=False, console=Console())
    with pytest.raises(NotFound, match="cannot find"):
        walk(running, "nobody")
