"""The image of `bin/build-guest` boots under plain QEMU, without any of Pilvi.

One guest is booted for the whole file; the tests go through its life in order and the last one
switches it off.
"""

import io
import json
import re
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pycdlib
import pytest

from host.console import SerialConsole

# A first build downloads packages, which takes longer than the suite's usual limit.
pytestmark = [pytest.mark.guest, pytest.mark.timeout(600)]

BUILD_GUEST = Path(__file__).parents[2] / "bin" / "build-guest"
INSTANCE = "5b9e7a52-7c4b-4f0c-9d61-0f6c1f4f7a10"
KEYS = {
    "first": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAnwnJ1r3JZ/Gu9GSsT+Yx8J4m3V1a8bQ7s9 me@here\n",
    'with "quotes"': "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY= b\n",
}
METADATA = {
    "uuid": INSTANCE,
    "hostname": "tiny.example.org",
    "meta": {"note": "ssh-rsa AAAAB3NzaC1yc2E= this is no key"},
    "public_keys": KEYS,
}
USER_DATA = "#!/bin/sh\necho user data ran as $(whoami)\nexit 3\n"


class JsonSocket:
    """One of QEMU's sockets with a JSON reply per line: QMP, or its guest agent's."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("r")

    def execute(self, command: str, **arguments: object) -> object:
        """What the command returns; greetings and events before its reply are skipped."""
        request = {"execute": command, "arguments": arguments}
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        for line in self._lines:
            reply = json.loads(line)
            assert "error" not in reply, reply
            if "return" in reply:
                return reply["return"]
        raise AssertionError(f"no reply to {command}")

    def close(self) -> None:
        """Leaves the socket to the next client."""
        self._lines.close()
        self._socket.close()


@dataclass
class Guest:
    """A running guest: its process, its console, QMP, and what it printed until READY."""

    process: subprocess.Popen[bytes]
    console: SerialConsole
    qmp: JsonSocket
    folder: Path
    boot_output: str


def make_config_drive(path: Path) -> None:
    """An ISO 9660 image labelled config-2 with OpenStack metadata and user data."""
    iso = pycdlib.PyCdlib()
    iso.new(vol_ident="config-2", interchange_level=3, rock_ridge="1.09", joliet=3)
    for folder in ("openstack", "openstack/latest"):
        iso.add_directory(
            f"/{folder.upper()}", rr_name=folder.rpartition("/")[2], joliet_path=f"/{folder}"
        )
    files = {"meta_data.json": json.dumps(METADATA), "user_data": USER_DATA}
    for number, (name, text) in enumerate(files.items()):
        iso.add_fp(
            io.BytesIO(text.encode()),
            len(text),
            f"/OPENSTACK/LATEST/FILE{number}.;1",
            rr_name=name,
            joliet_path=f"/openstack/latest/{name}",
        )
    iso.write(str(path))
    iso.close()


def qemu_command(folder: Path) -> list[str]:
    """QEMU with three disks, a network without a metadata service, and a guest agent's port."""
    arguments = ["qemu-system-x86_64", "-M", "pc", "-cpu", "qemu64,+rdrand", "-m", "128"]
    arguments += ["-accel", "tcg,tb-size=64", "-nodefaults", "-no-user-config", "-display", "none"]
    for name, format_, read_only in (
        ("overlay", "qcow2", "off"),
        ("blank", "raw", "off"),
        ("config", "raw", "on"),
    ):
        arguments += ["-drive", f"if=none,id={name},file={folder / name},format={format_}"]
        arguments[-1] += f",read-only={read_only}"
        arguments += ["-device", f"virtio-blk-pci,drive={name},serial={name}-1"]
    for name, options in (("serial", ",logfile=serial.log"), ("qmp", ""), ("agent", "")):
        arguments += ["-chardev", f"socket,id={name},path={name}.socket,server=on,wait=off"]
        arguments[-1] += options
    arguments += ["-serial", "chardev:serial", "-mon", "chardev=qmp,mode=control"]
    arguments += ["-device", "virtio-serial-pci"]
    arguments += ["-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"]
    arguments += ["-netdev", "user,id=net,restrict=on"]
    return [*arguments, "-device", "virtio-net-pci,netdev=net,romfile="]


@pytest.fixture(scope="module")
def image() -> Path:
    """The path of guest.qcow2, built if it is not cached."""
    build = subprocess.run([BUILD_GUEST], stdout=subprocess.PIPE, text=True, check=True)
    return Path(build.stdout.strip())


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a short path: the name of a unix socket has at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="pilvi-guest-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def guest(image: Path, folder: Path) -> Iterator[Guest]:
    """The guest, booted to READY; ended in any case."""
    create = ["qemu-img", "create", "-q", "-f"]
    backing = ["-b", str(image), "-F", "qcow2"]
    subprocess.run([*create, "qcow2", *backing, folder / "overlay", "1G"], check=True)
    subprocess.run([*create, "raw", folder / "blank", "8M"], check=True)
    make_config_drive(folder / "config")
    process = subprocess.Popen(qemu_command(folder), cwd=folder, start_new_session=True)
    console = SerialConsole(folder / "serial.socket")
    try:
        boot_output = console.wait("GUEST: READY\n")
        qmp = JsonSocket(folder / "qmp.socket")
        qmp.execute("qmp_capabilities")
        yield Guest(process, console, qmp, folder, boot_output)
        qmp.close()
    finally:
        console.close()
        process.kill()
        process.wait()


