"""The wish that a host is sent for a server."""

from collections.abc import Sequence

import msgspec

from pilvi.block_storage.operations.attachments import find_connection
from pilvi.compute.model.flavor import EPHEMERAL_DEVICE, ROOT_DEVICE
from pilvi.compute.model.server import Server
from pilvi.compute.reconcilers.documents import documents
from pilvi.core.db import Transaction
from pilvi.host_api.vms import Disk, DiskKind, Nic, VmSpec, VolumeConnection
from pilvi.hosts.model.host import Held
from pilvi.network.operations.ports import list_server_ports, network_data

GIB = 1 << 30


class AssignedVolumes(msgspec.Struct, frozen=True):
    """The part of a `VmSpec` that says which volumes the host was told of."""

    volumes: list[VolumeConnection]


def assigned_volumes(held: Held | None) -> dict[str, VolumeConnection]:
    """What the host was told of each volume, by attachment. Pure."""
    if held is None or not held.present:
        return {}
    told = msgspec.json.decode(held.spec, type=AssignedVolumes)
    return {volume.attachment_id: volume for volume in told.volumes}


async def list_connections(
    tx: Transaction, attachment_ids: Sequence[str], held: Held | None
) -> list[VolumeConnection]:
    """How the guest reaches some volumes.

    A target that does not answer for a while keeps the connection that the host was told: the
    guest waits for it and must not lose the disk.
    """
    told = assigned_volumes(held)
    found = [await find_connection(tx, id) or told.get(id) for id in attachment_ids]
    return sorted((one for one in found if one is not None), key=lambda one: one.device)


def list_disks(server: Server) -> list[Disk]:
    """The disks that live and die with a server. Pure."""
    flavor = server.flavor
    disks = [
        Disk(
            device=ROOT_DEVICE,
            kind=DiskKind.IMAGE,
            size_bytes=flavor.disk_gib * GIB,
            image=server.image,
        )
    ]
    if flavor.ephemeral_gib:
        size_bytes = flavor.ephemeral_gib * GIB
        disks.append(Disk(device=EPHEMERAL_DEVICE, kind=DiskKind.EPHEMERAL, size_bytes=size_bytes))
    return disks


async def compose_vm(
    tx: Transaction, server: Server, attachment_ids: Sequence[str], held: Held | None
) -> VmSpec:
    """The whole wish for a server's vm."""
    desired = server.desired
    ports = (await list_server_ports(tx, [server.id])).get(server.id, [])
    return VmSpec(
        server_id=server.id,
        project_id=server.project_id,
        name=server.instance_name,
        vcpus=server.flavor.vcpus,
        memory_mib=server.flavor.memory_mib,
        power=desired.power,
        boot_generation=desired.boot_generation,
        boot_kind=desired.boot_kind,
        image_generation=desired.image_generation,
        disks=list_disks(server),
        volumes=await list_connections(tx, attachment_ids, held),
        nics=[
            Nic(port_id=port.port_id, mac=port.mac, mtu=port.mtu)
            for port in ports
            if port.port_id not in server.leaving_ports
        ],
        config_drive=server.config_drive,
        documents=documents(server, await network_data(tx, server.id), ports),
    )
