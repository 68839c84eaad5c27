"""Translation and forwarding of one router, as one nft table. Pure.

A connection is translated by what was in force when it began; the kernel goes on translating it.
So every forwarded packet of a translated connection is held against the translations in force
now, and a floating IP that is taken away stops answering at once. Connections that a helper
expects (of FTP and the like) are let through for as long as the router has helpers.
"""

import hashlib
import ipaddress
from dataclasses import dataclass

from pilvi.agent.ports.names import leg_name
from pilvi.agent.ports.port_rules import parse_address, parse_ipv4
from pilvi.errors import InvalidRequest
from pilvi.host_api.networks import ForwardingSpec, RouterInterface, RouterSpec

TABLE = "router"
FORWARDED_PROTOCOLS = ("tcp", "udp")

_CLAMP = "tcp flags syn tcp option maxseg size set rt mtu"
HELPERS = (
    "amanda",
    "ftp",
    "irc",
    "netbios-ns",
    "pptp",
    "sane",
    "sip",
    "snmp",
    "tftp",
)
"""What Linux calls the helpers that it may have."""


@dataclass(frozen=True, slots=True)
class RouterRules:
    """The whole table and the digest that it carries."""

    text: str
    digest: str


def leg_addresses(interface: RouterInterface) -> list[str]:
    """A leg's addresses with their prefix lengths. Raises `InvalidRequest`."""
    return [_parse_interface(text) for text in [interface.address, *interface.further]]


def _parse_interface(text: str) -> str:
    try:
        found = None if "%" in text else ipaddress.ip_interface(text)
    except ValueError:
        found = None
    if found is None:
        raise InvalidRequest(f"cannot use {text!r}: it is no IP address with a prefix length")
    return str(found)


def _own_address(gateway: RouterInterface) -> str | None:
    """What guests leave under: the gateway's first IPv4 address."""
    four = (address for address in leg_addresses(gateway) if ":" not in address)
    first = next(four, None)
    return None if first is None else first.partition("/")[0]


def router_rules(spec: RouterSpec) -> RouterRules:
    """The rules that a router should have. Pure."""
    body = "\n".join([*_helpers(spec), *_render(spec)])
    six = "\n".join(_render6(spec))
    digest = hashlib.sha256(f"{body}\n{six}".encode()).hexdigest()[:16]
    text = "\n".join(
        [
            f"add table ip {TABLE}",
            f"delete table ip {TABLE}",
            f"table ip {TABLE} {{",
            f'set loaded {{ type ifname; elements = {{ "lo" comment "{digest}" }}; }}',
            body,
            "}",
            f"add table ip6 {TABLE}",
            f"delete table ip6 {TABLE}",
            f"table ip6 {TABLE} {{",
            six,
            "}",
            "",
        ]
    )
    return RouterRules(text, digest)


def _render6(spec: RouterSpec) -> list[str]:
    return [
        "chain forward { type filter hook forward priority 0;",
        _CLAMP,
        *_proxied_only(spec),
        "}",
        # Addresses are handed out by the networks' DHCP servers; a router only advertises.
        "chain input { type filter hook input priority 0;",
        "udp dport 547 drop",
        "}",
    ]


def _proxied_only(spec: RouterSpec) -> list[str]:
    """From outside only those are reached that the router answers for."""
    if not spec.enable_ndp_proxy or spec.gateway is None:
        return []
    addresses = ", ".join(proxied_addresses(spec))
    besides = f" ip6 daddr != {{ {addresses} }}" if addresses else ""
    return [f'iifname "{leg_name(spec.gateway.port_id)}" ct state new{besides} drop']


def proxied_addresses(spec: RouterSpec) -> list[str]:
    """The IPv6 addresses inside that a router answers for. Raises `InvalidRequest`."""
    if not spec.enable_ndp_proxy or spec.gateway is None:
        return []
    found = sorted({parse_address(address) for address in spec.ndp_proxies})
    if any(":" not in address for address in found):
        raise InvalidRequest("cannot answer for an IPv4 address in neighbour discovery")
    return found


def _helpers(spec: RouterSpec) -> list[str]:
    """The helpers as objects, and the chain that gives each new connection its own."""
    objects, rules = [], []
    for place, wanted in enumerate(spec.helpers):
        if wanted.helper not in HELPERS or wanted.protocol not in FORWARDED_PROTOCOLS:
            raise InvalidRequest(f"cannot help with {wanted.helper!r} over {wanted.protocol!r}")
        name, protocol = f"helper{place}", wanted.protocol
        words = f'type "{wanted.helper}" protocol {protocol}; l3proto ip;'
        objects.append(f"ct helper {name} {{ {words} }}")
        rules.append(f'{protocol} dport {int(wanted.port)} ct helper set "{name}"')
    if not objects:
        return []
    hook = "chain helping { type filter hook prerouting priority -150;"
    return [*objects, hook, *rules, "}"]


