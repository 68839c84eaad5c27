"""What compute asks of networks, and what it is told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NetworkRequest:
    """One network card that a server should have: on a network, or through a port that is there."""

    network_id: str | None = None
    port_id: str | None = None
    fixed_ip: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPort:
    """One port of a server as compute shows it."""

    port_id: str
    network_id: str
    network_name: str
    mac: str
    fixed_ips: tuple[tuple[str, str], ...]
    """Subnet id and address."""
    floating_ips: tuple[tuple[str, str], ...]
    """Floating address and the fixed address it stands for."""
    security_groups: tuple[str, ...]
    """Names, sorted."""
    status: str
    fault: str
    """Why the port's status is ERROR; empty otherwise."""
    mtu: int
    host_id: str | None
    created_for_server: bool
    """Whether the port goes with the server."""
