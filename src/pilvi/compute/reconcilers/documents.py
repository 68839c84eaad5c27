"""What a guest can learn about itself. Pure.

Sources: Nova user documentation, "Metadata service"; the EC2 instance metadata categories.
"""

import base64
import zlib
from typing import Any

from pilvi.compute.model.server import Server
from pilvi.host_api.vms import GuestDocuments
from pilvi.network.model import ServerPort
from pilvi.scheduler.candidates import AVAILABILITY_ZONE


def documents(
    server: Server, network_data: dict[str, Any], ports: list[ServerPort]
) -> GuestDocuments:
    """All documents of a server."""
    user_data = None
    if server.user_data is not None:
        user_data = base64.b64decode("".join(server.user_data.split()))
    return GuestDocuments(
        meta_data=_meta_data(server),
        network_data=network_data,
        ec2=_ec2(server, ports),
        user_data=user_data,
        admin_password=server.admin_password if server.config_drive else None,
    )


def _meta_data(server: Server) -> dict[str, Any]:
    body: dict[str, Any] = {
        "uuid": server.id,
        "name": server.name,
        "hostname": server.hostname,
        "launch_index": server.launch_index,
        "availability_zone": server.availability_zone or AVAILABILITY_ZONE,
        "project_id": server.project_id,
        "meta": server.metadata,
        "devices": _devices(server),
        "dedicated_cpus": [],
    }
    if server.key is not None:
        key = server.key
        body["public_keys"] = {key.name: key.public_key}
        body["keys"] = [{"name": key.name, "type": key.type, "data": key.public_key}]
    return body


def _devices(server: Server) -> list[dict[str, Any]]:
    """The disks that a user gave a tag, by which a guest tells them apart."""
    return [
        {
            "type": "disk",
            "bus": "virtio",
            "address": "",
            "tags": [volume.tag],
            "serial": volume.volume_id,
            "path": f"/dev/{volume.device}",
        }
        for volume in server.volumes
        if volume.present and volume.tag is not None
    ]


def _ec2(server: Server, ports: list[ServerPort]) -> dict[str, Any]:
    addresses = [address for port in ports for _, address in port.fixed_ips]
    tree: dict[str, Any] = {
        "ami-id": _short("ami", server.image.image_id if server.image else ""),
        "ami-launch-index": str(server.launch_index),
        "block-device-mapping": {"ami": "vda", "root": "/dev/vda"},
        "hostname": server.hostname,
        "instance-action": "none",
        "instance-id": _short("i", server.id),
        "instance-type": server.flavor.name,
        "local-hostname": server.hostname,
        "local-ipv4": addresses[0] if addresses else "",
        "placement": {"availability-zone": server.availability_zone or AVAILABILITY_ZONE},
        "public-hostname": server.hostname,
        "public-ipv4": "",
        "reservation-id": server.reservation_id,
        "security-groups": "\n".join(server.security_groups),
    }
    if server.flavor.ephemeral_gib:
        tree["block-device-mapping"]["ephemeral0"] = "/dev/vdb"
    for name in server.local_names.difference(server.local_devices):
        tree["block-device-mapping"]["swap"] = f"/dev/{name}"
    if server.key is not None:
        key = {"_name": f"0={server.key.name}", "openssh-key": server.key.public_key}
        tree["public-keys"] = {"0": key}
    return tree


def _short(prefix: str, id: str) -> str:
    """An id of EC2's shape, always the same for the same thing."""
    return f"{prefix}-{zlib.crc32(id.encode()):08x}"
