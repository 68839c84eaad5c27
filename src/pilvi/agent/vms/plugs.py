"""Volumes and network cards of a running process, given and taken over QMP.

A plug's names in QEMU come from its PCI slot, which is recorded before anything is made. A slot
with a device is whole; one without is partial, and whatever is left of it is dropped before it is
made again or given back.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pilvi.agent.vms.local_vm import Plug
from pilvi.agent.vms.qmp_session import SLOW_ANSWER_S, CommandRefused, QmpSession
from pilvi.errors import Unavailable
from pilvi.host_api.vms import Nic, VmSpec, VolumeConnection

VOLUME = "volume"
NIC = "nic"
SERIAL_LENGTH = 20
Drop = Callable[[QmpSession, int], Awaitable[None]]
# QEMU stands still while it connects: better to find out first that nobody listens.
PORTAL_TIMEOUT_S = 2.0


def plug_key(kind: str, id: str) -> str:
    """The name of a plug in the vm's record."""
    return f"{kind} {id}"


def plug_keys(spec: VmSpec) -> set[str]:
    """The names of all plugs that a vm should have. Pure."""
    volumes = {plug_key(VOLUME, volume.attachment_id) for volume in spec.volumes}
    return volumes | {plug_key(NIC, nic.port_id) for nic in spec.nics}


def device_name(kind: str, slot: int) -> str:
    """The name of a plug's device in QEMU."""
    return f"{kind}-{slot}"


def plugs(
    kind: str, slots: dict[str, int], devices: frozenset[str], leaving: frozenset[str]
) -> dict[str, Plug]:
    """How much the process has of each plug of a kind. Pure."""
    answer = {}
    for key, slot in slots.items():
        this_kind, _, id = key.partition(" ")
        if this_kind != kind:
            continue
        name = device_name(kind, slot)
        if name not in devices:
            answer[id] = Plug.PARTIAL
        else:
            answer[id] = Plug.LEAVING if name in leaving else Plug.WHOLE
    return answer


async def list_devices(session: QmpSession) -> frozenset[str]:
    """Names of all devices that were given a name."""
    listed = await session.execute("qom-list", {"path": "/machine/peripheral"})
    return frozenset(item["name"] for item in listed if item["type"].startswith("child<"))


async def attach_volume(
    session: QmpSession, volume: VolumeConnection, slot: int, initiator: str
) -> None:
    """Log in to the volume's target and plug it in."""
    await _check_portal(volume.portal)
    name = device_name(VOLUME, slot)
    await drop_volume(session, slot)
    secret = {"qom-type": "secret", "id": f"{name}-secret", "data": volume.password}
    await session.execute("object-add", secret)
    node = {
        "driver": "iscsi",
        "node-name": f"{name}-node",
        "transport": "tcp",
        "portal": volume.portal,
        "target": volume.iqn,
        "lun": volume.lun,
        "user": volume.username,
        "password-secret": f"{name}-secret",
        "initiator-name": initiator,
        # Never an I/O error: a guest waits for its target to come back.
        "timeout": 0,
        "read-only": volume.read_only,
        "cache": {"direct": True, "no-flush": False},
    }
    try:
        await session.execute("blockdev-add", node, timeout_s=SLOW_ANSWER_S)
    except CommandRefused as error:
        message = "cannot attach the volume: its target refuses the connection"
        raise Unavailable(message, detail=error.detail) from error
    finally:
        await session.try_execute("object-del", {"id": f"{name}-secret"})
    device: dict[str, Any] = {
        "driver": "virtio-blk-pci",
        "id": name,
        "drive": f"{name}-node",
        "serial": volume.volume_id[:SERIAL_LENGTH],
        "addr": f"{slot:#x}",
    }
    if volume.boots:
        device["bootindex"] = 1
    await session.execute("device_add", device, timeout_s=SLOW_ANSWER_S)
    if volume.boots and (await session.execute("query-status"))["status"] == "prelaunch":
        # The firmware reads the order of boot devices that stood at the last reset.
        await session.execute("system_reset")


async def list_volume_sizes(session: QmpSession, slots: dict[str, int]) -> dict[str, int]:
    """Bytes that the guest sees of each volume that the process has, by attachment."""
    names = {}
    for key, slot in slots.items():
        kind, _, id = key.partition(" ")
        if kind == VOLUME:
            names[f"{device_name(VOLUME, slot)}-node"] = id
    if not names:
        return {}
    nodes = await session.execute("query-named-block-nodes", {"flat": True})
    return {
        names[node["node-name"]]: node["image"]["virtual-size"]
        for node in nodes
        if node.get("node-name") in names
    }


async def grow_volume(session: QmpSession, volume: VolumeConnection, slot: int) -> None:
    """Let the guest see the size to which its volume was grown. Repeatable.

    Refused by QEMU as long as it is not logged in to the target of the new size.
    """
    key = plug_key(VOLUME, volume.attachment_id)
    sizes = await list_volume_sizes(session, {key: slot})
    if sizes.get(volume.attachment_id, volume.size_bytes) >= volume.size_bytes:
        return
    wanted = {"node-name": f"{device_name(VOLUME, slot)}-node", "size": volume.size_bytes}
    try:
        await session.execute("block_resize", wanted, timeout_s=SLOW_ANSWER_S)
    except CommandRefused as error:
        message = "cannot grow the volume yet: its target still shows the old size"
        raise Unavailable(message, detail=error.detail) from error


async def drop_volume(session: QmpSession, slot: int) -> None:
    """Drop what is left of a volume whose device is not there. Repeatable."""
    name = device_name(VOLUME, slot)
    await session.try_execute("blockdev-del", {"node-name": f"{name}-node"})
    await session.try_execute("object-del", {"id": f"{name}-secret"})


async def attach_nic(session: QmpSession, nic: Nic, slot: int, tap: int) -> None:
    """Plug in a network card on an open tap."""
    name = device_name(NIC, slot)
    await drop_nic(session, slot)
    await session.give_descriptor(f"{name}-fd", tap)
    netdev = {"type": "tap", "id": f"{name}-tap", "fd": f"{name}-fd"}
    await session.execute("netdev_add", netdev)
    device: dict[str, Any] = {
        "driver": "virtio-net-pci",
        "id": name,
        "netdev": f"{name}-tap",
        "mac": nic.mac,
        "host_mtu": nic.mtu,
        "romfile": "",
        "addr": f"{slot:#x}",
    }
    await session.execute("device_add", device)


async def drop_nic(session: QmpSession, slot: int) -> None:
    """Drop what is left of a network card whose device is not there. Repeatable."""
    name = device_name(NIC, slot)
    await session.try_execute("netdev_del", {"id": f"{name}-tap"})
    await session.try_execute("closefd", {"fdname": f"{name}-fd"})


async def unplug(session: QmpSession, kind: str, slot: int) -> None:
    """Ask the guest to give a device up. Repeatable."""
    try:
        await session.execute("device_del", {"id": device_name(kind, slot)})
    except CommandRefused as error:
        if "in the process of unplug" not in error.reason and "not found" not in error.reason:
            raise


async def _check_portal(portal: str) -> None:
    host, _, port = portal.rpartition(":")
    try:
        async with asyncio.timeout(PORTAL_TIMEOUT_S):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        writer.close()
    except (OSError, TimeoutError) as error:
        raise Unavailable("cannot reach the volume's target", detail=f"{portal}: {error!r}") from (
            error
        )