def test_both_formats_hold_the_same_disk(image: Path) -> None:
    """guest.raw lies beside guest.qcow2."""
    raw = image.with_name("guest.raw")
    compare = ["qemu-img", "compare", "-q", "-f", "qcow2", "-F", "raw"]
    subprocess.run([*compare, image, raw], check=True)


def test_second_build_is_cached(image: Path) -> None:
    """With unchanged inputs the path is printed and nothing is said."""
    command = [BUILD_GUEST]
    build = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    assert (build.stdout, build.stderr) == (f"{image}\n", "")


@pytest.mark.parametrize(
    "line",
    [
        r"dhcp-ok eth0 10\.0\.2\.15/24 mtu 1500",
        r"block vda sectors=2097152 serial=overlay-1",
        r"block vdb sectors=16384 serial=blank-1",
        r"block vdc sectors=\d+ serial=config-1",
        r"state mounted",
        rf"metadata source=configdrive uuid={INSTANCE} hostname=tiny",
        r"pubkey 2",
        r"qemu-ga",
        r"userdata rc=3",
    ],
)
def test_boot_reports(guest: Guest, line: str) -> None:
    """Each finding is a line of its own, before READY."""
    assert re.search(rf"^GUEST: {line}$", guest.boot_output, re.MULTILINE), guest.boot_output


def test_user_data_prints_to_the_console(guest: Guest) -> None:
    assert "\nuser data ran as root\n" in guest.boot_output


def test_ssh_comes_up_with_the_keys_of_the_metadata(guest: Guest) -> None:
    guest.console.wait("GUEST: ssh-ready\n")
    authorized = guest.console.run("cat /root/.ssh/authorized_keys").splitlines()
    assert sorted(authorized) == sorted(key.strip() for key in KEYS.values())
    assert guest.console.run("nc 127.0.0.1 22 </dev/null | head -c 7") == "SSH-2.0"


def test_shell_runs_commands(guest: Guest) -> None:
    """Output and exit status come back; a failure is an error unless the test expects it."""
    assert guest.console.run("whoami; printf 'no line end'") == "root\nno line end"
    assert guest.console.run_for_status("echo out; exit_with() { return 7; }; exit_with") == (
        7,
        "out",
    )
    assert guest.console.run("false", check=False) == ""
    with pytest.raises(AssertionError, match="status 1"):
        guest.console.run("false")


def test_tools_for_tests_are_there(guest: Guest) -> None:
    tools = "mke2fs mkfs.ext2 dd wget nc ping ip cmp sha256sum od mount umount modprobe dhcp"
    guest.console.run(
        f"for tool in {tools}; do which $tool || exit_status=1; done; [ -z $exit_status ]"
    )
    guest.console.run("mkfs.ext2 /dev/vdb && mount -t ext4 /dev/vdb /mnt && umount /mnt")


def test_guest_agent_answers(guest: Guest) -> None:
    agent = JsonSocket(guest.folder / "agent.socket")
    assert agent.execute("guest-ping") == {}
    assert agent.execute("guest-fsfreeze-freeze") == 1
    assert agent.execute("guest-fsfreeze-thaw") == 1
    agent.close()


def test_plugged_disk_and_interface_appear(guest: Guest) -> None:
    """Both come while the guest runs, and the disk can be taken away again."""
    guest.qmp.execute("blockdev-add", driver="null-co", size=1 << 20, **{"node-name": "plug"})
    guest.qmp.execute("device_add", driver="virtio-blk-pci", id="plug", drive="plug", serial="plug")
    guest.qmp.execute("netdev_add", type="user", id="net2", restrict=True, net="10.9.0.0/24")
    guest.qmp.execute("device_add", driver="virtio-net-pci", id="nic2", netdev="net2", romfile="")
    appear = "for i in $(seq 50); do [ -e {0} ] && break; usleep 100000; done; [ -e {0} ]"
    guest.console.run(appear.format("/sys/block/vdd"))
    assert guest.console.run("cat /sys/block/vdd/size /sys/block/vdd/serial") == "2048\nplug"
    guest.console.run(appear.format("/sys/class/net/eth1") + " && dhcp eth1")
    assert "GUEST: dhcp-ok eth1 10.9.0.15/24" in guest.console.wait("dhcp-ok eth1 .*\n")
    guest.qmp.execute("device_del", id="plug")
    guest.console.run("for i in $(seq 50); do [ -e /sys/block/vdd ] || break; usleep 100000; done")
    guest.console.run("[ ! -e /sys/block/vdd ]")


def test_state_survives_a_reboot(guest: Guest) -> None:
    """The partition mounted at /state keeps its files, the rest of the system is new."""
    guest.console.run("echo kept >/state/marker; echo gone >/root/marker; reboot")
    guest.console.wait("GUEST: READY\n")
    assert guest.console.run("cat /state/marker") == "kept"
    guest.console.run("[ ! -e /root/marker ]")


def test_power_button_switches_off(guest: Guest) -> None:
    guest.qmp.execute("system_powerdown")
    guest.console.wait("GUEST: power-button\n")
    assert guest.process.wait(timeout=20) == 0
