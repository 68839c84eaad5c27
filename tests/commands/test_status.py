"""`pilvi status`: what it says of a cloud that is well, is ailing, is away."""

import io
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from openstack.exceptions import ResourceFailure
from rich.console import Console

from pilvi.agent.faults import HostTerminal
from pilvi.commands.processes import record_process
from pilvi.commands.status import (
    NOT_WELL,
    WELL,
    HostLine,
    KindLine,
    Process,
    Status,
    look,
    render,
    render_json,
    run_status,
)
from pilvi.errors import InvalidRequest, NoCapacity
from pilvi.settings import Settings
from pilvi.testing.server import CloudServer, running_server

HOST = HostLine("one", True, True, 1.0, 2, 1, {"vcpus": 3.0}, {"vcpus": 12.0}, 5 << 30)
GOOD = Status("1", "http://x", "/s", (Process("api", 7, 99.0),), hosts=(HOST,))


@pytest.fixture(scope="module")
def cloud() -> Iterator[CloudServer]:
    with running_server(2) as server:
        yield server


def test_a_running_cloud_is_shown_with_its_hosts(cloud: CloudServer) -> None:
    # Its process is the test's own.
    cloud.settings.run_dir.mkdir(exist_ok=True)
    record_process(cloud.settings, "fake", os.getpid())
    found = look(cloud.settings)
    (cloud.settings.run_dir / "fake.pid").unlink()
    assert found.problem == "" and found.exit_status == WELL
    assert [host.name for host in found.hosts] == ["fake1", "fake2"]
    assert all(host.is_up and host.capacity["vcpus"] > 0 for host in found.hosts)
    text = render(found)
    assert "fake2" in text and "everything is as wished" in text


def test_a_server_in_error_is_counted(cloud: CloudServer) -> None:
    vms = cloud.hosts["fake1"].drivers.vms, cloud.hosts["fake2"].drivers.vms
    for one in vms:
        one.fail("launch", HostTerminal(NoCapacity("cannot start the guest: no memory is left")))
    demo = cloud.connect()
    network = demo.network.find_network("private", ignore_missing=False)
    image = demo.image.find_image("pilvi-guest", ignore_missing=False)
    server = demo.compute.create_server(
        name="ill", flavor_id="p1.nano", image_id=image.id, networks=[{"uuid": network.id}]
    )
    with pytest.raises(ResourceFailure):
        demo.compute.wait_for_server(server, wait=30)
    assert look(cloud.settings).in_error == {"server": 1}
    demo.compute.delete_server(server)
    demo.compute.wait_for_delete(server, wait=30)
    assert look(cloud.settings).in_error == {}


def test_what_programs_get_is_the_same(cloud: CloudServer) -> None:
    console = Console(record=True, file=io.StringIO())
    status = run_status(cloud.settings, console, as_json=True, watch_s=None)
    told = json.loads(console.export_text())
    assert told["hosts"][0]["name"] == "fake1"
    # Its process is the test's own, which no pid file names.
    assert told["exit_status"] == status == NOT_WELL


def test_watching_draws_it_anew_until_interrupted(
    cloud: CloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            cloud.add_host("late")
        if len(pauses) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr("pilvi.commands.status.time.sleep", pause)
    out = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        run_status(cloud.settings, Console(file=out, width=120), as_json=False, watch_s=0.5)
    assert pauses == [0.5] * 4
    assert "late" in out.getvalue()


def test_an_api_that_is_away_is_said(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings = Settings(state_dir=str(tmp_path), listen_port=probe.getsockname()[1])
    found = look(settings)
    assert "cannot reach the API" in found.problem and found.exit_status == NOT_WELL
    text = render(found)
    assert "api DOWN" in text and "agent DOWN" in text and "keeper DOWN" in text


def test_what_is_not_told_to_this_machine_is_answered_with_what_to_do(
    cloud: CloudServer, tmp_path: Path
) -> None:
    named = cloud.settings.listen_port
    near = Settings(state_dir=str(tmp_path), listen_host="localhost", listen_port=named)
    assert look(near).problem == ""
    (tmp_path / "metrics.token").write_text("not-the-right-token-at-all")
    assert look(near).problem == ""
    (tmp_path / "metrics.token").write_text("short")
    with pytest.raises(InvalidRequest):
        look(near)


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        (GOOD, WELL),
        (replace(GOOD, unsettled=(KindLine("server", 3, 0, 2.0),)), WELL),
        (replace(GOOD, unsettled=(KindLine("server", 3, 1, 2.0),)), NOT_WELL),
        (replace(GOOD, hosts=(replace(HOST, is_up=False),)), NOT_WELL),
        (replace(GOOD, processes=(Process("api", None),)), NOT_WELL),
        (replace(GOOD, problem="cannot"), NOT_WELL),
        (replace(GOOD, in_error={"server": 2}), NOT_WELL),
    ],
)
def test_what_needs_a_look(status: Status, wanted: int) -> None:
    assert status.exit_status == wanted
    assert json.loads(render_json(status))["exit_status"] == wanted
    is_calm = "everything is as wished" in render(status)
    assert is_calm == (wanted == WELL and not status.unsettled)


def test_the_screen_names_what_is_amiss() -> None:
    ailing = replace(
        GOOD,
        hosts=(replace(HOST, is_up=False), replace(HOST, name="two", is_enabled=False)),
        unsettled=(KindLine("volume", 4, 2, 61.0),),
        in_error={"server": 2},
        processes=(Process("api", None),),
    )
    text = render(ailing)
    assert "host one is DOWN: 'pilvi doctor'" in text and "disabled" in text
    assert "2 server in ERROR: 'pilvi doctor' names them" in text
    assert "no process of this machine serves the API: 'pilvi up'" in text
    assert "4 volume, the oldest for 61 s, 2 failed and tried again" in text
    assert "3/12  25%" in text and "2+1" in text
