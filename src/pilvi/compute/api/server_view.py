"""A server as the newest version shows it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pilvi.compute.api.links import bookmark, microseconds, seconds, self_links
from pilvi.compute.model.advice import fault_words
from pilvi.compute.model.aggregate import zone_of
from pilvi.compute.model.server import Server
from pilvi.compute.model.state import Status
from pilvi.compute.store.aggregates import list_zones
from pilvi.core.db import Transaction, now
from pilvi.core.db.progress import list_progress
from pilvi.core.http import Call
from pilvi.core.reconcile import Progress
from pilvi.hosts.model.deadlines import DEADLINES
from pilvi.hosts.model.host import Host
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.network.model import ServerPort
from pilvi.network.operations.ports import list_server_ports

_PROGRESS = {
    Status.BUILD: 0,
    Status.ACTIVE: 100,
    Status.REBUILD: 100,
    Status.RESIZE: 100,
    Status.VERIFY_RESIZE: 100,
}
"""How far a server is, in the states that say so."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is shown of servers and is kept elsewhere."""

    ports: dict[str, list[ServerPort]] = field(default_factory=dict)
    hosts: dict[str, Host] = field(default_factory=dict)
    """By id; read only for admins."""
    zones: dict[str, str] = field(default_factory=dict)
    """Availability zones of hosts that are not in the default one, by host id."""
    late: dict[str, Progress] = field(default_factory=dict)
    """What servers wait for that have been under way for longer than they should, by id."""


async def look_around(call: Call[Any], servers: Sequence[Server]) -> Surroundings:
    """Ports of some servers, zones, for admins the hosts, and why some are late: few queries."""
    ports = await list_server_ports(call.tx, [server.id for server in servers])
    hosts = await list_hosts(call.tx) if call.caller.is_admin else []
    zones = await list_zones(call.tx)
    late = await list_late(call.tx, servers)
    return Surroundings(ports, {host.id: host for host in hosts}, zones, late)


async def list_late(tx: Transaction, servers: Sequence[Server]) -> dict[str, Progress]:
    """What servers wait for that are under way for longer than is let pass in silence."""
    pending = [server.id for server in servers if server.condition.task_state is not None]
    found = await list_progress(tx, "server", pending)
    told_s, moment = DEADLINES["server"].told_s, now()
    return {id: one for id, one in found.items() if (moment - one.since).total_seconds() >= told_s}


def host_hash(server: Server) -> str:
    """A name of the host that means nothing to other projects; empty without a host. Pure."""
    if server.host_id is None:
        return ""
    return hashlib.sha224(f"{server.project_id}{server.host_id}".encode()).hexdigest()


def render_addresses(ports: Sequence[ServerPort]) -> dict[str, list[dict[str, Any]]]:
    """The addresses of a server by network name. Pure."""
    found: dict[str, list[dict[str, Any]]] = {}
    for port in ports:
        here = found.setdefault(port.network_name, [])
        for _, address in port.fixed_ips:
            here.append(_address(address, "fixed", port.mac))
            here += [
                _address(floating, "floating", port.mac)
                for floating, fixed in port.floating_ips
                if fixed == address
            ]
    return found


def _address(address: str, kind: str, mac: str) -> dict[str, Any]:
    return {
        "version": 6 if ":" in address else 4,
        "addr": address,
        "OS-EXT-IPS:type": kind,
        "OS-EXT-IPS-MAC:mac_addr": mac,
    }


def render_brief(call: Call[Any], server: Server) -> dict[str, Any]:
    """A server's id, name and links."""
    return {"id": server.id, "name": server.name, "links": self_links(call, "servers", server.id)}


