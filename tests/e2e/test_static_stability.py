"""With no control plane, guests keep what they have, and a rebooted host brings them back."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from e2e.real_cloud import READY, RealCloud, answers_ssh, real_cloud, until
from pilvi.agent.ports.linux.purge import purge as wipe_network
from pilvi.agent.vms.boot import read_boot
from pilvi.commands.pid_files import start_time
from pilvi.commands.processes import find_process

pytestmark = [pytest.mark.root, pytest.mark.guest, pytest.mark.timeout(900)]

METADATA = "http://169.254.169.254/openstack/latest/meta_data.json"
BOOT_S = 240.0


@dataclass
class Site:
    """A cloud with one server that has a volume, a floating IP and an open SSH port."""

    cloud: RealCloud
    server: Any
    volume: Any
    address: str
    """The floating IP."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The server, up, with a file system on its volume."""
    with real_cloud() as cloud:
        volume = cloud.demo.create_volume(1, name="kept", wait=True, timeout=60)
        group = cloud.demo.create_security_group("ssh", "ssh from everywhere")
        cloud.demo.create_security_group_rule(group.id, 22, 22, "tcp", "0.0.0.0/0")
        server = cloud.launch("steady", security_groups=[{"name": "ssh"}])
        cloud.demo.attach_volume(server, volume, wait=True, timeout=60)
        network = cloud.demo.network.find_network("public", ignore_missing=False)
        floating = cloud.demo.network.create_ip(floating_network_id=network.id)
        address = floating.floating_ip_address
        cloud.demo.add_ip_list(server, [address], wait=True, timeout=30)
        cloud.wait_console(server.id, "GUEST: ssh-ready")
        until(lambda: answers_ssh(address), 30)
        with cloud.type_at(server.id) as console:
            console.run("i=0; until [ -e /dev/vdb ]; do usleep 100000; done", 20)
            console.run("mkfs.ext2 /dev/vdb && mkdir -p /mnt && mount /dev/vdb /mnt", 60)
            console.run("echo written > /mnt/before && sync")
        yield Site(cloud, server, volume, address)


def test_guests_keep_everything_without_a_control_plane(site: Site) -> None:
    cloud, server = site.cloud, site.server
    for name in ("api", "agent"):
        cloud.kill(name)
    pid = cloud.guest_pid(server.id)
    with cloud.type_at(server.id) as console:
        assert server.id in console.run(f"timeout 10 wget -q -O - {METADATA}")
        assert "obtained" in console.run(
            "udhcpc -i eth0 -n -q -f -s /bin/true 2>&1 | grep -i obtained", 60
        )
        console.run("echo alone > /mnt/alone && sync && echo 3 > /proc/sys/vm/drop_caches")
        assert console.run("cat /mnt/before /mnt/alone").split() == ["written", "alone"]
        console.run("(while :; do echo SSH-no | nc -l -p 2222; done) >/dev/null 2>&1 &")
    assert answers_ssh(site.address), "the floating IP and the open port go on"
    assert not answers_ssh(site.address, 2222), "what is closed stays closed"
    assert cloud.guest_pid(server.id) == pid is not None


def test_a_rebooted_host_brings_its_guests_back_by_itself(site: Site) -> None:
    cloud, server = site.cloud, site.server
    lose_power(cloud)
    assert cloud.guest_pid(server.id) is None
    assert not answers_ssh(site.address)
    cloud.start("agent")
    until(lambda: READY in read_boot(cloud.settings, server.id), BOOT_S)
    until(lambda: answers_ssh(site.address), 30)
    assert find_process(cloud.settings, "api") is None
    with cloud.type_at(server.id) as console:
        assert server.id in console.run(f"timeout 10 wget -q -O - {METADATA}")
        console.run("i=0; until [ -e /dev/vdb ]; do usleep 100000; done", 20)
        console.run("mkdir -p /mnt && mount /dev/vdb /mnt")
        assert console.run("cat /mnt/before /mnt/alone").split() == ["written", "alone"]
        console.run("umount /mnt")


def test_a_control_plane_that_returns_finds_all_as_it_was(site: Site) -> None:
    cloud, server = site.cloud, site.server
    pid = cloud.guest_pid(server.id)
    for name in ("api", "agent"):
        cloud.start(name)
    until(lambda: _status(cloud, server.id) == "ACTIVE", 30)
    assert cloud.demo.get_volume(site.volume.id).status == "in-use"
    assert cloud.guest_pid(server.id) == pid is not None
    cloud.delete(server.id)
    until(lambda: cloud.demo.get_volume(site.volume.id).status == "available", 30)


def _status(cloud: RealCloud, server_id: str) -> str:
    try:
        return str(cloud.demo.compute.get_server(server_id).status)
    except Exception:  # the API is still on its way up
        return ""


def lose_power(cloud: RealCloud) -> None:
    """End every process of a cloud at once and take its network away, as a power cut does."""
    ended = {pid: start_time(pid) for pid in find_processes(cloud)}
    for pid in ended:
        os.kill(pid, signal.SIGKILL)
    until(lambda: all(start_time(pid) != began for pid, began in ended.items()), 20)
    wipe_network(cloud.settings)


def find_processes(cloud: RealCloud) -> list[int]:
    """Every process of a cloud: by its uids, its working folder or its command line."""
    settings, found = cloud.settings, []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace")
            is_ours = settings.uid_base <= entry.stat().st_uid <= settings.uid_guest_last
            is_alive = start_time(int(entry.name)) is not None
            if is_alive and (is_ours or settings.state_dir in words):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
