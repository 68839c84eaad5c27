"""The whole system as text: image store, hosts, instances with their disks, volume store.

Read through the public APIs, as any admin's client can.
"""

from dataclasses import dataclass, field
from typing import Any

from pilvi.commands.client import CloudClient

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


def read_system(client: CloudClient) -> System:
    """Ask every service for what it has."""
    servers = client.call("GET", "compute", "/servers/detail?all_tenants=1")["servers"]
    used = {server["id"]: _read_used_bytes(client, server["id"]) for server in servers}
    return System(
        images=client.call("GET", "image", "/images")["images"],
        hosts=client.call("GET", "compute", "/os-hypervisors/detail")["hypervisors"],
        servers=sorted(servers, key=lambda server: str(server["name"])),
        volumes=client.call("GET", "volume", "/volumes/detail?all_tenants=1")["volumes"],
        floating_ips=client.call("GET", "network", "/floatingips")["floatingips"],
        used_bytes=used,
    )


def _read_used_bytes(client: CloudClient, server_id: str) -> dict[str, int]:
    body = client.call("GET", "compute", f"/servers/{server_id}/diagnostics", version="2.1")
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
        lines += ["", f"HOST {host['hypervisor_hostname']} ({host['state']})", *_usage(host)]
        mine = [
            server
            for server in system.servers
            if server.get("OS-EXT-SRV-ATTR:host") == host["hypervisor_hostname"]
        ]
        for server in mine:
            lines += _server(server, system)
    unplaced = [s for s in system.servers if not s.get("OS-EXT-SRV-ATTR:host")]
    for server in unplaced:
        lines += ["", "NOT ON A HOST", *_server(server, system)]
    lines += ["", "VOLUME STORE"]
    lines += [_volume(volume, system) for volume in system.volumes] or ["  (empty)"]
    return "\n".join(lines)


def _usage(host: dict[str, Any]) -> list[str]:
    rows = (
        ("vCPU", host["vcpus_used"], host["vcpus"], ""),
        ("memory", host["memory_mb_used"], host["memory_mb"], " MiB"),
        ("disk", host["local_gb_used"], host["local_gb"], " GiB"),
    )
    return [
        f"  {name:<7} {_bar(used, total)} {used}{unit} used, {total - used}{unit} free"
        for name, used, total, unit in rows
    ]


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
