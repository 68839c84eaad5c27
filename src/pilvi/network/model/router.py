"""Routers and floating IPs."""

import datetime
from dataclasses import dataclass
from typing import NewType

RouterId = NewType("RouterId", str)
FloatingIpId = NewType("FloatingIpId", str)
PortForwardingId = NewType("PortForwardingId", str)
ConntrackHelperId = NewType("ConntrackHelperId", str)
NdpProxyId = NewType("NdpProxyId", str)

# As Neutron's default. Higher: longer specs.
ROUTES_MAX = 30
# Ports of one forwarding that lead to other numbers: each is a rule of its own on the host.
FORWARDED_PORTS_MAX = 100

# Each is an object and a rule of the router's table on its host.
HELPERS_MAX = 32
HELPERS = {
    "amanda": ("tcp", "udp"),
    "ftp": ("tcp",),
    "irc": ("tcp",),
    "netbios-ns": ("udp",),
    "pptp": ("tcp",),
    "sane": ("tcp",),
    "sip": ("tcp", "udp"),
    "snmp": ("udp",),
    "tftp": ("udp",),
}
"""Helpers of Linux, and over what they work; a host's kernel need not have each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """One router. Its legs are the ports that carry its id."""

    id: RouterId
    project_id: str
    name: str
    description: str
    admin_state_up: bool
    external_network_id: str | None
    enable_snat: bool
    enable_ndp_proxy: bool
    routes: list[tuple[str, str]]
    """Destination range and next hop."""
    availability_zone_hints: list[str]
    flavor_id: str | None
    pinned_host_id: str | None
    """The host that an admin chose; None leaves the choice to the reconciler."""
    is_parked: bool
    """Whether an admin took it from its host: none carries it until one is chosen."""
    host_id: str | None
    """Owned: the host that was chosen for it; recorded before it is asked."""
    is_deleting: bool
    generation: int
    applied_generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime

    @property
    def wanted_host_id(self) -> str | None:
        """The host that carries it as far as admins are told: chosen by them, or recorded."""
        return self.pinned_host_id or (None if self.is_parked else self.host_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortForwarding:
    """Ports of a floating IP that lead to ports of a guest."""

    id: PortForwardingId
    project_id: str
    description: str
    floating_ip_id: str
    protocol: str
    external: tuple[int, int]
    """First and last port, both in it."""
    internal: tuple[int, int]
    internal_address: str
    port_id: str
    generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConntrackHelper:
    """A protocol whose further connections a router reads out of the first one."""

    id: ConntrackHelperId
    project_id: str
    router_id: str
    protocol: str
    port: int
    helper: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NdpProxy:
    """An IPv6 address of a port that a router answers for on its external network."""

    id: NdpProxyId
    project_id: str
    name: str
    description: str
    router_id: str
    port_id: str
    address: str
    generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatingIp:
    """One public address; `port_id` and `fixed_address` say what it stands for, if anything."""

    id: FloatingIpId
    project_id: str
    description: str
    floating_network_id: str
    floating_port_id: str
    """The port on the external network that keeps the address."""
    address: str
    port_id: str | None
    fixed_address: str | None
    router_id: str | None
    status: str
    """ACTIVE when its router's host has it, DOWN otherwise."""
    generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime
