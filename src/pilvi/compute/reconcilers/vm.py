"""The wish that a host is sent for a server."""

import dataclasses
from collections.abc import Mapping, Sequence

import msgspec

from pilvi.block_storage.operations.attachments import find_connection
from pilvi.compute.model.aggregate import zone_of
from pilvi.compute.model.flavor import EPHEMERAL_DEVICE, ROOT_DEVICE, SWAP_DEVICE
from pilvi.compute.model.server import Server
from pilvi.compute.reconcilers.documents import documents
from pilvi.compute.store.aggregates import list_zones
from pilvi.core.db import Transaction
from pilvi.host_api.vms import Disk, DiskKind, Nic, Power, VmSpec, VolumeConnection
from pilvi.hosts.model.host import Held
from pilvi.network.operations.ports import list_server_ports, network_data

GIB, MIB = 1 << 30, 1 << 20
RESCUE_DEVICE = "rescue"


class Assigned(msgspec.Struct, frozen=True):
    """The part of a `VmSpec` that says which volumes and ports the host was told of."""

    volumes: list[VolumeConnection]
    nics: list[Nic]


def assigned_volumes(held: Held | None) -> dict[str, VolumeConnection]:
    """What the host was told of each volume, by attachment. Pure."""
    return {one.attachment_id: one for one in _assigned(held).volumes}


def assigned_ports(held: Held | None) -> set[str]:
    """The ports that the host was told of. Pure."""
    return {nic.port_id for nic in _assigned(held).nics}


def _assigned(held: Held | None) -> Assigned:
    if held is None or not held.present:
        return Assigned([], [])
    return msgspec.json.decode(held.spec, type=Assigned)


async def list_connections(
    tx: Transaction, attachment_ids: Sequence[str], held: Held | None, boot_id: str | None
) -> list[VolumeConnection]:
    """How the guest reaches some volumes.

    A target that does not answer for a while keeps the connection that the host was told: the
    guest waits for it and must not lose the disk.
    """
    told = assigned_volumes(held)
    found = [await find_connection(tx, id) or told.get(id) for id in attachment_ids]
    named = [
        msgspec.structs.replace(one, boots=one.attachment_id == boot_id)
        for one in found
        if one is not None
    ]
    return sorted(named, key=lambda one: one.device)


def list_disks(server: Server) -> list[Disk]:
    """The disks that live and die with a server. Pure."""
    flavor, disks = server.flavor, list[Disk]()
    if rescue := server.desired.rescue:
        image = rescue.image
        disks.append(
            Disk(
                device=RESCUE_DEVICE,
                kind=DiskKind.IMAGE,
                size_bytes=image.virtual_size_bytes,
                image=image,
                layers=[rescue.generation],
            )
        )
    sizes = {ROOT_DEVICE: flavor.disk_gib, EPHEMERAL_DEVICE: flavor.ephemeral_gib}
    for device in server.local_devices:
        source = server.sources.get(device)
        if source is None and device == ROOT_DEVICE:
            source = server.image
        disks.append(
            Disk(
                device=device,
                kind=DiskKind.EPHEMERAL if source is None else DiskKind.IMAGE,
                size_bytes=sizes[device] * GIB,
                image=source,
                layers=list(server.layers_of(device)),
            )
        )
    if flavor.swap_mib:
        size_bytes = flavor.swap_mib * MIB
        disks.append(Disk(device=SWAP_DEVICE, kind=DiskKind.SWAP, size_bytes=size_bytes))
    return disks


def _in_its_zone(server: Server, zones: Mapping[str, str]) -> Server:
    """The server as its guest is told of it: in the zone of its host, asked for or not. Pure."""
    return dataclasses.replace(server, availability_zone=zone_of(zones, server.host_id))


async def compose_vm(
    tx: Transaction, server: Server, attachment_ids: Sequence[str], held: Held | None
) -> VmSpec:
    """The whole wish for a server's vm."""
    desired = server.desired
    ports = (await list_server_ports(tx, [server.id])).get(server.id, [])
    zones = await list_zones(tx)
    root = server.root_volume
    boot_id = root.attachment_id if root and desired.rescue is None else None
    return VmSpec(
        server_id=server.id,
        project_id=server.project_id,
        name=server.instance_name,
        vcpus=server.flavor.vcpus,
        memory_mib=server.flavor.memory_mib,
        power=Power.STOPPED if desired.keeps_guest_off else desired.power,
        boot_generation=desired.boot_generation,
        boot_kind=desired.boot_kind,
        image_generation=desired.image_generation,
        disks=list_disks(server),
        volumes=await list_connections(tx, attachment_ids, held, boot_id),
        nics=[
            Nic(port_id=port.port_id, mac=port.mac, mtu=port.mtu)
            for port in ports
            if port.port_id not in server.leaving_ports
        ],
        config_drive=server.config_drive,
        documents=documents(_in_its_zone(server, zones), await network_data(tx, server.id), ports),
    )