def render_server(call: Call[Any], server: Server, around: Surroundings) -> dict[str, Any]:
    """A server, whole."""
    ports, condition = around.ports.get(server.id, []), server.condition
    body = {
        "id": server.id,
        "name": server.name,
        "status": condition.status,
        "tenant_id": server.project_id,
        "user_id": server.user_id,
        "metadata": server.metadata,
        "hostId": host_hash(server),
        "image": _render_image(call, server),
        "flavor": _render_flavor(call, server),
        "created": seconds(server.created_at),
        "updated": seconds(server.updated_at),
        "addresses": render_addresses(ports),
        "accessIPv4": server.access_ipv4,
        "accessIPv6": server.access_ipv6,
        "links": self_links(call, "servers", server.id),
        "OS-DCF:diskConfig": server.disk_config,
        "OS-EXT-AZ:availability_zone": _zone(server, around),
        "config_drive": "True" if server.config_drive else "",
        "key_name": server.key.name if server.key else None,
        "OS-SRV-USG:launched_at": microseconds(server.launched_at),
        "OS-SRV-USG:terminated_at": microseconds(server.deleted_at),
        "OS-EXT-STS:task_state": condition.task_state,
        "OS-EXT-STS:vm_state": condition.vm_state,
        "OS-EXT-STS:power_state": condition.power_state,
        "os-extended-volumes:volumes_attached": [
            {"id": volume.volume_id, "delete_on_termination": volume.delete_on_termination}
            for volume in server.volumes
        ],
        "locked": server.locked_by is not None,
        "locked_reason": server.locked_reason,
        "description": server.description,
        "tags": list(server.tags),
        "trusted_image_certificates": None,
        "pinned_availability_zone": server.availability_zone,
        "scheduler_hints": server.hints,
    }
    names = sorted({name for port in ports for name in port.security_groups})
    if names:
        body["security_groups"] = [{"name": name} for name in names]
    if condition.status in _PROGRESS:
        body["progress"] = _PROGRESS[condition.status]
    _add_fault(server, body, condition.status, around.late.get(server.id))
    _add_for_admins(call, server, body, around)
    return body


def _zone(server: Server, around: Surroundings) -> str:
    return zone_of(around.zones, server.host_id) if server.host_id else ""


def _render_image(call: Call[Any], server: Server) -> dict[str, Any] | str:
    """The image of a server's disk; an empty text where it boots from a volume, as in Nova."""
    if server.image is None:
        return ""
    id = server.image.image_id
    properties = {name: str(value)[:255] for name, value in server.image_properties.items()}
    return {"id": id, "links": [bookmark(call, "images", id)], "properties": properties}


def _render_flavor(call: Call[Any], server: Server) -> dict[str, Any]:
    """The flavor as it was when the server was created, or before 2.47 a link to it."""
    flavor = server.flavor
    if "embedded-flavor" not in call.flags:
        return {"id": flavor.id, "links": [bookmark(call, "flavors", flavor.id)]}
    return {
        "vcpus": flavor.vcpus,
        "ram": flavor.memory_mib,
        "disk": flavor.disk_gib,
        "ephemeral": flavor.ephemeral_gib,
        "swap": flavor.swap_mib,
        "original_name": flavor.name,
        "extra_specs": flavor.extra_specs,
    }


def _add_fault(server: Server, body: dict[str, Any], status: Status, late: Progress | None) -> None:
    """Why it is in ERROR, or what it has been waiting for too long, which Nova does not tell."""
    if server.fault is None or status not in (Status.ERROR, Status.DELETED):
        if late is not None:
            words = fault_words(server, late.sentence, is_over=False)
            body["fault"] = {"code": 500, "created": seconds(late.since), "message": words}
        return
    body["fault"] = {
        "code": server.fault.code,
        "created": seconds(server.fault.created_at),
        "message": fault_words(server, server.fault.message, is_over=status is Status.ERROR),
    }


def _add_for_admins(
    call: Call[Any], server: Server, body: dict[str, Any], around: Surroundings
) -> None:
    """Where the server is and how it was asked for: nothing that its owner has to know."""
    if call.caller.is_admin or "hostname-for-all" in call.flags:
        body["OS-EXT-SRV-ATTR:hostname"] = server.hostname
    if not call.caller.is_admin:
        return
    host = around.hosts.get(server.host_id or "")
    name = host.name if host else None
    body |= {
        "OS-EXT-SRV-ATTR:host": name,
        "OS-EXT-SRV-ATTR:hypervisor_hostname": name,
        "OS-EXT-SRV-ATTR:instance_name": server.instance_name,
        "OS-EXT-SRV-ATTR:reservation_id": server.reservation_id,
        "OS-EXT-SRV-ATTR:launch_index": server.launch_index,
        "OS-EXT-SRV-ATTR:kernel_id": "",
        "OS-EXT-SRV-ATTR:ramdisk_id": "",
        "OS-EXT-SRV-ATTR:root_device_name": f"/dev/{server.root_device}",
        "OS-EXT-SRV-ATTR:user_data": server.user_data,
        "host_status": _host_status(call, host),
    }


def _host_status(call: Call[Any], host: Host | None) -> str:
    if host is None:
        return ""
    if not host.is_alive(now(), call.settings.host_lease_s):
        return "DOWN"
    return "UP" if host.enabled else "MAINTENANCE"
