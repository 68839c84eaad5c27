"""A small cloud as its APIs show it."""

from typing import Any

from pilvi.picture.system import System


def server(**fields: Any) -> dict[str, Any]:
    return {
        "id": "s1",
        "name": "web",
        "status": "ACTIVE",
        "addresses": {"private": [{"addr": "10.0.0.4"}]},
        "flavor": {"vcpus": 1, "ram": 64, "disk": 1, "ephemeral": 2},
        "image": {"id": "i1"},
        "OS-EXT-SRV-ATTR:host": "h1",
        "OS-EXT-STS:task_state": None,
        **fields,
    }


def volume(**fields: Any) -> dict[str, Any]:
    attachments = [{"server_id": "s1", "device": "/dev/vdc"}]
    fields = {"id": "v1", "name": "data", "size": 3, "attachments": attachments, **fields}
    return {"status": "in-use" if fields["attachments"] else "available", **fields}


def image(**fields: Any) -> dict[str, Any]:
    return {"id": "i1", "name": "small", "status": "active", "size": 18 << 20, **fields}


def system(**fields: Any) -> System:
    parts: dict[str, Any] = {
        "images": [image()],
        "hosts": [{"hypervisor_hostname": "h1", "state": "up"}],
        "servers": [server()],
        "volumes": [volume()],
        "used_bytes": {"s1": {"vda": 5 << 20, "vdb": 1 << 10}},
        "room": {"h1": {"VCPU": (1, 8), "MEMORY_MB": (64, 1024), "DISK_GB": (3, 100)}},
        **fields,
    }
    return System(**parts)
