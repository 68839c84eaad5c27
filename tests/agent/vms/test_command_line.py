import msgspec

from pilvi.agent.vms.command_line import Accelerator, command, disk_node
from pilvi.host_api.vms import Disk, DiskKind
from vm_world import make_disks, make_image, make_nic, make_spec, make_volume

TCG = Accelerator("tcg")
SPEC = make_spec(
    config_drive=True,
    volumes=[make_volume(username="chap-account")],
    nics=[make_nic()],
    memory_mib=96,
)


def options(line: list[str], name: str) -> list[str]:
    """Every value that follows an option."""
    return [value for option, value in zip(line, line[1:], strict=False) if option == name]


def test_no_secret_is_on_the_command_line() -> None:
    line = " ".join(command(SPEC, 4711, TCG))
    for volume in SPEC.volumes:
        assert volume.password not in line
        assert volume.username not in line


def test_the_process_is_confined() -> None:
    line = command(SPEC, 4711, TCG)
    assert line[0] == "setpriv"
    assert {"--reuid=4711", "--regid=4711", "--clear-groups", "--no-new-privs"} <= set(line)
    (sandbox,) = options(line, "-sandbox")
    assert sandbox.startswith("on,")
    assert "spawn=deny" in sandbox
    assert {"-nodefaults", "-no-user-config", "-S", "-no-shutdown"} <= set(line)
    assert "-daemonize" not in line


def test_every_pci_device_has_a_slot_of_its_own() -> None:
    devices = options(command(SPEC, 4711, TCG), "-device")
    slots = [device.split("addr=")[1].split(",")[0] for device in devices if "addr=" in device]
    assert len(slots) == len(set(slots))
    without = [device for device in devices if "addr=" not in device]
    assert [device.split(",")[0] for device in without] == ["virtserialport"]


def test_consoles_are_local_sockets_only() -> None:
    line = command(SPEC, 4711, TCG)
    assert options(line, "-vnc") == ["unix:vnc.sock"]
    for channel in options(line, "-chardev"):
        assert ",path=" in channel
        assert "/" not in channel
        assert "host=" not in channel
    (log,) = [channel for channel in options(line, "-chardev") if "logfile" in channel]
    assert "logappend=on" in log


def test_every_format_and_file_of_a_disk_is_named() -> None:
    vda, vdb = make_disks(make_image(disk_format="qcow2"))
    node = disk_node(vda, 3)
    assert (node["driver"], node["file"]["filename"]) == ("qcow2", "vda.3.qcow2")
    assert node["backing"]["driver"] == "qcow2"
    assert node["backing"]["read-only"] is True
    assert node["backing"]["backing"] is None
    assert disk_node(vdb, 3)["driver"] == "raw"
    swap = Disk(device="swap", kind=DiskKind.SWAP, size_bytes=1 << 20)
    assert disk_node(swap, 3)["file"] == {"driver": "file", "filename": "swap.3.raw"}
    raw = disk_node(make_disks(make_image(disk_format="raw"))[0], 3)
    assert raw["backing"]["driver"] == "raw"
    assert "backing" not in raw["backing"]


def test_kvm_uses_the_processor_as_it_is_and_its_group() -> None:
    line = command(SPEC, 4711, Accelerator("kvm", 104))
    assert options(line, "-accel") == ["kvm"]
    assert options(line, "-cpu") == ["host"]
    assert "--groups=104" in line
    assert options(command(SPEC, 4711, TCG), "-cpu") == ["qemu64,+rdrand"]


def test_the_flavor_is_what_the_guest_gets() -> None:
    line = command(msgspec.structs.replace(SPEC, vcpus=3), 4711, TCG)
    assert options(line, "-smp") == ["3"]
    assert options(line, "-m") == ["96M"]
