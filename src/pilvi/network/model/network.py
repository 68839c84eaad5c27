"""Networks and subnets."""

import datetime
import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from pilvi.network.model.address import Network as AddressRange
from pilvi.network.model.address import Span

NetworkId = NewType("NetworkId", str)
SubnetId = NewType("SubnetId", str)

SEGMENT_MAX = (1 << 24) - 1
PHYSICAL_NETWORK = "external"
"""The one physical network: what leaves the machine."""
MTU_MIN = 68
AVAILABILITY_ZONE = "nova"
ACTIVE = "ACTIVE"


class Ipv6Mode(StrEnum):
    """Who tells guests their IPv6 addresses: routers alone, or DHCPv6 for some or for all of it."""

    SLAAC = "slaac"
    STATELESS = "dhcpv6-stateless"
    STATEFUL = "dhcpv6-stateful"


AUTOMATIC = (Ipv6Mode.SLAAC, Ipv6Mode.STATELESS)
"""Modes in which guests make their addresses from their MACs."""


class NetworkType(StrEnum):
    """How a network's frames travel."""

    VXLAN = "vxlan"
    FLAT = "flat"

    @property
    def mtu_max(self) -> int:
        """The largest packet: VXLAN takes 50 bytes of each frame."""
        return 1450 if self is NetworkType.VXLAN else 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One network."""

    id: NetworkId
    project_id: str
    name: str
    description: str
    admin_state_up: bool
    is_shared: bool
    is_external: bool
    is_default: bool
    mtu: int
    port_security_enabled: bool
    network_type: NetworkType
    segment: int
    """Number on the hosts, unique in the cloud; also the VNI."""
    availability_zone_hints: list[str]
    qos_policy_id: str | None
    segment_name: str
    segment_description: str
    is_deleting: bool
    generation: int
    applied_generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime

    @property
    def is_uplink(self) -> bool:
        """Whether this is the network that leaves the machine."""
        return self.network_type is NetworkType.FLAT


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """One range of addresses on a network."""

    id: SubnetId
    project_id: str
    network_id: NetworkId
    name: str
    description: str
    cidr: str
    gateway_ip: str | None
    enable_dhcp: bool
    pools: list[Span]
    dns_nameservers: list[str]
    host_routes: list[tuple[str, str]]
    """Destination range and next hop."""
    next_number: int
    """Where the search for a free address begins, counted from the range's first."""
    ra_mode: str | None
    """What the cloud's routers advertise; None: nothing."""
    address_mode: str | None
    """How the cloud's DHCP takes part in IPv6; None: only where routers are silent too."""
    subnetpool_id: str | None
    generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime

    @property
    def network(self) -> AddressRange:
        """The range."""
        return ipaddress.ip_network(self.cidr)

    @property
    def ip_version(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.cidr else 4

    @property
    def is_automatic(self) -> bool:
        """Whether guests make their addresses themselves, from their MACs."""
        return self.address_mode in AUTOMATIC

    @property
    def has_dhcp(self) -> bool:
        """Whether the cloud's DHCP server is to answer in this subnet."""
        if self.ip_version == 4 or not self.enable_dhcp:
            return self.enable_dhcp
        if self.address_mode is None:
            return self.ra_mode is None
        return self.address_mode != Ipv6Mode.SLAAC
