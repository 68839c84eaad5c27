"""POST /servers to 202, to the QEMU process, and delete to everything gone.

Once for a small image and once for one of 8 GiB: launch time must not depend on the size.
"""

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from bench.figure import Figure, median_figure
from e2e.real_cloud import RealCloud, until

ROUNDS = 7
SIZES = {"64 MiB": 64 << 20, "8 GiB": 8 << 30}
FLAVOR = {"name": "bench", "vcpus": 1, "ram": 96, "disk": 8}


def measure(cloud: RealCloud) -> list[Figure]:
    """Launch and delete several times from each image."""
    flavor = cloud.admin.compute.create_flavor(**FLAVOR)
    accepted: list[float] = []
    gone: list[float] = []
    running: dict[str, list[float]] = {}
    for name, size in SIZES.items():
        image_id = _upload(cloud, name, size)
        _once(cloud, image_id, flavor.id)
        times = [_once(cloud, image_id, flavor.id) for _ in range(ROUNDS)]
        accepted += [one[0] for one in times]
        running[name] = [one[1] for one in times]
        gone += [one[2] for one in times]
        cloud.demo.image.delete_image(image_id)
    cloud.admin.compute.delete_flavor(flavor)
    medians = {name: statistics.median(values) for name, values in running.items()}
    small, large = medians.values()
    return [
        median_figure("POST /servers to 202", accepted, "ms", 10),
        *(
            median_figure(f"POST /servers to QEMU running, {name} image", values, "ms", 250)
            for name, values in running.items()
        ),
        Figure("8 GiB image over 64 MiB image, launch time", large / small, "x", 1.1),
        median_figure("DELETE server to everything gone", gone, "ms", 1000),
    ]


def _upload(cloud: RealCloud, name: str, size: int) -> str:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "image.qcow2"
        command = ["qemu-img", "create", "-q", "-f", "qcow2", str(path), str(size)]
        subprocess.run(command, check=True)
        image = cloud.demo.create_image(
            f"bench {name}",
            filename=str(path),
            disk_format="qcow2",
            container_format="bare",
            wait=True,
        )
    return str(image.id)


def _once(cloud: RealCloud, image_id: str, flavor_id: str) -> tuple[float, float, float]:
    """Milliseconds to 202, to the process, and from DELETE to nothing left."""
    body: dict[str, Any] = {
        "server": {
            "name": "bench",
            "imageRef": image_id,
            "flavorRef": flavor_id,
            "networks": [{"uuid": cloud.private_network_id}],
        }
    }
    # Not through the SDK, whose own work on a request takes as long as the answer.
    url, headers = f"{cloud.settings.base_url}/compute/v2.1/servers", _headers(cloud)
    with httpx.Client(headers=headers) as client:
        client.head(url)
        wall, clock = time.time(), time.monotonic()
        reply = client.post(url, json=body)
    accepted = (time.monotonic() - clock) * 1000
    assert reply.status_code == 202, reply.text
    server_id = reply.json()["server"]["id"]
    started = until(lambda: _started_at(cloud, server_id), 60, pause_s=0.005)
    until(lambda: cloud.demo.compute.get_server(server_id).status == "ACTIVE", 60)
    clock = time.monotonic()
    cloud.demo.compute.delete_server(server_id)
    folder = cloud.vm_dir(server_id)
    until(lambda: not folder.exists() and cloud.guest_pid(server_id) is None, 60, pause_s=0.005)
    until(lambda: _is_gone(cloud, server_id), 60, pause_s=0.005)
    return accepted, (started - wall) * 1000, (time.monotonic() - clock) * 1000


def _headers(cloud: RealCloud) -> dict[str, str]:
    token = cloud.demo.session.get_token()
    return {"x-auth-token": token, "openstack-api-version": "compute 2.79"}


def _started_at(cloud: RealCloud, server_id: str) -> float | None:
    """When the agent started the process and let the guest go, by its own record."""
    try:
        record = json.loads((cloud.vm_dir(server_id) / "record.json").read_text())
    except OSError:
        return None
    launched = record.get("launched") or {}
    return launched["started_at"] if launched.get("begun") else None


def _is_gone(cloud: RealCloud, server_id: str) -> bool:
    reply = cloud.demo.compute.get(f"/servers/{server_id}")
    return bool(reply.status_code == 404)
