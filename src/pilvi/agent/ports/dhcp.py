"""What dnsmasq is told: its configuration and its static entries. Pure.

It only hands out addresses (no DNS), only to the ports it was told of, and keeps no lease file:
every entry is static and it is authoritative, so it can forget everything at any time.
"""

import hashlib
import ipaddress
import re
from dataclasses import dataclass

from pilvi.agent.ports.names import dhcp_link_name
from pilvi.agent.ports.port_rules import METADATA_ADDRESS, parse_address, parse_mac
from pilvi.errors import InvalidRequest
from pilvi.host_api.networks import NetworkSpec, SubnetSpec

LEASES_FILE = "leases"

LEASE_S = 86_400
"""Lower: more renewals; higher: a guest learns later of a changed option."""

_HOSTNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class DhcpFile:
    """The text of a file for dnsmasq and its digest."""

    text: str

    @property
    def digest(self) -> str:
        """Short hash of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


def dhcp_addresses(spec: NetworkSpec) -> frozenset[str]:
    """Addresses of the DHCP namespace, with prefix length; empty when there is no DHCP."""
    served = _served(spec)
    addresses = {
        f"{parse_address(subnet.dhcp_address or '')}/{_parse_network(subnet.cidr).prefixlen}"
        for subnet in served
    }
    return frozenset(addresses | {f"{METADATA_ADDRESS}/32"}) if served else frozenset()


def dhcp_config(spec: NetworkSpec) -> DhcpFile:
    """The configuration of a network's dnsmasq."""
    lines = [
        "port=0",
        f"interface={dhcp_link_name(spec.network_id)}",
        "except-interface=lo",
        "bind-interfaces",
        "dhcp-authoritative",
        "leasefile-ro",
        "quiet-dhcp",
        "no-ping",
        f"dhcp-hostsfile={LEASES_FILE}",
        f"dhcp-option-force=option:mtu,{int(spec.mtu)}",
    ]
    for place, subnet in enumerate(_served(spec)):
        lines += _subnet_lines(f"s{place}", subnet)
    return DhcpFile("\n".join(lines) + "\n")


def dhcp_leases(spec: NetworkSpec) -> DhcpFile:
    """The static entries of a network's dnsmasq."""
    lines = []
    for lease in spec.leases:
        entry = [parse_mac(lease.mac), parse_address(lease.address)]
        if _HOSTNAME.fullmatch(lease.hostname):
            entry.append(lease.hostname)
        lines.append(",".join(entry))
    return DhcpFile("".join(f"{line}\n" for line in sorted(lines)))


def released(before: str, after: str) -> list[tuple[str, str]]:
    """(MAC, address) of the entries that are in the first file and not in the second."""

    def entries(text: str) -> set[tuple[str, str]]:
        fields = [line.split(",") for line in text.splitlines()]
        return {(entry[0], entry[1]) for entry in fields if len(entry) >= 2}

    return sorted(entries(before) - entries(after))


def _served(spec: NetworkSpec) -> list[SubnetSpec]:
    return [s for s in spec.subnets if s.dhcp_enabled and s.dhcp_address is not None]


def _subnet_lines(tag: str, subnet: SubnetSpec) -> list[str]:
    network = _parse_network(subnet.cidr)
    server = parse_address(subnet.dhcp_address or "")
    routes = [(f"{METADATA_ADDRESS}/32", server)]
    routes += [(str(_parse_network(to)), parse_address(via)) for to, via in subnet.host_routes]
    router = ""
    if subnet.gateway is not None:
        router = parse_address(subnet.gateway)
        if all(destination != "0.0.0.0/0" for destination, _ in routes):
            # A client that reads the classless routes ignores the router option (RFC 3442).
            routes.append(("0.0.0.0/0", router))
    classless = ",".join(f"{destination},{via}" for destination, via in routes)
    option = f"dhcp-option=tag:{tag}"
    lines = [
        f"dhcp-range=set:{tag},{network.network_address},static,{network.netmask},{LEASE_S}",
        f"{option},option:router,{router}" if router else f"{option},option:router",
        f"{option},option:classless-static-route,{classless}",
        # The number under which Windows asks for the same.
        f"{option},249,{classless}",
    ]
    servers = []
    for text in subnet.dns_servers:
        address = _find_ipv4(text)
        if address is not None:
            servers.append(address)
    if servers:
        lines.append(f"{option},option:dns-server,{','.join(servers)}")
    return lines


def _find_ipv4(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise InvalidRequest(f"cannot use {text!r} as a DNS server: it is no address") from None
    return str(address) if address.version == 4 else None


def _parse_network(cidr: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(cidr, strict=False)
    except ValueError:
        raise InvalidRequest(f"cannot use {cidr!r}: it is no IPv4 network") from None
