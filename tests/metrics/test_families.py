"""The numbers of a picture."""

import datetime

from prometheus_client import generate_latest

from pilvi.core.reconcile import Progress, Tally
from pilvi.host_api.contract import GuestCounts
from pilvi.hosts.model.host import Host, HostId
from pilvi.metrics.families import CloudFamilies
from pilvi.metrics.picture import Guest, Picture
from pilvi.placement.model.inventory import Inventory, Usage

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def ago(seconds: float) -> datetime.datetime:
    return NOW - datetime.timedelta(seconds=seconds)


def host(name: str, seen_s: float, *, enabled: bool = True) -> Host:
    return Host(HostId(f"id-{name}"), name, NOW, 1, None, ago(seen_s), enabled, None)


def page(picture: Picture) -> set[str]:
    """Lines of the page that are samples."""
    text = generate_latest(CloudFamilies(picture)).decode()
    return {line for line in text.splitlines() if not line.startswith("#")}


def test_hosts_and_their_room() -> None:
    inventories = {"VCPU": Inventory("VCPU", 4, allocation_ratio=2.0)}
    usages = {"id-a": Usage(inventories, {"VCPU": 3})}
    found = page(Picture(at=NOW, hosts=[host("a", 1), host("b", 99, enabled=False)], usages=usages))
    assert 'pilvi_host_up{host="a"} 1.0' in found
    assert 'pilvi_host_up{host="b"} 0.0' in found
    assert 'pilvi_host_report_age_seconds{host="b"} 99.0' in found
    assert 'pilvi_host_enabled{host="b"} 0.0' in found
    assert 'pilvi_host_capacity{host="a",resource="vcpus"} 8.0' in found
    assert 'pilvi_host_claimed{host="a",resource="vcpus"} 3.0' in found
    assert not any("host_capacity" in line and 'host="b"' in line for line in found)


def test_what_is_in_error() -> None:
    found = page(Picture(at=NOW, failed={"server": 2, "volume": 0}))
    assert 'pilvi_failed_objects{kind="server"} 2.0' in found
    assert 'pilvi_failed_objects{kind="volume"} 0.0' in found


def test_guests() -> None:
    guests = [Guest("s1", "id-a", True, {"vda": 5}), Guest("s2", "id-a", False, {})]
    found = page(Picture(at=NOW, hosts=[host("a", 1)], guests=guests))
    assert 'pilvi_guests{host="a",power="running"} 1.0' in found
    assert 'pilvi_guests{host="a",power="other"} 1.0' in found
    assert 'pilvi_guest_disk_bytes{device="vda",host="a",server_id="s1"} 5.0' in found


def test_what_guests_use() -> None:
    counts = GuestCounts(
        server_id="s1", cpu_s=1.5, read_bytes=2, written_bytes=3, received_bytes=4, sent_bytes=5
    )
    older = GuestCounts(server_id="s1", cpu_s=1.0)
    silent = GuestCounts(server_id="s2", cpu_s=9.0)
    guests = [
        Guest("s1", "id-a", True, {}, "p1", counts),
        # It moves: the host that it leaves still tells of it.
        Guest("s1", "id-b", False, {}, "p1", older),
        Guest("s2", "id-a", True, {}, "p2", silent),
        Guest("s3", "id-a", False, {}, "p2"),
    ]
    found = {line for line in page(Picture(at=NOW, guests=guests)) if 'project_id="' in line}
    assert found == {
        'pilvi_guest_cpu_seconds_total{project_id="p1",server_id="s1"} 1.5',
        'pilvi_guest_cpu_seconds_total{project_id="p2",server_id="s2"} 9.0',
        'pilvi_guest_disk_read_bytes_total{project_id="p1",server_id="s1"} 2.0',
        'pilvi_guest_disk_written_bytes_total{project_id="p1",server_id="s1"} 3.0',
        'pilvi_guest_network_received_bytes_total{project_id="p1",server_id="s1"} 4.0',
        'pilvi_guest_network_sent_bytes_total{project_id="p1",server_id="s1"} 5.0',
    }


def test_lag_and_retries() -> None:
    unsettled = [
        Progress("server", "1", ago(7)),
        Progress("server", "2", ago(3), tries=2, last_error="private words"),
    ]
    tallies = {"server": Tally(9, 4, 1.5, 2.5), "port": Tally()}
    found = page(Picture(at=NOW, unsettled=unsettled, tallies=tallies))
    assert 'pilvi_unsettled_objects{kind="server"} 2.0' in found
    assert 'pilvi_unsettled_oldest_seconds{kind="server"} 7.0' in found
    assert 'pilvi_retrying_objects{kind="server"} 1.0' in found
    assert 'pilvi_unsettled_oldest_seconds{kind="port"} 0.0' in found
    assert 'pilvi_reconcile_attempts_total{kind="server"} 9.0' in found
    assert 'pilvi_reconcile_failures_total{kind="server"} 4.0' in found
    assert 'pilvi_reconcile_wait_seconds_total{kind="server"} 1.5' in found
    assert 'pilvi_reconcile_busy_seconds_total{kind="server"} 2.5' in found
    assert not any("private words" in line for line in found)
