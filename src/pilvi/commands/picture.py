"""The whole system as text: image store, hosts, instances with their disks, volume store.

Read through the public APIs, as any admin's client can.
"""

from dataclasses import dataclass, field
from typing import Any

from pilvi.commands.client import CloudClient
from pilvi.errors import Conflict, NotFound

# Bytes of an overlay that nothing was written to: its header and first tables.
FRESH_DISK_BYTES = 512 << 10
BAR_WIDTH = 20


@dataclass(frozen=True, slots=True)
class System:
    """What the APIs say of the whole cloud at one moment."""

    images: list[dict[str, Any]]
    hosts: list[dict[str, Any]]
    servers: list[dict[str, Any]]
    volumes: list[dict[str, Any]]
    floating_ips: list[dict[str, Any]]
    used_bytes: dict[str, dict[str, int]] = field(default_factory=dict)
    """By server id and device: bytes that a local disk really holds."""
    room: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    """By host name and resource class: how much is used, of how much there is to give."""


def read_system(client: CloudClient) -> System:
    """Ask every service for what it has."""
    servers = client.call("GET", "compute", "/servers/detail?all_tenants=1")["servers"]
    running = [server["id"] for server in servers if server["status"] in ("ACTIVE", "PAUSED")]
    used = {server_id: _read_used_bytes(client, server_id) for server_id in running}
    providers = client.call("GET", "placement", "/resource_providers")["resource_providers"]
    return System(
        images=client.call("GET", "image", "/images")["images"],
        hosts=client.call("GET", "compute", "/os-hypervisors/detail")["hypervisors"],
        servers=sorted(servers, key=lambda server: str(server["name"])),
        volumes=client.call("GET", "volume", "/volumes/detail?all_tenants=1")["volumes"],
        floating_ips=client.call("GET", "network", "/floatingips")["floatingips"],
        used_bytes=used,
        room={provider["name"]: _read_room(client, provider["uuid"]) for provider in providers},
    )


def _read_room(client: CloudClient, provider_id: str) -> dict[str, tuple[int, int]]:
    path = f"/resource_providers/{provider_id}"
    found = client.call("GET", "placement", path + "/inventories")["inventories"]
    used = client.call("GET", "placement", path + "/usages")["usages"]
    return {
        name: (used[name], int((one["total"] - one["reserved"]) * one["allocation_ratio"]))
        for name, one in found.items()
    }


def _read_used_bytes(client: CloudClient, server_id: str) -> dict[str, int]:
    try:
        body = client.call("GET", "compute", f"/servers/{server_id}/diagnostics", version="2.1")
    except (Conflict, NotFound):
        return {}  # It stopped or went since the list was read.
    suffix = "_used_bytes"
    return {k.removesuffix(suffix): int(v) for k, v in body.items() if k.endswith(suffix)}


def render(system: System) -> str:
    """The picture. Pure."""
    lines = ["IMAGE STORE"]
    lines += [
        f"  {image['name']:<20} {image['status']:<10} {_size(image.get('size'))}"
        for image in system.images
    ] or ["  (empty)"]
    for host in system.hosts:
        name = host["hypervisor_hostname"]
        lines += ["", f"HOST {name} ({host['state']})", *_usage(system.room.get(name, {}))]
        mine = [server for server in system.servers if server.get("OS-EXT-SRV-ATTR:host") == name]
        for server in mine:
            lines += _server(server, system)
    unplaced = [s for s in system.servers if not s.get("OS-EXT-SRV-ATTR:host")]
    for server in unplaced:
        lines += ["", "NOT ON A HOST", *_server(server, system)]
    lines += ["", "VOLUME STORE"]
    lines += [_volume(volume, system) for volume in system.volumes] or ["  (empty)"]
    return "\n".join(lines)


def _usage(room: dict[str, tuple[int, int]]) -> list[str]:
    rows = (("vCPU", "VCPU", ""), ("memory", "MEMORY_MB", " MiB"), ("disk", "DISK_GB", " GiB"))
    lines = []
    for name, resource, unit in rows:
        used, total = room.get(resource, (0, 0))
        words = f"{used}{unit} used, {total - used}{unit} free"
        lines.append(f"  {name:<7} {_bar(used, total)} {words}")
    return lines


def _bar(used: int, total: int) -> str:
    filled = 0 if total <= 0 else min(BAR_WIDTH, round(BAR_WIDTH * used / total))
    return "[" + "#" * filled + "." * (BAR_WIDTH - filled) + "]"


def _server(server: dict[str, Any], system: System) -> list[str]:
    addresses = [address["addr"] for group in server["addresses"].values() for address in group]
    flavor = server["flavor"]
    lines = [f"  ┌ {server['name']} ({server['status']}) {' '.join(addresses)}"]
    used = system.used_bytes.get(server["id"], {})
    sizes = {"vda": flavor["disk"], "vdb": flavor["ephemeral"]}
    words = {"vda": "copy of the image", "vdb": "ephemeral"}
    for device, size in sizes.items():
        if size:
            lines.append(f"  │ {device}  {size} GiB  {words[device]}{_mark(used.get(device, 0))}")
    for volume in system.volumes:
        for attachment in volume["attachments"]:
            if attachment["server_id"] == server["id"]:
                device = str(attachment["device"]).removeprefix("/dev/")
                name = volume["name"] or volume["id"]
                lines.append(f"  │ {device}  {volume['size']} GiB  volume {name} ═ iSCSI")
    return [*lines, "  └"]


def _mark(used_bytes: int) -> str:
    if used_bytes <= FRESH_DISK_BYTES:
        return ""
    return f"  * changed ({_size(used_bytes)})"


def _volume(volume: dict[str, Any], system: System) -> str:
    names = {server["id"]: server["name"] for server in system.servers}
    users = [names.get(a["server_id"], a["server_id"]) for a in volume["attachments"]]
    where = f" ═ iSCSI ═ {', '.join(users)}" if users else ""
    return f"  {volume['name'] or volume['id']:<20} {volume['size']} GiB  {volume['status']}{where}"


def _size(size: int | None) -> str:
    if size is None:
        return "-"
    if size < 1 << 20:
        return f"{size / 1024:.0f} KiB"
    return f"{size / (1 << 20):.1f} MiB"
