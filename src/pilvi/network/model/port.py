"""Ports.

The status is computed from the wish and what the host reports:

    no host                      DOWN
    on a host, not yet as wished DOWN
    the host cannot make it so   ERROR
    the host agrees              ACTIVE
"""

import datetime
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from pilvi.hosts.model.host import Held

PortId = NewType("PortId", str)

COMPUTE = "compute:nova"
DHCP = "network:dhcp"
ROUTER_INTERFACE = "network:router_interface"
ROUTER_GATEWAY = "network:router_gateway"
FLOATING_IP = "network:floatingip"
NETWORK_OWNED = "network:"
"""What the owners begin with that are the network service itself."""

# As Neutron's defaults. Higher: longer filters on the host.
FIXED_IPS_MAX = 5
ADDRESS_PAIRS_MAX = 10


class PortStatus(StrEnum):
    """What a port is like now."""

    ACTIVE = "ACTIVE"
    DOWN = "DOWN"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class FixedIp:
    """One address of a port."""

    subnet_id: str
    address: str


@dataclass(frozen=True, slots=True)
class DhcpOption:
    """One more option that DHCP gives a guest."""

    name: str
    value: str
    ip_version: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedIp:
    """An address that a port should have: a certain one, any of a subnet, or both named."""

    subnet_id: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One plug into a network."""

    id: PortId
    project_id: str
    network_id: str
    name: str
    description: str
    mac: str
    admin_state_up: bool
    device_id: str
    device_owner: str
    port_security_enabled: bool
    address_pairs: list[tuple[str, str]]
    """MAC and address or range."""
    hostname: str
    dns_name: str
    """The name that DHCP gives its guest, if the port's owner chose one."""
    dhcp_options: list[DhcpOption]
    qos_policy_id: str | None
    host_id: str | None
    """Desired: the host that carries it."""
    host_name: str
    held_host_id: str | None
    """Owned: the host that was asked to hold it; recorded before it is asked."""
    server_id: str | None
    claim_order: int | None
    is_claimed: bool
    """Whether it was made for its server and goes with it."""
    router_id: str | None
    is_deleting: bool
    status: PortStatus
    fault: str
    generation: int
    applied_generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime
    fixed_ips: tuple[FixedIp, ...] = ()
    group_ids: tuple[str, ...] = ()

    @property
    def addresses(self) -> list[str]:
        """The addresses alone."""
        return [fixed.address for fixed in self.fixed_ips]

    @property
    def is_guest(self) -> bool:
        """Whether a guest (and not the network service) is behind it."""
        return not self.device_owner.startswith(NETWORK_OWNED)


def name_of_address(address: str) -> str:
    """The host name of a port that has no other."""
    return f"host-{address.replace('.', '-').replace('::', '-').replace(':', '-')}".rstrip("-")


def status(host_id: str | None, held: Held | None) -> PortStatus:
    """What a port is like, from its wish and the newest report. Pure.

    A port that was as wished stays ACTIVE while its host takes note of a changed wish.
    """
    if host_id is None or held is None or held.host_id != host_id or not held.present:
        return PortStatus.DOWN
    if held.fault is not None and not held.is_settled:
        return PortStatus.ERROR
    return PortStatus.ACTIVE if held.settled and held.seen_present else PortStatus.DOWN
