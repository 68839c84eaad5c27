"""What doctor finds on a host."""

import socket
from pathlib import Path

import pytest

from pilvi.commands import host_checks
from pilvi.commands.host_checks import (
    examine_clock,
    examine_disks,
    examine_host,
    examine_memory,
    read_default_mtu,
)
from pilvi.settings import Settings


def test_every_finding_that_is_not_well_has_a_mend(tmp_path: Path) -> None:
    settings = Settings(state_dir=str(tmp_path / "nowhere"))
    found = list(examine_host(settings))
    words = " ".join(one.what for one in found)
    for topic in ("qemu", "tun", "disk space", "room for files", "memory", "port", "clock", "KVM"):
        assert topic in words, topic
    assert [one for one in found if not one.is_well and not one.mend] == []


def test_a_full_disk_is_told_once_for_each_filesystem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(state_dir=str(tmp_path))
    space, *_ = examine_disks(settings)
    assert str(tmp_path) in space.what
    assert len([one for one in examine_disks(settings) if "space" in one.what]) == 1
    monkeypatch.setattr(host_checks, "DISK_FREE_GIB_MIN", 1 << 20)
    full, *_ = examine_disks(settings)
    assert full.is_bad and "make room" in full.mend


def test_little_memory_is_no_need(tmp_path: Path) -> None:
    info = tmp_path / "meminfo"
    info.write_text("MemTotal: 4096000 kB\nMemAvailable: 409600 kB\n")
    low = examine_memory(Settings(), info)
    assert not low.is_well and not low.is_bad and "400 MiB" in low.what
    info.write_text("MemTotal: 4096000 kB\nMemAvailable: 4096000 kB\n")
    assert examine_memory(Settings(), info).is_well


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = Settings(state_dir=str(tmp_path), listen_port=port)
        (finding,) = [one for one in examine_host(settings) if f"port {port} " in one.what]
    assert finding.is_bad and "--port" in finding.mend


def test_the_clock_is_looked_at() -> None:
    finding = examine_clock()
    assert finding.is_well == ("kept right" in finding.what)
    assert not finding.is_bad


def test_the_way_out_is_the_default_routes_interface(tmp_path: Path) -> None:
    routes, links = tmp_path / "route", tmp_path / "net"
    (links / "eth7").mkdir(parents=True)
    (links / "eth7" / "mtu").write_text("1450\n")
    head = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
    inner = "eth7 0000A8C0 00000000 0001 0 0 0 00FFFFFF 0 0 0\n"
    outer = "eth7 00000000 0100A8C0 0003 0 0 0 00000000 0 0 0\n"
    routes.write_text(head + inner)
    assert read_default_mtu(routes, links) is None
    routes.write_text(head + inner + outer)
    assert read_default_mtu(routes, links) == ("eth7", 1450)
