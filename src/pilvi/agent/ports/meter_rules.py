"""Meters of one router: an nft table of its own, so that changes elsewhere reset no count. Pure.

Each label has a counter and a chain. What passes the router through its gateway runs through all
chains: a rule that excludes returns, the first other one that matches counts and returns. The hook
is behind the router's own filter, where addresses are as they are inside, and what is dropped is
not counted.
"""

import hashlib
import ipaddress
from collections.abc import Collection
from dataclasses import dataclass

from pilvi.agent.ports.names import check_id, leg_name
from pilvi.errors import InvalidRequest
from pilvi.host_api.networks import MeterRule, MeterSpec, RouterSpec

TABLE = "metering"
BEHIND_FILTER = 10


@dataclass(frozen=True, slots=True)
class MeterRules:
    """What changes the table to what it should be, and the digest that it carries then."""

    text: str
    digest: str | None
    """None: there is no table."""


def counter_name(label_id: str) -> str:
    """The counter of a label."""
    return f"m_{check_id(label_id).replace('-', '')}"


def meters_digest(spec: RouterSpec) -> str | None:
    """Digest of the meters that a router should have; None when it should have none. Pure."""
    if not spec.meters:
        return None
    return hashlib.sha256("\n".join(_render(spec)).encode()).hexdigest()[:16]


def meter_rules(spec: RouterSpec, there: Collection[str]) -> MeterRules:
    """The change that gives a router its meters, from the counters that are there. Pure.

    The counters of labels that stay keep what they have counted.
    """
    digest = meters_digest(spec)
    if digest is None:
        return MeterRules(f"add table inet {TABLE}\ndelete table inet {TABLE}\n", None)
    wanted = {counter_name(meter.label_id) for meter in spec.meters}
    lines = [
        f"add table inet {TABLE}",
        f"add set inet {TABLE} loaded {{ type ifname; }}",
        f"flush set inet {TABLE} loaded",
        f'add element inet {TABLE} loaded {{ "lo" comment "{digest}" }}',
        f"add chain inet {TABLE} forward {{ type filter hook forward priority {BEHIND_FILTER}; }}",
        f"flush chain inet {TABLE} forward",
    ]
    for name in sorted(set(there) - wanted):
        chain = f"inet {TABLE} rules_{check_counter(name)}"
        lines += [f"add chain {chain}", f"flush chain {chain}", f"delete chain {chain}"]
        lines.append(f"delete counter inet {TABLE} {name}")
    return MeterRules("\n".join([*lines, *_render(spec), ""]), digest)


def check_counter(name: str) -> str:
    """A counter's name as this module makes them. Raises `InvalidRequest` for any other."""
    hexadecimal = name.removeprefix("m_")
    if len(hexadecimal) != 32 or not set(hexadecimal) <= set("0123456789abcdef"):
        raise InvalidRequest(f"cannot use {name!r} as the name of a counter")
    return name


def label_of(counter: str) -> str:
    """The label that a counter is of."""
    text = check_counter(counter).removeprefix("m_")
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _render(spec: RouterSpec) -> list[str]:
    lines = []
    for meter in sorted(spec.meters, key=lambda meter: meter.label_id):
        name = counter_name(meter.label_id)
        chain = f"inet {TABLE} rules_{name}"
        lines += [
            f"add counter inet {TABLE} {name}",
            f"add chain {chain}",
            f"flush chain {chain}",
            *(f"add rule {chain} {rule}" for rule in _rules(spec, meter, name)),
            f"add rule inet {TABLE} forward jump rules_{name}",
        ]
    return lines


def _rules(spec: RouterSpec, meter: MeterSpec, counter: str) -> list[str]:
    """What is excluded first, because it is whatever else matches."""
    if spec.gateway is None:
        return []
    leg = leg_name(spec.gateway.port_id)
    ordered = sorted(meter.rules, key=lambda rule: not rule.excluded)
    return [
        f"{words} return" if rule.excluded else f'{words} counter name "{counter}" return'
        for rule in ordered
        for words in _match(rule, leg)
    ]


def _match(rule: MeterRule, leg: str) -> list[str]:
    """One match, or none for addresses of two versions, which no packet has."""
    words = [f'{"iifname" if rule.direction == "ingress" else "oifname"} "{leg}"']
    versions = set()
    for side, text in (("saddr", rule.source), ("daddr", rule.destination)):
        if text is None:
            continue
        network = _parse(text)
        versions.add(network.version)
        words.append(f"{'ip' if network.version == 4 else 'ip6'} {side} {network}")
    return [" ".join(words)] if len(versions) < 2 else []


def _parse(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        if "%" not in text:
            return ipaddress.ip_network(text, strict=False)
    except ValueError:
        pass
    raise InvalidRequest(f"cannot use {text!r}: it is no range of addresses")
