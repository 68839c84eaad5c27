"""The packet filters of ports in nft's words. Pure; what they mean stands in `port_rules`."""

import ipaddress
from collections.abc import Sequence

from pilvi.agent.ports.names import check_id, tap_name
from pilvi.agent.ports.port_rules import (
    ACCEPT,
    ANYBODY,
    DROP,
    ICMP,
    ICMP6,
    METADATA_ADDRESS,
    TABLE,
    Limit,
    LoadedFilter,
    Match,
    PortFilter,
)

# ICMPv6 types (RFC 4443, 4861, 2710, 3810).
_QUERY, _SOLICIT_ROUTER, _ROUTER, _SOLICIT, _NEIGHBOUR, _REDIRECT = 130, 133, 134, 135, 136, 137
_TO_GUESTS = f"{{ {_QUERY}, {_ROUTER}, {_SOLICIT}, {_NEIGHBOUR} }}"
_FROM_GUESTS = f"{{ 131, 132, {_SOLICIT_ROUTER}, {_SOLICIT}, {_NEIGHBOUR}, 143 }}"
_FROM_NOBODY = f"{{ 131, 132, {_SOLICIT_ROUTER}, 143 }}"
"""What a guest that has no address yet says beside asking whether one is free."""
_ONLY_ROUTERS = f"{{ {_ROUTER}, {_REDIRECT} }}"

LOG_GROUP = 5
"""Where the kernel hands packets that a rule tells of; a namespace has groups of its own."""
LOG_LIMIT = "limit rate 100/second burst 25 packets"
"""How much is told of one port and direction. Lower: floods hide more; higher: fill the disk."""


def set_name(set_id: str, version: int) -> str:
    """The nft set of one version of an address set."""
    return f"s{version}_{check_id(set_id).replace('-', '')}"


def render_base() -> list[str]:
    """The tables, maps and hooks that the filters of all ports hang in. Repeatable."""
    return [
        f"add table bridge {TABLE}",
        f"add map bridge {TABLE} ports {{ type ifname : mark; }}",
        f"add map bridge {TABLE} limits {{ type ifname : verdict; }}",
        f"add chain bridge {TABLE} leaving {{ type filter hook forward priority -300; }}",
        f"flush chain bridge {TABLE} leaving",
        f"add rule bridge {TABLE} leaving meta mark set 0",
        f"add rule bridge {TABLE} leaving meta mark set oifname map @ports",
        f"add rule bridge {TABLE} leaving meta mark != 0 ether type != {{ ip, arp, ip6 }} drop",
        f"add rule bridge {TABLE} leaving oifname vmap @limits",
        f"add table netdev {TABLE}",
        f"add table inet {TABLE}",
        f"add set inet {TABLE} loaded {{ type ifname; }}",
        f"add set inet {TABLE} loaded_sets {{ type ifname; }}",
        f"add map inet {TABLE} zones {{ typeof iifname : ct zone; }}",
        f"add map inet {TABLE} from_guests {{ type mark : verdict; }}",
        f"add map inet {TABLE} to_guests {{ type mark : verdict; }}",
        f"add chain inet {TABLE} zone {{ type filter hook prerouting priority raw; }}",
        f"flush chain inet {TABLE} zone",
        f"add rule inet {TABLE} zone ct zone set iifname map @zones",
        f"add chain inet {TABLE} from_guest {{ type filter hook prerouting priority 0; }}",
        f"flush chain inet {TABLE} from_guest",
        f"add rule inet {TABLE} from_guest meta mark vmap @from_guests",
        f"add chain inet {TABLE} to_guest {{ type filter hook forward priority 0; }}",
        f"flush chain inet {TABLE} to_guest",
        f"add rule inet {TABLE} to_guest meta mark vmap @to_guests",
    ]


def render_set(set_id: str, digest: str, members: Sequence[str]) -> list[str]:
    """The lines that give a set exactly these members, and keep the record of it. Pure."""
    key = set_key(set_id)
    lines = [
        *_add_sets(set_id),
        f'add element inet {TABLE} loaded_sets {{ "{key}" }}',
        f'delete element inet {TABLE} loaded_sets {{ "{key}" }}',
        f'add element inet {TABLE} loaded_sets {{ "{key}" comment "{set_id} {digest}" }}',
    ]
    for version in (4, 6):
        name = set_name(set_id, version)
        lines.append(f"flush set inet {TABLE} {name}")
        mine = [cidr for cidr in members if (":" in cidr) == (version == 6)]
        if mine:
            lines.append(f"add element inet {TABLE} {name} {{ {', '.join(mine)} }}")
    return lines


def render_set_removal(set_id: str) -> list[str]:
    """The lines that take a set away; nft refuses them while a rule names it. Pure."""
    return [
        *_add_sets(set_id),
        *(f"delete set inet {TABLE} {set_name(set_id, version)}" for version in (4, 6)),
        f'delete element inet {TABLE} loaded_sets {{ "{set_key(set_id)}" }}',
    ]


def set_key(set_id: str) -> str:
    """What the record of a set is found by."""
    return check_id(set_id).replace("-", "")[:15]


