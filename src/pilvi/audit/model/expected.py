"""What a host has to hold for one wish, and what it may hold. Pure.

Decodes the same specs that the agent decodes, and says in a few lines what is there once the wish
is fulfilled; how it comes to be is the agent's business.
"""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from pilvi.host_api.contract import Kind
from pilvi.host_api.holdings import HoldingKind as H
from pilvi.host_api.networks import NetworkSpec, PortSpec, RouterSpec
from pilvi.host_api.vms import Power, VmSpec
from pilvi.host_api.volumes import BackupSpec, VolumeSpec

Thing = tuple[H, str]
"""Kind and part."""

SECTOR = 512
"""A disk is a whole number of sectors."""
_LEG_DIGITS = 11
"""How much of a port's id an interface name has room for."""


@dataclass(slots=True)
class Expected:
    """What one wish lets a host hold."""

    must: set[Thing] = field(default_factory=set)
    """Exactly one of each."""
    may: set[Thing] = field(default_factory=set)
    """One of each, or none."""
    any: set[H] = field(default_factory=set)
    """Kinds of which everything is well."""
    sizes: dict[Thing, int] = field(default_factory=dict)
    """Bytes that whoever uses it sees, of things of which that is known."""
    owner: str = ""
    """Under which id the host keeps it, where that is not the wish's."""

    def allows(self, kind: H, part: str) -> bool:
        """Whether a host may hold this."""
        return (kind, part) in self.must or (kind, part) in self.may or kind in self.any


def expected(kind: Kind, id: str, spec: bytes) -> Expected:
    """What a host that fulfilled a wish holds."""
    found = _BY_KIND[kind](spec)
    found.owner = found.owner or id
    return found


def _of_vm(spec: bytes) -> Expected:
    vm = msgspec.json.decode(spec, type=VmSpec)
    found = Expected({(H.GUEST, "")}, any={H.CGROUP})
    for disk in vm.disks:
        layers = disk.layers or [vm.image_generation]
        found.must |= {(H.DISK, f"{disk.device}.{layer}") for layer in layers}
        # A lower layer is as large as the disk was before.
        top = (H.DISK, f"{disk.device}.{layers[-1]}")
        found.sizes[top] = -(-disk.size_bytes // SECTOR) * SECTOR
    if vm.power in (Power.RUNNING, Power.PAUSED):
        found.must.add((H.PROCESS, ""))
    if vm.power is Power.SUSPENDED:
        found.must.add((H.SAVED_STATE, ""))
    if vm.config_drive:
        found.must.add((H.CONFIG_DRIVE, ""))
    return found


def _of_capture(spec: bytes) -> Expected:
    return Expected(any={H.CAPTURE})


def _of_port(spec: bytes) -> Expected:
    port = msgspec.json.decode(spec, type=PortSpec)
    found = Expected({(H.TAP, "")})
    if port.port_security or port.limits or port.dscp_mark is not None:
        found.must.add((H.FILTER, ""))
        found.any.add(H.CHAIN)
    return found


def _of_set(spec: bytes) -> Expected:
    return Expected({(H.ADDRESS_SET, "")}, {(H.ADDRESS_SET, "s4"), (H.ADDRESS_SET, "s6")})


def _of_network(spec: bytes) -> Expected:
    network = msgspec.json.decode(spec, type=NetworkSpec)
    found = Expected({(H.BRIDGE, "")})
    if network.is_external:
        found.must.add((H.UPLINK, ""))
    if any(one.dhcp_enabled and one.dhcp_address is not None for one in network.subnets):
        link = f"dhc{_short(network.network_id)}"
        found.must |= {(H.DHCP, ""), (H.SERVICE, "dnsmasq"), (H.SERVICE, "metadata")}
        found.may |= {(H.DHCP, link), (H.DHCP_FOLDER, "")}
        for lease in network.leases:
            address = str(ipaddress.ip_address(lease.address))
            found.must.add((H.LEASE, f"{lease.mac.lower()} {address}"))
            found.may.add((H.DOCUMENT, address))
    return found


def _of_router(spec: bytes) -> Expected:
    router = msgspec.json.decode(spec, type=RouterSpec)
    legs = [*router.interfaces, *([router.gateway] if router.gateway else [])]
    found = Expected({(H.ROUTER, "")})
    if router.admin_state_up:
        found.must |= {(H.LEG, f"leg{_short(leg.port_id)}") for leg in legs}
    if any(leg.adverts for leg in legs):
        found.may |= {(H.SERVICE, "adverts"), (H.ROUTER, "folder")}
    return found


def _of_volume(spec: bytes) -> Expected:
    volume = msgspec.json.decode(spec, type=VolumeSpec)
    targets = {export.iqn for export in volume.exports}
    found = Expected({(H.VOLUME, "")} | {(H.TARGET, iqn) for iqn in targets})
    found.may |= {(H.SESSION, iqn) for iqn in targets}
    found.sizes[H.VOLUME, ""] = volume.size_bytes
    return found


def _of_snapshot(spec: bytes) -> Expected:
    return Expected({(H.SNAPSHOT, "")})


def _of_backup(spec: bytes) -> Expected:
    return Expected({(H.BACKUP, "")}, owner=msgspec.json.decode(spec, type=BackupSpec).backup_id)


def _of_nothing(spec: bytes) -> Expected:
    """An upload and a console hold nothing that stays."""
    return Expected()


def _short(id: str) -> str:
    return id.replace("-", "")[:_LEG_DIGITS]


_BY_KIND: dict[Kind, Callable[[bytes], Expected]] = {
    Kind.VM: _of_vm,
    Kind.CAPTURE: _of_capture,
    Kind.PORT: _of_port,
    Kind.ADDRESS_SET: _of_set,
    Kind.NETWORK: _of_network,
    Kind.ROUTER: _of_router,
    Kind.VOLUME: _of_volume,
    Kind.SNAPSHOT: _of_snapshot,
    Kind.BACKUP: _of_backup,
    Kind.UPLOAD: _of_nothing,
    Kind.CONSOLE: _of_nothing,
    Kind.TRACE: _of_nothing,
}
