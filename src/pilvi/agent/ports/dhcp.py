"""What dnsmasq is told: its configuration and its static entries. Pure.

It only hands out addresses (no DNS), only to the ports it was told of, and keeps no lease file:
every entry is static and it is authoritative, so it can forget everything at any time.
"""

import hashlib
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pilvi.agent.ports.names import check_id, dhcp_link_name
from pilvi.agent.ports.port_rules import (
    METADATA_ADDRESS,
    Network,
    parse_address,
    parse_ipv4,
    parse_mac,
)
from pilvi.errors import InvalidRequest
from pilvi.host_api.dhcp import OPTIONS, OPTIONS6
from pilvi.host_api.networks import DhcpOption, Lease, NetworkSpec, SubnetSpec

LEASES_FILE = "leases"
OPTIONS_FILE = "options"

LEASE_S = 86_400
"""Lower: more renewals; higher: a guest learns later of a changed option."""

# Options that are lists of addresses, and those that are numbers; all others are words.
_ADDRESSES = frozenset({4, 6, 7, 9, 42, 44, 69, 72, 120, 150, 255})
_ADDRESSES6 = frozenset({22, 23, 31, 56})
_NUMBERS = frozenset({2, 26, 58, 59})
_NUMBERS6 = frozenset({32})

_WORD = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]{1,255}")
_HOSTNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class DhcpFile:
    """The text of a file for dnsmasq and its digest."""

    text: str
    besides: str = ""
    """More that a change of counts as a change of this."""

    @property
    def digest(self) -> str:
        """Short hash of the text."""
        return hashlib.sha256((self.text + self.besides).encode()).hexdigest()[:16]


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
        "quiet-dhcp6",
        "no-ping",
        server_id(spec.network_id),
        f"dhcp-hostsfile={LEASES_FILE}",
        f"dhcp-optsfile={OPTIONS_FILE}",
        f"dhcp-option-force=option:mtu,{int(spec.mtu)}",
    ]
    for place, subnet in enumerate(_served(spec)):
        lines += _subnet_lines(f"s{place}", subnet)
    return DhcpFile("\n".join(lines) + "\n")


def server_id(id: str) -> str:
    """The line that gives a DHCPv6 server the same name after every start (RFC 8415, DUID-EN).

    The enterprise is the one that is set aside for examples (RFC 5612).
    """
    digits = hashlib.sha256(id.encode()).hexdigest()[:16]
    return f"dhcp-duid=32473,{':'.join(digits[n : n + 2] for n in range(0, 16, 2))}"


def dhcp_leases(spec: NetworkSpec) -> DhcpFile:
    """The static entries of a network's dnsmasq; its digest is of their options as well."""
    lines = []
    for lease in spec.leases:
        address = parse_address(lease.address)
        entry = [parse_mac(lease.mac), f"[{address}]" if ":" in address else address]
        if lease.options:
            entry.append(f"set:{_option_tag(lease)}")
        if _HOSTNAME.fullmatch(lease.hostname):
            entry.append(lease.hostname)
        lines.append(",".join(entry))
    return DhcpFile("".join(f"{line}\n" for line in sorted(lines)), dhcp_options(spec))


def dhcp_options(spec: NetworkSpec) -> str:
    """What single guests are given besides: dnsmasq's lines, each in a guest's own tag."""
    lines = {
        f"tag:{_option_tag(lease)},{rendered}\n"
        for lease in spec.leases
        for option in lease.options
        if (rendered := render_option(option)) is not None
    }
    return "".join(sorted(lines))


def _option_tag(lease: Lease) -> str:
    return f"p{check_id(lease.port_id).replace('-', '')}"


def render_option(option: DhcpOption) -> str | None:
    """One option in dnsmasq's words, or None for what it could not give. Pure.

    Each value reaches dnsmasq as addresses, as a number or as one quoted word, never as it came.
    """
    known = OPTIONS6 if option.ip_version == 6 else OPTIONS
    numbers = {str(number): number for number in known.values()}
    number = known.get(option.name, numbers.get(option.name))
    if number is None:
        return None
    name = next(word for word, found in known.items() if found == number)
    kind = "option6" if option.ip_version == 6 else "option"
    if number in (_ADDRESSES6 if option.ip_version == 6 else _ADDRESSES):
        parts = [part.strip() for part in option.value.split(",")]
        found = find_servers(parts, 6 if option.ip_version == 6 else 4, strict=False)
        return f"{kind}:{name},{','.join(found)}" if len(found) == len(parts) else None
    if number in (_NUMBERS6 if option.ip_version == 6 else _NUMBERS):
        text = option.value
        is_whole = text.isascii() and text.isdigit() and len(text) <= 10
        return f"{kind}:{name},{text}" if is_whole else None
    if not _WORD.fullmatch(option.value):
        return None
    return f'{kind}:{name},"{option.value}"'


def released(before: str, after: str) -> list[tuple[str, str]]:
    """(MAC, address) of the entries that are in the first file and not in the second."""
    return sorted(set(list_entries(before)) - set(list_entries(after)))


def list_entries(text: str) -> list[tuple[str, str]]:
    """(MAC, address) of each static entry of a file."""
    fields = [line.split(",") for line in text.splitlines()]
    return [(entry[0], entry[1].strip("[]")) for entry in fields if len(entry) >= 2]


def _served(spec: NetworkSpec) -> list[SubnetSpec]:
    return [s for s in spec.subnets if s.dhcp_enabled and s.dhcp_address is not None]


def _subnet_lines(tag: str, subnet: SubnetSpec) -> list[str]:
    network = _parse_network(subnet.cidr)
    if network.version == 6:
        return _subnet_lines6(tag, subnet, network)
    server = parse_ipv4(subnet.dhcp_address or "")
    routes = [(f"{METADATA_ADDRESS}/32", server)]
    routes += [(str(_parse_network(to)), parse_ipv4(via)) for to, via in subnet.host_routes]
    router = ""
    if subnet.gateway is not None:
        router = parse_ipv4(subnet.gateway)
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
    servers = find_servers(subnet.dns_servers, 4)
    if servers:
        lines.append(f"{option},option:dns-server,{','.join(servers)}")
    return lines


def _subnet_lines6(tag: str, subnet: SubnetSpec, network: Network) -> list[str]:
    """Addresses of its entries, and options for those who make their own; no advertisement."""
    base, length = network.network_address, network.prefixlen
    lines = [f"dhcp-range=set:{tag},{base},static,{length},{LEASE_S}"]
    servers = find_servers(subnet.dns_servers, 6)
    if servers:
        lines.append(f"dhcp-option=tag:{tag},option6:dns-server,{','.join(servers)}")
    return lines


def find_servers(texts: Iterable[str], version: int, *, strict: bool = True) -> list[str]:
    """The addresses of one version among some, in dnsmasq's words.

    Raises `InvalidRequest` for what is no address at all when `strict`. Pure.
    """
    found = []
    for text in texts:
        try:
            address = ipaddress.ip_address(parse_address(text))
        except InvalidRequest:
            if not strict:
                continue
            raise InvalidRequest(f"cannot use {text!r} as a server: it is no address") from None
        if address.version == version:
            found.append(str(address) if version == 4 else f"[{address}]")
    return found


def _parse_network(cidr: str) -> Network:
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        raise InvalidRequest(f"cannot use {cidr!r}: it is no IP network") from None
    if "%" in cidr:
        raise InvalidRequest(f"cannot use {cidr!r}: it has a zone")
    return network
