"""What a running guest uses, and what servers' local disks hold."""

import datetime
from typing import Any

from pilvi.compute.api.servers import get_called, link_next, read_list
from pilvi.compute.model.server import Server
from pilvi.core.db import now
from pilvi.core.http import Call
from pilvi.errors import Conflict
from pilvi.host_api.contract import GuestCounts, Kind
from pilvi.host_api.vms import Power, VmSeen
from pilvi.hosts.model.host import Held, HostId
from pilvi.hosts.operations.assignments import list_held
from pilvi.hosts.operations.hosts import find_counts, list_samples


async def show_diagnostics(call: Call[None]) -> dict[str, Any]:
    """What the host last saw of a running server.

    Up to 2.47 the names are the hypervisor's own; ours say how many bytes each local disk holds.
    From 2.48 they are Nova's, null where the host does not measure.
    """
    server = await get_called(call)
    held = await _find_where_it_is(call, server)
    seen = held.find_seen(VmSeen) if held is not None else None
    if seen is None or seen.power is Power.STOPPED:
        raise Conflict("cannot show diagnostics of a server that does not run; start it first")
    if "structured-diagnostics" not in call.flags:
        used = {f"{device}_used_bytes": size for device, size in seen.disk_bytes.items()}
        return {**used, "memory": server.flavor.memory_mib * 1024}
    return _render(server, seen)


async def list_disks(call: Call[None]) -> dict[str, Any]:
    """Bytes that each local disk of servers really holds, as their hosts last told.

    Pilvi's own; asked for, narrowed and paged as the list of servers. A server that no host has
    told of, or whose disks are all volumes, has none.
    """
    found, _, more, page = await read_list(call)
    held = await list_held(call.tx, Kind.VM, [server.id for server in found])
    at = {(one.id, one.host_id): one.find_seen(VmSeen) for one in held}
    rows = []
    for server in found:
        seen = at.get((server.id, HostId(server.host_id or "")))
        disks = seen.disk_bytes if seen is not None else {}
        told = [{"device": device, "used_bytes": size} for device, size in disks.items()]
        rows.append({"id": server.id, "disks": told})
    return {"servers": rows, **link_next(call, "pilvi-disks", found, more, page)}


async def show_usage(call: Call[None]) -> dict[str, Any]:
    """What a running guest has used since its process began, as its host measured last.

    Pilvi's own. Counters that only grow: whoever asks twice knows how much it uses. All are null
    while the host has told nothing of it.
    """
    server = await get_called(call)
    host_id = await _find_teller(call, server)
    found = None if host_id is None else await find_counts(call.tx, host_id, server.id)
    return {"usage": _render_usage(*found or (None, None))}


async def list_usage_history(call: Call[None]) -> dict[str, Any]:
    """What a guest had used at one moment of each of the last minutes, oldest first.

    Pilvi's own. As the host that it is on measured it, for the time that the setting `usage_kept_s`
    names: an hour. Counters begin again with the guest's process.
    """
    server = await get_called(call)
    host_id = await _find_teller(call, server)
    found = [] if host_id is None else await list_samples(call.tx, host_id, server.id)
    return {"usages": [_render_usage(at, counts) for at, counts in found]}


async def _find_teller(call: Call[None], server: Server) -> HostId | None:
    """The server's own host, once it has it: another could tell anything of any guest."""
    held = await _find_where_it_is(call, server)
    return held.host_id if held is not None and held.seen_present else None


async def _find_where_it_is(call: Call[None], server: Server) -> Held | None:
    """What its host holds of it: a server that moves is for a while on two."""
    held = await list_held(call.tx, Kind.VM, [server.id])
    return next((one for one in held if one.host_id == server.host_id), None)


_COUNTERS = ("cpu_s", "read_bytes", "written_bytes", "received_bytes", "sent_bytes")


def _render_usage(at: datetime.datetime | None, counts: GuestCounts | None) -> dict[str, Any]:
    usage = {name: getattr(counts, name, None) for name in _COUNTERS}
    return {"measured_at": None if at is None else at.isoformat(), **usage}


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
