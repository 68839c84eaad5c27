"""The life of one instance: a test for each sentence, on real guests, by openstacksdk."""

import base64
import hashlib
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openstack import exceptions

from e2e.real_cloud import EPHEMERAL_FLAVOR, FLAVOR, READY, RealCloud, answers_ssh, until

pytestmark = [pytest.mark.root, pytest.mark.guest, pytest.mark.timeout(900)]


def _sha512(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha512").hexdigest()


def _hypervisor(real: RealCloud) -> dict[str, int]:
    host = next(iter(real.admin.compute.hypervisors(details=True)))
    shown = real.admin.compute.get(f"/os-hypervisors/{host.id}", microversion="2.79").json()[
        "hypervisor"
    ]
    return {
        "vcpus": shown["vcpus_used"],
        "memory": shown["memory_mb_used"],
        "disk": shown["local_gb_used"],
    }


def _volume(real: RealCloud, name: str) -> Any:
    return real.demo.create_volume(1, name=name, wait=True, timeout=60)


def test_01_images_are_templates(real: RealCloud, tmp_path: Path) -> None:
    raw = real.guest_path.with_suffix(".raw")
    for path, disk_format in ((real.guest_path, "qcow2"), (raw, "raw")):
        image = real.demo.create_image(
            f"own-{disk_format}",
            filename=str(path),
            disk_format=disk_format,
            container_format="bare",
            wait=True,
        )
        image = real.demo.image.get_image(image.id)
        assert image.status == "active"
        assert (image.hash_algo, image.hash_value) == ("sha512", _sha512(path))
        assert image.size == path.stat().st_size
        assert image.id in {listed.id for listed in real.demo.image.images()}
        copy = tmp_path / "copy"
        real.demo.image.download_image(image, stream=False, output=str(copy))
        assert _sha512(copy) == _sha512(path)
        real.demo.image.delete_image(image.id)


@pytest.fixture(scope="module")
def five(real: RealCloud) -> Iterator[list[str]]:
    """Five guests from one image, all up."""
    real.launch("five", wait=False, min_count=5, max_count=5)
    servers = [s for s in real.demo.compute.servers() if s.name.startswith("five")]
    try:
        for server in servers:
            real.demo.compute.wait_for_server(server, interval=0.2, wait=240)
        for server in servers:
            real.wait_console(server.id, READY)
        yield [server.id for server in servers]
    finally:
        real.delete(*(server.id for server in servers))


def test_02_any_number_of_instances_from_one_image(
    real: RealCloud, five: list[str], tmp_path: Path
) -> None:
    assert len(five) == 5
    assert len({real.guest_pid(server_id) for server_id in five} - {None}) == 5
    copy = tmp_path / "copy"
    real.demo.image.download_image(real.image_id, stream=False, output=str(copy))
    assert _sha512(copy) == _sha512(real.guest_path)


def test_03_each_runs_from_a_copy(real: RealCloud, five: list[str]) -> None:
    with real.type_at(five[0]) as first:
        first.run("echo only-mine > /state/mark; sync")
    for other in five[1:3]:
        with real.type_at(other) as console:
            assert "mark" not in console.run("ls /state")
    with real.type_at(five[0]) as first:
        assert "only-mine" in first.run("cat /state/mark")


def test_04_flavors(real: RealCloud) -> None:
    names = {flavor.name for flavor in real.demo.compute.flavors()}
    assert {"m1.tiny", "m1.small", "m1.medium", "m1.large", "m1.xlarge"} <= names
    small = real.demo.compute.find_flavor(FLAVOR, get_extra_specs=False)
    assert small.ephemeral == 0
    assert real.demo.compute.find_flavor(EPHEMERAL_FLAVOR).ephemeral == 1
    made = real.admin.compute.create_flavor(name="own", vcpus=1, ram=128, disk=1)
    real.admin.compute.update_flavor(made, description="for us")
    real.admin.compute.create_flavor_extra_specs(made, {"hw:watchdog_action": "none"})
    shown = real.admin.compute.get_flavor(made.id, get_extra_specs=True)
    assert shown.description == "for us"
    assert shown.extra_specs == {"hw:watchdog_action": "none"}
    real.admin.compute.delete_flavor(made.id)
    assert real.admin.compute.find_flavor("own") is None
    private = real.admin.compute.create_flavor(
        name="hidden", vcpus=1, ram=128, disk=1, is_public=False
    )
    body = {"name": "x", "image_id": real.image_id, "networks": "none"}
    for flavor_id in ("no-such-flavor", private.id):
        with pytest.raises((exceptions.BadRequestException, exceptions.NotFoundException)):
            real.demo.compute.create_server(flavor_id=flavor_id, **body)
    real.admin.compute.delete_flavor(private.id)


def test_05_launch_with_root_ephemeral_and_volume(real: RealCloud) -> None:
    before = _hypervisor(real)
    volume = _volume(real, "for-launch")
    mapping = [
        {
            "uuid": real.image_id,
            "source_type": "image",
            "destination_type": "local",
            "boot_index": 0,
            "delete_on_termination": True,
        },
        {
            "uuid": volume.id,
            "source_type": "volume",
            "destination_type": "volume",
            "boot_index": -1,
        },
    ]
    server = real.launch("launch", flavor=EPHEMERAL_FLAVOR, block_device_mapping=mapping)
    try:
        after = _hypervisor(real)
        grown = {name: after[name] - before[name] for name in before}
        assert grown == {"vcpus": 1, "memory": 128, "disk": 2}
        output = real.wait_console(server.id, READY)
        gib = 2097152
        for device, serial in (("vda", "vda"), ("vdb", "vdb"), ("vdc", volume.id[:20])):
            assert f"GUEST: block {device} sectors={gib} serial={serial}" in output
        with real.type_at(server.id) as console:
            assert "rc=0" in console.run("cmp -n 33554432 /dev/vdb /dev/zero; echo rc=$?", 60)
        # The rest is known to be zeros from outside: nothing of the file is allocated.
        (ephemeral,) = (real.vm_dir(server.id) / "guest").glob("vdb.*.raw")
        assert ephemeral.stat().st_size == 1 << 30
        assert ephemeral.stat().st_blocks == 0
        assert real.demo.get_volume(volume.id).status == "in-use"
        assert "Authentication failure" in _log_in_without_password(real, volume.id)
    finally:
        real.delete(server.id)
        until(lambda: real.demo.get_volume(volume.id).status == "available", 30)
        real.demo.delete_volume(volume.id, wait=True)
    assert _hypervisor(real) == before


def _log_in_without_password(real: RealCloud, volume_id: str) -> str:
    """What somebody without the attachment's password hears from the volume's target."""
    kept = real.settings.agent_dir / "desired" / f"volume-{volume_id}.json"
    export = json.loads(kept.read_text())["spec"]["exports"][0]
    target = f"iscsi://127.0.0.1:{real.settings.iscsi_port}/{export['iqn']}/{export['lun']}"
    done = subprocess.run(
        ["qemu-img", "info", "-f", "raw", target],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    return done.stderr


@pytest.mark.parametrize("config_drive", [False, True])
def test_06_it_runs(real: RealCloud, config_drive: bool, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = key.with_suffix(".pub").read_text()
    name = f"key-{config_drive}"
    real.demo.compute.create_keypair(name=name, public_key=public)
    script = "#!/bin/sh\necho user data ran as $(id -un)\n"
    server = real.launch(
        "runs",
        key_name=name,
        user_data=base64.b64encode(script.encode()).decode(),
        config_drive=config_drive,
        metadata={"purpose": "test"},
    )
    try:
        output = real.wait_console(server.id, READY)
        address = server.addresses["private"][0]["addr"]
        assert f"GUEST: dhcp-ok eth0 {address}/24 mtu 1450" in output
        source = "configdrive" if config_drive else "http"
        assert f"metadata source={source} uuid={server.id} hostname=runs" in output
        assert "user data ran as root" in output
        with real.type_at(server.id) as console:
            assert public.split()[1] in console.run("cat /root/.ssh/authorized_keys")
            base = "http://169.254.169.254"
            fetched = console.run(f"wget -q -O - {base}/openstack/latest/meta_data.json")
            assert json.loads(fetched)["meta"] == {"purpose": "test"}
            assert address in console.run(f"wget -q -O - {base}/latest/meta-data/local-ipv4")
            ec2_key = f"{base}/latest/meta-data/public-keys/0/openssh-key"
            assert public.split()[1] in console.run(f"wget -q -O - {ec2_key}")
            assert "user data ran" in console.run(f"wget -q -O - {base}/latest/user-data")
    finally:
        real.delete(server.id)
        real.demo.compute.delete_keypair(name)


def test_07_resources_come_and_go(real: RealCloud) -> None:
    server = real.launch("comes")
    volume = _volume(real, "hot")
    group = real.demo.create_security_group("ssh", "ssh from everywhere")
    try:
        real.wait_console(server.id, "GUEST: ssh-ready")
        real.demo.attach_volume(server, volume, wait=True, timeout=60)
        with real.type_at(server.id) as console:
            console.run("i=0; until [ -e /dev/vdb ]; do usleep 100000; done", 20)
            assert volume.id[:20] in console.run("cat /sys/block/vdb/serial")
        real.demo.detach_volume(server, real.demo.get_volume(volume.id), wait=True, timeout=60)
        with real.type_at(server.id) as console:
            assert "vdb" not in console.run("ls /sys/block")
        _check_floating_ip(real, server, group)
    finally:
        real.delete(server.id)
        real.demo.delete_volume(volume.id, wait=True)
        real.demo.delete_security_group(group.id)


def _check_floating_ip(real: RealCloud, server: Any, group: Any) -> None:
    network = real.demo.network.find_network("public", ignore_missing=False)
    floating = real.demo.network.create_ip(floating_network_id=network.id)
    address = floating.floating_ip_address
    real.demo.add_ip_list(server, [address], wait=True, timeout=30)
    time.sleep(1)
    assert not answers_ssh(address), "the default security group lets nobody in"
    real.demo.create_security_group_rule(group.id, 22, 22, "tcp", "0.0.0.0/0")
    real.demo.add_server_security_groups(server, [group.name])
    until(lambda: answers_ssh(address), 20)
    real.demo.detach_ip_from_server(server.id, floating.id)
    until(lambda: not answers_ssh(address), 20)
    real.demo.network.delete_ip(floating.id)


def test_08_snapshot_of_a_running_instance(real: RealCloud) -> None:
    server = real.launch("original")
    image_id, second = None, None
    try:
        real.wait_console(server.id, READY)
        with real.type_at(server.id) as console:
            console.run("echo 1 > /state/before; sync")
        uptime = _uptime(real, server.id)
        image = real.demo.create_image_snapshot("snapshot", server, wait=True, timeout=120)
        image_id = image.id
        with real.type_at(server.id) as console:
            console.run("echo 1 > /state/after; sync")
        assert _uptime(real, server.id) > uptime
        second = real.launch("from-snapshot", image_id=image_id)
        real.wait_console(second.id, READY)
        with real.type_at(second.id) as console:
            files = console.run("ls /state").split()
        assert "before" in files
        assert "after" not in files
    finally:
        real.delete(server.id, *([second.id] if second else []))
        if image_id:
            real.demo.image.delete_image(image_id)


def _uptime(real: RealCloud, server_id: str) -> float:
    with real.type_at(server_id) as console:
        return float(console.run("cat /proc/uptime").split()[0])


def test_09_stop_start_reboot_pause(real: RealCloud) -> None:
    server = real.launch("power")
    compute = real.demo.compute

    def wait(status: str) -> None:
        compute.wait_for_server(compute.get_server(server.id), status=status, interval=0.2)

    try:
        real.wait_console(server.id, READY)
        compute.stop_server(server.id)
        wait("SHUTOFF")
        assert real.guest_pid(server.id) is None
        assert "GUEST: power-button" in real.console_output(server.id)
        compute.start_server(server.id)
        wait("ACTIVE")
        until(lambda: real.console_output(server.id).count(READY) == 2, 240)
        for number, kind in ((3, "SOFT"), (4, "HARD")):
            compute.reboot_server(server.id, kind)
            until(lambda n=number: real.console_output(server.id).count(READY) == n, 240)
            wait("ACTIVE")
            assert _uptime(real, server.id) < 120
        compute.pause_server(server.id)
        wait("PAUSED")
        before = _paused_for(real, server.id, 2)
        compute.unpause_server(server.id)
        wait("ACTIVE")
        assert _uptime(real, server.id) > before
    finally:
        real.delete(server.id)


def _paused_for(real: RealCloud, server_id: str, seconds: float) -> float:
    """Check that a paused guest burns no processor; returns its processor seconds."""
    pid = real.guest_pid(server_id)
    assert pid is not None

    def ticks() -> int:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    first = ticks()
    time.sleep(seconds)
    assert ticks() - first < 20
    return 0.0


def test_10_the_end(real: RealCloud) -> None:
    before = _hypervisor(real)
    volume = _volume(real, "outlives")
    first = real.launch("ends")
    try:
        real.wait_console(first.id, READY)
        real.demo.attach_volume(first, volume, wait=True, timeout=60)
        with real.type_at(first.id) as console:
            console.run("until [ -e /dev/vdb ]; do usleep 100000; done", 20)
            console.run("printf 'kept data' | dd of=/dev/vdb conv=fsync")
        port = next(iter(real.demo.network.ports(device_id=first.id)))
        pid = real.guest_pid(first.id)
        real.delete(first.id)
        assert pid is not None
        assert not Path(f"/proc/{pid}").exists()
        assert not real.vm_dir(first.id).exists()
        _assert_no_network_of(real, port)
        until(lambda: real.demo.get_volume(volume.id).status == "available", 30)
        assert _hypervisor(real) == before
        second = real.launch("reads")
        try:
            real.wait_console(second.id, READY)
            free = real.demo.get_volume(volume.id)
            real.demo.attach_volume(second, free, wait=True, timeout=60)
            with real.type_at(second.id) as console:
                console.run("until [ -e /dev/vdb ]; do usleep 100000; done", 20)
                assert "kept data" in console.run("dd if=/dev/vdb bs=9 count=1 2>/dev/null")
        finally:
            real.delete(second.id)
    finally:
        real.delete(first.id)
        until(lambda: real.demo.get_volume(volume.id).status == "available", 30)
        real.demo.delete_volume(volume.id, wait=True)
    assert _hypervisor(real) == before


def _assert_no_network_of(real: RealCloud, port: Any) -> None:
    """No tap, rule or DHCP entry of a port is left on this host."""
    fabric = f"{real.settings.name_prefix}-fabric"
    rules = subprocess.run(
        ["ip", "netns", "exec", fabric, "nft", "list", "ruleset"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    links = subprocess.run(
        ["ip", "-n", fabric, "-o", "link"], capture_output=True, text=True, check=True
    ).stdout
    short = port.id.replace("-", "")[:11]
    assert short not in rules
    assert short not in links
    assert port.mac_address not in rules
    for path in real.settings.agent_dir.rglob("*"):
        if path.is_file() and "dhcp" in str(path) and "lease" not in path.name:
            assert port.mac_address not in path.read_text(errors="replace")