def _add_sets(set_id: str) -> list[str]:
    return [
        f"add set inet {TABLE} {set_name(set_id, version)} "
        f"{{ type ipv{version}_addr; flags interval; }}"
        for version in (4, 6)
    ]


def render_load(port_id: str, number: int, zone: int, filter: PortFilter) -> list[str]:
    """The lines that load a filter where none is. Pure.

    A set that is named and not there yet is made empty: nobody is in it.
    """
    tap = tap_name(port_id)
    record = LoadedFilter(tap, number, zone, filter.digest, filter.addresses)
    lines = [f'add element inet {TABLE} loaded {{ "{tap}" comment "{record.comment()}" }}']
    for set_id in sorted(filter.set_ids):
        lines += _add_sets(set_id)
    lines += _render_guard(tap, number, filter)
    inward = [_render_limit(limit) for limit in filter.limits if limit.direction == "ingress"]
    if inward:
        chain = f"bridge {TABLE} limit_{tap}"
        lines += [f"add chain {chain}", *(f"add rule {chain} {limit}" for limit in inward)]
        lines.append(f'add element bridge {TABLE} limits {{ "{tap}" : jump limit_{tap} }}')
    if not filter.is_secure:
        return lines
    lines.append(f'add element bridge {TABLE} ports {{ "{tap}" : {number} }}')
    for direction, chain in (("ingress", f"to_{tap}"), ("egress", f"from_{tap}")):
        rules = _rules(filter, direction)
        if ACCEPT in filter.logged:
            told = f"inet {TABLE} told_{chain}"
            lines += [f"add chain {told}", f"add rule {told} {_tell(ACCEPT, direction, port_id)}"]
            lines.append(f"add rule {told} accept")
            allowed = len(filter.matches_of(direction))
            rules[-1 - allowed : -1] = [
                f"{rule.removesuffix('accept')}goto told_{chain}"
                for rule in rules[-1 - allowed : -1]
            ]
        if DROP in filter.logged:
            rules.insert(-1, _tell(DROP, direction, port_id))
        lines.append(f"add chain inet {TABLE} {chain}")
        lines += [f"add rule inet {TABLE} {chain} {rule}" for rule in rules]
    lines.append(f"add element inet {TABLE} to_guests {{ {number} : jump to_{tap} }}")
    lines.append(f"add element inet {TABLE} from_guests {{ {number} : jump from_{tap} }}")
    return lines


def render_unload(loaded: LoadedFilter) -> list[str]:
    """The lines that take away exactly what was loaded. Pure.

    What not every filter has is added before it is deleted; so is the guard's chain: kernels
    before 6.16 remove it together with its tap, later ones keep it.
    """
    tap, number = loaded.tap, loaded.number
    chains = [
        *(f"inet {TABLE} {name}_{tap}" for name in ("to", "from", "told_to", "told_from")),
        f"bridge {TABLE} limit_{tap}",
        f"netdev {TABLE} {tap}",
    ]
    elements = [
        (f"bridge {TABLE} ports", f'"{tap}"', str(number)),
        (f"bridge {TABLE} limits", f'"{tap}"', f"jump limit_{tap}"),
        (f"inet {TABLE} to_guests", str(number), f"jump to_{tap}"),
        (f"inet {TABLE} from_guests", str(number), f"jump from_{tap}"),
    ]
    return [
        f'delete element inet {TABLE} loaded {{ "{tap}" }}',
        *(f"add chain {chain}" for chain in chains),
        *(f"add element {name} {{ {key} : {value} }}" for name, key, value in elements),
        *(f"delete element {name} {{ {key} }}" for name, key, _ in elements),
        *(f"delete chain {chain}" for chain in chains),
    ]


def _tell(event: str, direction: str, port_id: str) -> str:
    return f'{LOG_LIMIT} log prefix "{event} {direction} {check_id(port_id)}" group {LOG_GROUP}'


def _render_limit(limit: Limit) -> str:
    rate = f"{limit.per_s} bytes/second" if limit.unit == "bytes" else f"{limit.per_s}/second"
    return f"limit rate over {rate} burst {limit.burst} {limit.unit} drop"


def _render_guard(tap: str, number: int, filter: PortFilter) -> list[str]:
    chain = f"netdev {TABLE} {tap}"
    rules = [_render_limit(limit) for limit in filter.limits if limit.direction == "egress"]
    if filter.dscp >= 0:
        rules += [f"ip dscp set {filter.dscp}", f"ip6 dscp set {filter.dscp}"]
    policy = "accept"
    if filter.is_secure:
        policy = "drop"
        rules += _render_security(number, filter)
    hook = f'type filter hook ingress device "{tap}" priority -500; policy {policy};'
    return [f"add chain {chain} {{ {hook} }}"] + [f"add rule {chain} {rule}" for rule in rules]


