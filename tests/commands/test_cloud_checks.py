"""What doctor finds in a cloud."""

import datetime
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from commands.clouds_file import write_clouds
from pilvi.commands.cloud_checks import (
    compare_clocks,
    compare_mtu,
    count_failed,
    examine_certificates,
    examine_cloud,
    list_hosts,
)
from pilvi.core.tls import ensure_certificates
from pilvi.settings import Settings
from pilvi.testing.server import CloudServer, running_server

pytestmark = pytest.mark.xdist_group("pilvi server")
NOW = datetime.datetime(2026, 11, 29, 12, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def running() -> Iterator[CloudServer]:
    with running_server(1) as server:
        server.reset()
        write_clouds(server)
        yield server


def test_a_cloud_that_is_well(running: CloudServer) -> None:
    found = list(examine_cloud(running.settings))
    bad = [one for one in found if not one.is_well and "MTU" not in one.what]
    assert bad == []
    words = " ".join(one.what for one in found)
    for topic in ("the API at", "clock", "the cloud has a host", "is alive", "no server is in"):
        assert topic in words, topic


def test_a_server_in_error_leads_to_its_story(running: CloudServer) -> None:
    demo, admin = running.connect(), running.connect("admin")
    network = demo.network.find_network("private", ignore_missing=False)
    image = demo.image.find_image("pilvi-guest", ignore_missing=False)
    flavor = admin.compute.create_flavor(name="huge", vcpus=1, ram=64, disk=1 << 20)
    server = demo.compute.create_server(
        name="big", flavor_id=flavor.id, image_id=image.id, networks=[{"uuid": network.id}]
    )
    running.settle()
    (finding,) = [one for one in examine_cloud(running.settings) if "server" in one.what]
    assert not finding.is_well and not finding.is_bad
    assert finding.mend == f"pilvi explain server {server.id}"


def test_a_cloud_that_does_not_answer_is_one_finding(tmp_path: Path) -> None:
    settings = Settings(state_dir=str(tmp_path))
    (finding,) = examine_cloud(settings)
    assert finding.is_bad and finding.mend.startswith("pilvi up")


def test_certificates_that_end_soon_or_are_missing(tmp_path: Path) -> None:
    settings = Settings(state_dir=str(tmp_path), listen_host="192.0.2.1")
    moment = datetime.datetime.now(datetime.UTC)
    assert all(one.is_bad for one in examine_certificates(settings, moment))
    ensure_certificates(settings.api_dir / "tls", tmp_path / "ca.pem", settings.listen_host)
    assert all(one.is_well for one in examine_certificates(settings, moment))
    later = moment + datetime.timedelta(days=360)
    authority, api = examine_certificates(settings, later)
    assert authority.is_well and api.is_bad and "made anew" in api.mend
    assert list(examine_certificates(Settings(state_dir=str(tmp_path)), moment)) == []


def test_clocks_that_differ() -> None:
    same = httpx.Response(200, headers={"date": "Sun, 29 Nov 2026 12:00:01 GMT"})
    assert compare_clocks(same, NOW).is_well
    late = httpx.Response(200, headers={"date": "Sun, 29 Nov 2026 11:59:00 GMT"})
    assert "differ by 60 s" in compare_clocks(late, NOW).what and compare_clocks(late, NOW).is_bad


def test_hosts_that_are_down_or_closed() -> None:
    service = {"binary": "nova-compute", "host": "h", "updated_at": None, "state": "down"}
    found = list(list_hosts([{**service, "status": "disabled"}]))
    assert [one.is_bad for one in found] == [False, True, False]
    assert "pilvi up" in found[1].mend and "--enable h" in found[2].mend
    (none,) = list_hosts([])
    assert none.is_bad


def test_a_network_that_does_not_fit_through_the_way_out() -> None:
    public = {"id": "7", "name": "public", "mtu": 1500}
    (finding,) = compare_mtu(Settings(), ("eth0", 1450), [public])
    assert not finding.is_well and finding.mend == "openstack network set --mtu 1450 7"
    assert list(compare_mtu(Settings(), None, [public])) == []
    assert list(compare_mtu(Settings(external_nat=False), ("eth0", 1450), [public])) == []


def test_many_failures_are_counted() -> None:
    words = count_failed("volume", [{"id": str(number)} for number in range(5)]).what
    assert words == "5 in ERROR: volume 0, 1, 2 and 2 more"
