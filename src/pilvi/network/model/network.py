"""Networks and subnets."""

import datetime
import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from pilvi.network.model.address import Span

NetworkId = NewType("NetworkId", str)
SubnetId = NewType("SubnetId", str)

SEGMENT_MAX = (1 << 24) - 1
PHYSICAL_NETWORK = "external"
"""The one physical network: what leaves the machine."""
MTU_MIN = 68
AVAILABILITY_ZONE = "nova"
ACTIVE = "ACTIVE"


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
    is_deleting: bool
    generation: int
    applied_generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime

    @property
    def is_uplink(self) -> bool:
        """Whether this is the network that leaves the machine."""
        return self.network_type is NetworkType.FLAT

    def may_use(self, project_id: str | None) -> bool:
        """Whether a project may make ports here; None is an admin."""
        return project_id is None or self.is_shared or self.project_id == project_id


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
    """Where the search for a free address begins."""
    generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime

    @property
    def network(self) -> ipaddress.IPv4Network:
        """The range."""
        return ipaddress.IPv4Network(self.cidr)