def _render(spec: RouterSpec) -> list[str]:
    gateway = None if spec.gateway is None else _own_address(spec.gateway)
    if spec.gateway is None or gateway is None:
        return ["chain forward { type filter hook forward priority 0;", _CLAMP, "}"]
    leg = f'"{leg_name(spec.gateway.port_id)}"'
    pairs = sorted(
        (parse_ipv4(f.floating_address), parse_ipv4(f.fixed_address)) for f in spec.floating_ips
    )
    return [
        *_maps(pairs),
        *_forwarded(spec),
        "chain inside { type filter hook prerouting priority -150;",
        f"iifname != {leg} meta mark set 1",
        "}",
        "chain entering { type nat hook prerouting priority dstnat;",
        "dnat to ip daddr map @floating_to_fixed",
        *(rule for forwarding in spec.forwardings for rule in _forward(forwarding)),
        "}",
        "chain leaving { type nat hook postrouting priority srcnat;",
        *_source_translation(spec, leg, gateway),
        "}",
        "chain forward { type filter hook forward priority 0;",
        _CLAMP,
        *(["ct status expected accept"] if spec.helpers else []),
        *_held_against_now(spec, leg, gateway),
        "}",
    ]


def _maps(pairs: list[tuple[str, str]]) -> list[str]:
    def elements(values: list[str]) -> str:
        return f"elements = {{ {', '.join(values)} }};" if values else ""

    to_fixed = elements([f"{floating} : {fixed}" for floating, fixed in pairs])
    to_floating = elements([f"{fixed} : {floating}" for fixed, floating in _by_fixed(pairs)])
    both = elements([f"{floating} . {fixed}" for floating, fixed in pairs])
    return [
        f"map floating_to_fixed {{ type ipv4_addr : ipv4_addr; {to_fixed} }}",
        f"map fixed_to_floating {{ type ipv4_addr : ipv4_addr; {to_floating} }}",
        f"set translations {{ type ipv4_addr . ipv4_addr; {both} }}",
    ]


def _forwarded(spec: RouterSpec) -> list[str]:
    """The chain that drops what was translated otherwise than it would be now."""
    rules = ["ct original ip daddr . ct reply ip saddr @translations return"]
    for f in spec.forwardings:
        if f.protocol in FORWARDED_PROTOCOLS:
            floating, fixed = parse_ipv4(f.floating_address), parse_ipv4(f.fixed_address)
            rules.append(
                f"ct original ip daddr {floating} ct reply ip saddr {fixed} meta l4proto "
                f"{f.protocol} ct original proto-dst {f.external_first}-{f.external_last} return"
            )
    # Who is connected learns at once that it is over, and does not wait for answers.
    return ["chain translated {", *rules, "meta l4proto tcp reject with tcp reset", "drop", "}"]


def _forward(forwarding: ForwardingSpec) -> list[str]:
    """The rules of one forwarding; a range that leads to other numbers has one for each."""
    if forwarding.protocol not in FORWARDED_PROTOCOLS:
        raise InvalidRequest(f"cannot forward {forwarding.protocol!r}")
    floating = parse_ipv4(forwarding.floating_address)
    fixed = parse_ipv4(forwarding.fixed_address)
    match = f"ip daddr {floating} {forwarding.protocol} dport"
    first, last = int(forwarding.external_first), int(forwarding.external_last)
    if first == forwarding.internal_first:
        return [f"{match} {first}-{last} dnat to {fixed}"]
    shift = int(forwarding.internal_first) - first
    return [f"{match} {port} dnat to {fixed}:{port + shift}" for port in range(first, last + 1)]


def _by_fixed(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """One floating address for each fixed one: an address can leave under one name only."""
    first: dict[str, str] = {}
    for floating, fixed in pairs:
        first.setdefault(fixed, floating)
    return list(first.items())


def _source_translation(spec: RouterSpec, leg: str, gateway: str) -> list[str]:
    """What comes from inside leaves under its floating address or the router's own.

    The last two lines are the hairpin: a guest that asks for a floating IP of its own network must
    get its answer through the router, so its source is translated as well.
    """
    rules = [f"meta mark 1 oifname {leg} snat to ip saddr map @fixed_to_floating"]
    if spec.snat:
        rules.append(f"meta mark 1 oifname {leg} snat to {gateway}")
    hairpin = f"meta mark 1 oifname != {leg} ct status dnat snat to"
    return [*rules, f"{hairpin} ip saddr map @fixed_to_floating", f"{hairpin} {gateway}"]


def _held_against_now(spec: RouterSpec, leg: str, gateway: str) -> list[str]:
    rules = [
        "ct status dnat jump translated",
        f"ct status snat ct reply ip daddr != {gateway}"
        " ct reply ip daddr . ct original ip saddr != @translations drop",
    ]
    if spec.snat:
        # The networks inside are not to be reached by their own addresses from outside.
        rules.append(f"iifname {leg} ct state new ct status ! dnat drop")
    else:
        rules.append(f"iifname {leg} ct status snat ct reply ip daddr {gateway} drop")
        rules.append(f"oifname {leg} ct status snat ct reply ip daddr {gateway} drop")
    return rules