def _render_security(number: int, filter: PortFilter) -> list[str]:
    four = [(mac, cidr) for mac, cidr in filter.own if ":" not in cidr]
    six = [(mac, cidr) for mac, cidr in filter.own if ":" in cidr]
    rules = [
        # Read from the frame itself: the kernel has put a VLAN tag aside by now, and asking for
        # the protocol would name what is inside of it.
        f"ether type != {{ ip, arp{', ip6' if six else ''} }} drop",
        "ip protocol udp udp sport 67 udp dport 68 drop",
        f"meta mark set {number}",
        f"ether saddr {filter.mac} ip saddr 0.0.0.0 ip daddr 255.255.255.255"
        " udp sport 68 udp dport 67 accept",
    ]
    if four:
        by_arp = ", ".join(f"{mac} . {mac} . {_interval(cidr)}" for mac, cidr in four)
        by_ip = ", ".join(f"{mac} . {_interval(cidr)}" for mac, cidr in four)
        rules.append(f"ether saddr . arp saddr ether . arp saddr ip {{ {by_arp} }} accept")
        rules.append(f"ether saddr . ip saddr {{ {by_ip} }} accept")
    return rules + _render_security6(six)


def _render_security6(own: Sequence[tuple[str, str]]) -> list[str]:
    """What a guest may say in IPv6: nothing as a router or a server, and neighbour discovery
    only of addresses of its own (RFC 6105, 4861)."""
    if not own:
        return []
    by_ip = ", ".join(f"{mac} . {_interval(cidr)}" for mac, cidr in own)
    macs = ", ".join(sorted({mac for mac, _ in own}))
    rules = [
        "meta l4proto udp udp sport 547 udp dport 546 drop",
        f"icmpv6 type {_ONLY_ROUTERS} drop",
        # A message of neighbour discovery in fragments would not show what it is here (RFC 6980).
        "exthdr frag exists meta l4proto ipv6-icmp drop",
        f"ether saddr {{ {macs} }} ip6 saddr :: icmpv6 type {_FROM_NOBODY} accept",
    ]
    for mac, cidr in own:
        target = _target(cidr)
        rules += [
            f"ether saddr {mac} ip6 saddr :: icmpv6 type {_SOLICIT} {target} accept",
            f"ether saddr . ip6 saddr {{ {by_ip} }} ether saddr {mac} icmpv6 type {_NEIGHBOUR}"
            f" {target} accept",
        ]
    rules += [
        f"icmpv6 type {_NEIGHBOUR} drop",
        f"ether saddr . ip6 saddr {{ {by_ip} }} accept",
    ]
    return rules


def _target(cidr: str) -> str:
    """The target of a message of neighbour discovery, which nft has no word for yet."""
    network = ipaddress.IPv6Network(cidr)
    length = network.prefixlen
    return f"@th,64,{length} {int(network.network_address) >> (128 - length):#x}"


def _rules(filter: PortFilter, direction: str) -> list[str]:
    is_inward = direction == "ingress"
    rules = []
    if not is_inward:
        # Once more, for what was in fragments when the guard saw it.
        rules.append(f"meta nfproto ipv6 icmpv6 type {_ONLY_ROUTERS} drop")
    rules.append(
        f"meta nfproto ipv6 icmpv6 type {_TO_GUESTS if is_inward else _FROM_GUESTS} accept"
    )
    if filter.is_stateful:
        rules += ["ct state established,related accept", "ct state invalid drop"]
    if is_inward:
        rules.append("meta nfproto ipv4 udp sport 67 udp dport 68 accept")
        rules.append("meta nfproto ipv6 udp sport 547 udp dport 546 accept")
    else:
        rules.append("meta nfproto ipv4 udp sport 68 udp dport 67 accept")
        rules.append("meta nfproto ipv6 udp sport 546 udp dport 547 accept")
        rules.append(f"ip daddr {METADATA_ADDRESS} tcp dport 80 accept")
    if is_inward and not filter.is_stateful:
        rules.append(f"ip saddr {METADATA_ADDRESS} tcp sport 80 accept")
    rules += [render_match(match) for match in filter.matches_of(direction)]
    rules.append("drop")
    return rules


def render_match(match: Match) -> str:
    """One rule in nft's words. Pure."""
    side = "saddr" if match.direction == "ingress" else "daddr"
    family = "ip" if match.version == 4 else "ip6"
    if match.remote_set:
        words = [f"{family} {side} @{set_name(match.remote_set, match.version)}"]
    elif match.remotes == (ANYBODY[match.version],):
        words = [f"meta nfproto ipv{match.version}"]
    else:
        words = [f"{family} {side} {{ {', '.join(match.remotes)} }}"]
    if match.protocol != -1:
        words.append(f"meta l4proto {match.protocol}")
    icmp = {ICMP: "icmp", ICMP6: "icmpv6"}.get(match.protocol)
    if icmp is not None and match.first != -1:
        words.append(f"{icmp} type {match.first}")
        if match.last != -1:
            words.append(f"{icmp} code {match.last}")
    elif match.first != -1:
        words.append(f"th dport {match.first}-{match.last}")
    words.append("accept")
    return " ".join(words)


def _interval(cidr: str) -> str:
    network = ipaddress.ip_network(cidr)
    if network.prefixlen == network.max_prefixlen:
        return str(network.network_address)
    return f"{network.network_address}-{network.broadcast_address}"
