"""What a router's dnsmasq is told: which IPv6 ranges to advertise on which leg (RFC 4861). Pure.

It only advertises: addresses are handed out by the networks' own DHCP servers, and the router's
rules drop what asks this one for any.
"""

import ipaddress
from collections.abc import Mapping

from pilvi.agent.ports.dhcp import DhcpFile, find_servers, server_id
from pilvi.agent.ports.names import leg_name
from pilvi.errors import InvalidRequest
from pilvi.host_api.networks import AdvertSpec, RouterSpec

INTERVAL_S = 60
"""Lower: more noise; higher: a guest that missed its answer waits longer."""
LIFETIME_S = 1800
"""Lower: guests lose their way out sooner while the router is gone; higher: they send longer into
the void."""
RANGE_LIFETIME_S = 86_400

_KINDS = {"slaac": "ra-only", "dhcpv6-stateless": "ra-stateless", "dhcpv6-stateful": "static"}


def advert_config(spec: RouterSpec, mtus: Mapping[str, int]) -> DhcpFile | None:
    """The configuration of a router's dnsmasq, or None when there is nothing to advertise.

    `mtus` has the legs that are there.
    """
    lines: list[str] = []
    place = 0
    for interface in spec.interfaces:
        name = leg_name(interface.port_id)
        if name not in mtus or not interface.adverts or not spec.admin_state_up:
            continue
        lines += [
            f"interface={name}",
            f"ra-param={name},mtu:{mtus[name]},{INTERVAL_S},{LIFETIME_S}",
        ]
        for advert in interface.adverts:
            lines += _advert_lines(f"a{place}", advert)
            place += 1
    if not lines:
        return None
    head = [
        "port=0",
        "except-interface=lo",
        "bind-interfaces",
        "leasefile-ro",
        "quiet-ra",
        "quiet-dhcp6",
        "enable-ra",
        server_id(spec.router_id),
    ]
    return DhcpFile("\n".join([*head, *lines]) + "\n")


def _advert_lines(tag: str, advert: AdvertSpec) -> list[str]:
    kind = _KINDS.get(advert.mode)
    try:
        network = ipaddress.IPv6Network(advert.cidr)
    except ValueError:
        kind = None
    if kind is None:
        raise InvalidRequest(f"cannot advertise {advert.cidr!r} as {advert.mode!r}")
    base, length = network.network_address, network.prefixlen
    lines = [f"dhcp-range=set:{tag},{base},{kind},{length},{RANGE_LIFETIME_S}"]
    servers = find_servers(advert.dns_servers, 6)
    if servers:
        lines.append(f"dhcp-option=tag:{tag},option6:dns-server,{','.join(servers)}")
    return lines
