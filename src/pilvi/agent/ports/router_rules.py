"""Translation and forwarding of one router, as one nft table. Pure.

A connection is translated by what was in force when it began; the kernel goes on translating it.
So every forwarded packet of a translated connection is held against the translations in force
now, and a floating IP that is taken away stops answering at once.
"""

import hashlib
import ipaddress
from dataclasses import dataclass

from pilvi.agent.ports.names import leg_name
from pilvi.agent.ports.port_rules import parse_address
from pilvi.errors import InvalidRequest
from pilvi.host_api.networks import RouterInterface, RouterSpec

TABLE = "router"


@dataclass(frozen=True, slots=True)
class RouterRules:
    """The whole table and the digest that it carries."""

    text: str
    digest: str


def parse_interface(interface: RouterInterface) -> str:
    """A leg's address with its prefix length. Raises `InvalidRequest`."""
    try:
        return str(ipaddress.IPv4Interface(interface.address))
    except ValueError:
        raise InvalidRequest(
            f"cannot use {interface.address!r}: it is no IPv4 address with a prefix length"
        ) from None


def router_rules(spec: RouterSpec) -> RouterRules:
    """The rules that a router should have. Pure."""
    body = "\n".join(_render(spec))
    digest = hashlib.sha256(body.encode()).hexdigest()[:16]
    text = "\n".join(
        [
            f"add table ip {TABLE}",
            f"delete table ip {TABLE}",
            f"table ip {TABLE} {{",
            f'set loaded {{ type ifname; elements = {{ "lo" comment "{digest}" }}; }}',
            body,
            "}",
            "",
        ]
    )
    return RouterRules(text, digest)


def _render(spec: RouterSpec) -> list[str]:
    clamp = "tcp flags syn tcp option maxseg size set rt mtu"
    if spec.gateway is None:
        return ["chain forward { type filter hook forward priority 0;", clamp, "}"]
    leg = f'"{leg_name(spec.gateway.port_id)}"'
    gateway = parse_interface(spec.gateway).partition("/")[0]
    pairs = sorted(
        (parse_address(f.floating_address), parse_address(f.fixed_address))
        for f in spec.floating_ips
    )
    return [
        *_maps(pairs),
        "chain inside { type filter hook prerouting priority -150;",
        f"iifname != {leg} meta mark set 1",
        "}",
        "chain entering { type nat hook prerouting priority dstnat;",
        "dnat to ip daddr map @floating_to_fixed",
        "}",
        "chain leaving { type nat hook postrouting priority srcnat;",
        *_source_translation(spec, leg, gateway),
        "}",
        "chain forward { type filter hook forward priority 0;",
        *_held_against_now(spec, leg, gateway),
        clamp,
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
        "ct status dnat ct original ip daddr . ct reply ip saddr != @translations drop",
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
