"""Small files in the formats that images have, made by hand, and how to put them in a cloud."""

import struct
import uuid
from typing import Any

import httpx

from cloud import Cloud, login
from pilvi.core.db import now
from pilvi.image.model.image import (
    ContainerFormat,
    DiskFormat,
    Image,
    ImageId,
    Status,
    Visibility,
)

OCTETS = {"content-type": "application/octet-stream"}
PATCH = {"content-type": "application/openstack-images-v2.1-json-patch"}


QCOW2 = {
    "version": 3,
    "backing_offset": 0,
    "features": 0,
    "crypt": 0,
    "snapshots": 0,
    "cluster_bits": 16,
}


def make_qcow2(virtual_size: int = 1 << 20, **fields: int) -> bytes:
    """A qcow2 header, padded to its first clusters; `fields` are of `QCOW2`."""
    chosen = {**QCOW2, **fields}
    assert set(chosen) == set(QCOW2)
    header = struct.pack(
        ">4sIQIIQIIQQIIQ",
        b"QFI\xfb",
        chosen["version"],
        chosen["backing_offset"],
        12 if chosen["backing_offset"] else 0,
        chosen["cluster_bits"],
        virtual_size,
        chosen["crypt"],
        1,
        3 << 16,
        1 << 16,
        1,
        chosen["snapshots"],
        0,
    )
    header += struct.pack(">QQQII", chosen["features"], 0, 0, 4, 104)
    return header.ljust(4 << 16, b"\0")


def make_mbr(size: int = 1 << 20) -> bytes:
    """A disk with one partition."""
    entry = struct.pack("<B3BB3BII", 0x80, 0, 2, 0, 0x83, 0, 0, 0, 2048, 4096)
    return (bytes(446) + entry + bytes(48) + b"\x55\xaa").ljust(size, b"\0")


def make_iso(size: int = 64 * 1024, *, hybrid: bool = False) -> bytes:
    """A volume descriptor where ISO 9660 wants it."""
    head = make_mbr(32 * 1024) if hybrid else bytes(32 * 1024)
    return (head + b"\x01CD001\x01").ljust(size, b"\0")


def make_vmdk_descriptor() -> bytes:
    """A text descriptor that names another file."""
    head = b'# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\n'
    return head + b'RW 1 FLAT "/etc/passwd" 0\n'


async def create(cloud: Cloud, *, user: str = "demo", **fields: Any) -> dict[str, Any]:
    """A queued image; raw and bare unless told otherwise."""
    body = {"name": "disk", "disk_format": "raw", "container_format": "bare", **fields}
    reply = await cloud.call("POST", "/image/v2/images", body, user=user)
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def upload(
    cloud: Cloud, id: str, data: Any, *, user: str = "demo", action: str = "file"
) -> httpx.Response:
    """Send bytes (or pieces of them, without a length) to an image."""
    headers = {**OCTETS, "x-auth-token": await cloud.token(user)}
    path = f"/image/v2/images/{id}/{action}"
    return await cloud.http.put(path, content=data, headers=headers)


async def create_active(cloud: Cloud, data: bytes = b"bytes", **fields: Any) -> dict[str, Any]:
    """An image with bytes."""
    image = await create(cloud, **fields)
    reply = await upload(cloud, image["id"], data, user=fields.get("user", "demo"))
    assert reply.status_code == 204, reply.text
    return await show(cloud, image["id"], user=fields.get("user", "demo"))


async def show(cloud: Cloud, id: str, *, user: str = "demo") -> dict[str, Any]:
    """An image as the API shows it."""
    reply = await cloud.call("GET", f"/image/v2/images/{id}", user=user)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def list_files(cloud: Cloud) -> set[str]:
    """Every file below the image store, as folder/name."""
    root = cloud.settings.api_dir / "images"
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


async def add_user(cloud: Cloud, name: str, project: str, role: str = "member") -> str:
    """A user with one role in a project (made where it is missing); the project's id.

    The token is remembered: `cloud.call(…, user=name)` works afterwards.
    """
    identity = "/identity/v3"
    if project not in cloud.project_ids:
        body = {"project": {"name": project}}
        reply = await cloud.call("POST", f"{identity}/projects", body, user="admin")
        cloud.project_ids[project] = reply.json()["project"]["id"]
    user = {"user": {"name": name, "password": "a-secret"}}
    made = (await cloud.call("POST", f"{identity}/users", user, user="admin")).json()["user"]
    roles = await cloud.call("GET", f"{identity}/roles?name={role}", user="admin")
    path = f"{identity}/projects/{cloud.project_ids[project]}/users/{made['id']}/roles/"
    granted = await cloud.call("PUT", path + roles.json()["roles"][0]["id"], user="admin")
    assert granted.status_code == 204, granted.text
    body = login(name, project, "a-secret")
    reply = await cloud.http.post(f"{identity}/auth/tokens", json=body)
    assert reply.status_code == 201, reply.text
    cloud.tokens[(name, name)] = reply.headers["x-subject-token"]
    return cloud.project_ids[project]


def blank_image(**values: Any) -> Image:
    """A queued image on paper."""
    chosen: dict[str, Any] = {
        "id": ImageId(str(uuid.uuid4())),
        "owner": "project-1",
        "name": "disk",
        "status": Status.QUEUED,
        "visibility": Visibility.SHARED,
        "disk_format": DiskFormat.RAW,
        "container_format": ContainerFormat.BARE,
        "created_at": now(),
        "updated_at": now(),
        **values,
    }
    return Image(**chosen)
