"""What a running guest uses: for admins."""

from typing import Any

from pilvi.compute.api.servers import get_called
from pilvi.compute.model.server import Server
from pilvi.core.db import now
from pilvi.core.http import Call
from pilvi.errors import Conflict
from pilvi.host_api.contract import Kind
from pilvi.host_api.vms import Power, VmSeen
from pilvi.hosts.operations.assignments import find_held


async def show_diagnostics(call: Call[None]) -> dict[str, Any]:
    """What the host last saw of a running server.

    Up to 2.47 the names are the hypervisor's own; ours say how many bytes each local disk holds.
    From 2.48 they are Nova's, null where the host does not measure.
    """
    server = await get_called(call)
    held = await find_held(call.tx, Kind.VM, server.id)
    seen = held.decode_seen(VmSeen) if held is not None else None
    if seen is None or seen.power is Power.STOPPED:
        raise Conflict("cannot show diagnostics of a server that does not run; start it first")
    if "structured-diagnostics" not in call.flags:
        used = {f"{device}_used_bytes": size for device, size in seen.disk_bytes.items()}
        return {**used, "memory": server.flavor.memory_mib * 1024}
    return _render(server, seen)


def _uptime_s(seen: VmSeen) -> int | None:
    return None if seen.started_at is None else int(now().timestamp() - seen.started_at)


def _render(server: Server, seen: VmSeen) -> dict[str, Any]:
    disk = ("read_bytes", "read_requests", "write_bytes", "write_requests", "errors_count")
    packets = ("octets", "errors", "drop", "packets", "rate")
    nic = [f"{way}_{name}" for way in ("rx", "tx") for name in packets]
    disks = len(seen.disk_bytes) + len(seen.attached_volumes)
    return {
        "config_drive": server.config_drive,
        "state": str(seen.power),
        # The API has a closed list of drivers; this is the one that runs QEMU.
        "driver": "libvirt",
        "hypervisor": seen.accelerator,
        "hypervisor_os": "linux",
        "uptime": _uptime_s(seen),
        "num_cpus": server.flavor.vcpus,
        "num_disks": disks,
        "num_nics": len(seen.attached_ports),
        "memory_details": {"maximum": server.flavor.memory_mib, "used": None},
        "cpu_details": [
            {"id": number, "time": None, "utilisation": None}
            for number in range(server.flavor.vcpus)
        ],
        "disk_details": [dict.fromkeys(disk) for _ in range(disks)],
        "nic_details": [{"mac_address": None, **dict.fromkeys(nic)} for _ in seen.attached_ports],
    }
