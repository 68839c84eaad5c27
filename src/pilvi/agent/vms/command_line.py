"""The command that starts a guest's process. Pure.

It names local disks only. Volumes and network cards are given over QMP before the guest's first
instruction, so that starting and hot-plugging are one path and no secret is on a command line.
Every device has a PCI slot of its own, the same for the life of the vm.
"""

import json
from dataclasses import dataclass
from typing import Any

from pilvi.agent.disks.config_drive import digest
from pilvi.agent.disks.layers import list_layers
from pilvi.agent.vms import folder
from pilvi.host_api.vms import Disk, DiskKind, VmSpec

SLOT_VIDEO = 2
SLOT_SERIAL = 3
SLOT_RANDOM = 4
SLOT_DISKS = 5
"""Slot of the first disk, local or the volume that the guest boots from; three may follow it."""
SLOTS_PLUGS = range(9, 31)
"""Slots of volumes and network cards. The guest names its disks in this order."""
SLOT_CONFIG = 31

# Confinement keeps QEMU from all that -daemonize and -runas would need.
SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
# Translated code of a guest under TCG. Lower: busy guests translate again; higher: more memory.
TRANSLATION_MIB = 64


@dataclass(frozen=True, slots=True)
class Accelerator:
    """How guests are run here."""

    name: str
    """`kvm` or `tcg`."""
    group: int | None = None
    """Group that may open /dev/kvm, where only a group may."""


def command(
    spec: VmSpec, uid: int, accelerator: Accelerator, *, restores: bool = False
) -> list[str]:
    """The whole command, to be run inside the guest's folder. Pure.

    A process that `restores` waits for the state of a suspended guest before it is one.
    """
    return [
        *_confined(uid, accelerator),
        "qemu-system-x86_64",
        *("-name", f"guest={spec.server_id}"),
        *("-uuid", spec.server_id),
        # cloud-init looks for this product before it looks for metadata.
        *("-smbios", f"type=1,manufacturer=Pilvi,product=OpenStack Compute,uuid={spec.server_id}"),
        *("-S", "-no-user-config", "-nodefaults", "-no-shutdown"),
        *(("-incoming", "defer") if restores else ()),
        *("-sandbox", SANDBOX, "-msg", "timestamp=on"),
        *("-machine", "pc", "-smp", str(spec.vcpus), "-m", f"{spec.memory_mib}M"),
        *_accelerate(accelerator),
        *("-rtc", "base=utc", "-boot", "strict=on"),
        *_monitor("agent", folder.QMP_SOCKET),
        *_monitor("tools", folder.TOOLS_SOCKET),
        *_consoles(),
        *("-device", f"virtio-rng-pci,id=random,addr={SLOT_RANDOM:#x}"),
        *_disks(spec),
    ]


def _confined(uid: int, accelerator: Accelerator) -> list[str]:
    groups = f"--groups={accelerator.group}" if accelerator.group else "--clear-groups"
    return [
        *("setpriv", f"--reuid={uid}", f"--regid={uid}", groups),
        *("--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"),
    ]


def _accelerate(accelerator: Accelerator) -> list[str]:
    if accelerator.name == "kvm":
        return ["-accel", "kvm", "-cpu", "host"]
    # Without rdrand a guest waits seconds for its first random numbers.
    return ["-accel", f"tcg,tb-size={TRANSLATION_MIB}", "-cpu", "qemu64,+rdrand"]


def _monitor(name: str, socket: str) -> list[str]:
    # One client for each socket: a second one on the same would hang.
    return [
        *("-chardev", f"socket,id={name},path={socket},server=on,wait=off"),
        *("-mon", f"chardev={name},mode=control"),
    ]


def _consoles() -> list[str]:
    return [
        *("-chardev", _socket("serial0", folder.SERIAL_SOCKET) + _log(folder.CONSOLE_LOG)),
        *("-serial", "chardev:serial0"),
        *("-display", "none", "-vnc", f"unix:{folder.VNC_SOCKET}"),
        *("-device", f"VGA,id=video,addr={SLOT_VIDEO:#x}"),
        *("-device", f"virtio-serial-pci,id=channels,addr={SLOT_SERIAL:#x}"),
        *("-chardev", _socket("guest-agent", folder.GUEST_AGENT_SOCKET)),
        *("-device", "virtserialport,chardev=guest-agent,name=org.qemu.guest_agent.0"),
    ]


def _socket(id: str, path: str) -> str:
    return f"socket,id={id},path={path},server=on,wait=off"


def _log(path: str) -> str:
    return f",logfile={path},logappend=on"


def _disks(spec: VmSpec) -> list[str]:
    arguments: list[str] = []
    first = 1 if any(volume.boots for volume in spec.volumes) else 0
    for index, disk in enumerate(spec.disks, first):
        slot = SLOT_DISKS + index
        assert slot < SLOTS_PLUGS.start, "a vm has at most four local disks"
        arguments += ["-blockdev", json.dumps(disk_node(disk, spec.image_generation))]
        arguments += [
            "-device",
            f"virtio-blk-pci,id=disk-{disk.device},drive={disk.device},addr={slot:#x}"
            f",serial={disk.device}" + (",bootindex=1" if index == 0 else ""),
        ]
    if spec.config_drive:
        file = {"driver": "file", "filename": folder.config_name(digest(spec.documents))}
        node = {"driver": "raw", "node-name": "config", "read-only": True, "file": file}
        arguments += ["-blockdev", json.dumps(node)]
        arguments += [
            "-device",
            f"virtio-blk-pci,id=config-drive,drive=config,addr={SLOT_CONFIG:#x}",
        ]
    return arguments


def disk_node(disk: Disk, generation: int) -> dict[str, Any]:
    """A local disk as QEMU opens it: every format and file named, nothing taken from a header."""
    node: dict[str, Any] | None = None
    for layer in list_layers(disk, generation):
        node = _layer_node(disk, layer, node)
    assert node is not None, "a disk has a layer"
    return {"node-name": disk.device, "discard": "unmap", **node}


def _layer_node(disk: Disk, layer: int, below: dict[str, Any] | None) -> dict[str, Any]:
    if below is not None:
        backing = {"read-only": True, **below}
    elif disk.kind is not DiskKind.IMAGE:
        return {
            "driver": "raw",
            "file": {"driver": "file", "filename": folder.sparse_name(disk.device, layer)},
        }
    else:
        assert disk.image is not None, "a disk from an image names the image"
        backing = {
            "driver": disk.image.disk_format,
            "read-only": True,
            "file": {"driver": "file", "filename": folder.base_name(disk.device, layer)},
        }
        if disk.image.disk_format == "qcow2":
            backing["backing"] = None
    return {
        "driver": "qcow2",
        "file": {"driver": "file", "filename": folder.overlay_name(disk.device, layer)},
        "backing": backing,
    }
