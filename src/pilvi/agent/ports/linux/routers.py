"""The namespaces of routers: legs, routes, translation."""

import socket
import struct
from pathlib import Path

from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.linux.adverts import Adverts
from pilvi.agent.ports.linux.fabric import Fabric
from pilvi.agent.ports.linux.links import Links, links_of
from pilvi.agent.ports.linux.nft import list_counters, list_elements, run_nft, would_take
from pilvi.agent.ports.meter_rules import TABLE as METERS
from pilvi.agent.ports.names import CloudNames
from pilvi.agent.ports.router_rules import FORWARDED_PROTOCOLS, HELPERS, TABLE
from pilvi.agent.ports.steps import (
    LayLeg,
    LegSeen,
    LoadMeters,
    LoadRouterRules,
    RouterSeen,
    ServeAdverts,
    SetProxies,
    SetRoutes,
)
from pilvi.host_api.networks import helper_capability

_SYSCTLS = {
    "net/ipv4/ip_forward": "1",
    # A leg answers for its own addresses only, and from nothing is a packet's way back inferred.
    "net/ipv4/conf/all/arp_ignore": "1",
    "net/ipv4/conf/all/arp_announce": "2",
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    "net/ipv4/conf/all/send_redirects": "0",
    "net/ipv4/conf/default/send_redirects": "0",
    "net/ipv4/conf/all/accept_redirects": "0",
    "net/ipv4/conf/default/accept_redirects": "0",
}
_FORWARDING6 = ("net/ipv6/conf/all/forwarding", "net/ipv6/conf/default/forwarding")


class Routers:
    """All routers of one cloud."""

    def __init__(self, names: CloudNames, fabric: Fabric, directory: Path, uid: int) -> None:
        self._names = names
        self._fabric = fabric
        self._adverts = Adverts(directory, uid)

    def close(self) -> None:
        """Let go of the processes, which live on."""
        self._adverts.close()

    def see(self, router_id: str) -> RouterSeen:
        """All that is there of a router."""
        namespace = self._names.router(router_id)
        if not namespaces.exists(namespace):
            return RouterSeen()
        with namespaces.inside(namespace):
            digest = _find_digest("ip", TABLE)
            meters_digest = _find_digest("inet", METERS)
            counts = list_counters("inet", METERS) if meters_digest is not None else {}
        with links_of(namespace) as links:
            legs = {
                link.name: self._see_leg(links, link.name)
                for link in links.list()
                if link.name.startswith("leg")
            }
            routes, proxies = links.routes(), links.proxies()
        adverts = self._adverts.find(namespace)
        return RouterSeen(
            True, digest, legs, routes, adverts, meters_digest, counts=counts, proxies=proxies
        )

    def make(self, router_id: str) -> None:
        """Make the namespace and let it forward. Repeatable."""
        namespace = self._names.router(router_id)
        namespaces.create(namespace)
        with namespaces.inside(namespace):
            for key, value in _SYSCTLS.items():
                namespaces.set_sysctl(key, value)
        with links_of(namespace) as links:
            links.change("lo", up=True)

    def load_rules(self, step: LoadRouterRules) -> None:
        """Replace the router's rules in one transaction. Repeatable."""
        with namespaces.inside(self._names.router(step.router_id)):
            run_nft([step.rules.text])

    def lay_leg(self, step: LayLeg) -> None:
        """Make a leg, or mend what differs. Repeatable."""
        namespace = self._names.router(step.router_id)
        if any(":" in address for address in step.addresses):
            with namespaces.inside(namespace):
                namespaces.switch_ipv6(on=True)
                for key in _FORWARDING6:
                    namespaces.set_sysctl(key, "1")
        self._fabric.lay_veth(step.name, namespace, step.bridge, step.mtu)
        with links_of(namespace) as links:
            links.change(step.name, mtu=step.mtu, mac=step.mac, up=True)
            new = links.set_addresses(step.name, step.addresses)
        with namespaces.inside(namespace):
            for address in sorted(new):
                if ":" not in address:
                    _announce(step.name, step.mac, address.partition("/")[0])

    def load_meters(self, step: LoadMeters) -> None:
        """Change the router's meters in one transaction. Repeatable."""
        with namespaces.inside(self._names.router(step.router_id)):
            run_nft([step.rules.text])

    def set_proxies(self, step: SetProxies) -> None:
        """Answer on a leg for exactly these addresses. Repeatable."""
        namespace = self._names.router(step.router_id)
        with namespaces.inside(namespace):
            answers = "1" if step.addresses else "0"
            namespaces.set_sysctl(f"net/ipv6/conf/{step.leg}/proxy_ndp", answers)
        with links_of(namespace) as links:
            links.set_proxies(step.leg, step.addresses)

    def remove_leg(self, name: str) -> None:
        """Remove a leg. Repeatable."""
        self._fabric.remove_link(name)

    def set_routes(self, step: SetRoutes) -> None:
        """Make the routes with a next hop exactly these. Repeatable."""
        with links_of(self._names.router(step.router_id)) as links:
            links.set_routes(step.routes)

    def serve_adverts(self, step: ServeAdverts) -> None:
        """Advertise IPv6 ranges with this configuration. Repeatable."""
        namespace = self._names.router(step.router_id)
        self._adverts.serve(namespace, step.router_id, step.text, step.digest)

    def list_broken(self) -> list[str]:
        """Ids of routers of which the advertising process ended unasked."""
        start = self._names.router("0" * 36)[:-36]
        return [name.removeprefix(start) for name in self._adverts.list_broken()]

    def stop_adverts(self, router_id: str) -> None:
        """Advertise nothing. Repeatable."""
        self._adverts.stop(self._names.router(router_id), router_id)

    def remove(self, router_id: str) -> None:
        """Remove a router. Repeatable.

        Its legs are removed one by one: a namespace that is dropped goes some time later.
        """
        namespace = self._names.router(router_id)
        self._adverts.stop(namespace, router_id)
        if namespaces.exists(namespace):
            with links_of(namespace) as links:
                names = [link.name for link in links.list() if link.name.startswith("leg")]
            for name in names:
                self._fabric.remove_link(name)
        namespaces.remove(namespace)

    def _see_leg(self, links: Links, name: str) -> LegSeen:
        link = links.find(name)
        outer, bridge = self._fabric.find_master(name)
        assert link is not None
        return LegSeen(
            plugged_into=bridge,
            mac=link.mac,
            mtu=link.mtu if outer is not None and outer.mtu == link.mtu else 0,
            addresses=links.addresses(name),
            is_up=link.is_up and outer is not None and outer.is_up,
        )


def list_helpers() -> frozenset[str]:
    """The abilities that stand for the helpers this machine's kernel has."""
    return frozenset(
        helper_capability(helper, protocol)
        for helper in HELPERS
        for protocol in FORWARDED_PROTOCOLS
        if would_take(
            [
                "add table ip probe",
                f'add ct helper ip probe h {{ type "{helper}" protocol {protocol}; l3proto ip; }}',
            ]
        )
    )


def _find_digest(family: str, table: str) -> str | None:
    elements = list_elements("set", family, table, "loaded")
    return str(elements[0]["elem"]["comment"]) if elements else None


def _announce(interface: str, mac: str, address: str) -> None:
    """Tell the neighbours where an address is now (gratuitous ARP, RFC 5227)."""
    own = bytes.fromhex(mac.replace(":", ""))
    ip = socket.inet_aton(address)
    everybody = b"\xff" * 6
    frame = everybody + own + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1)
    frame += own + ip + bytes(6) + ip
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((interface, 0))
        sender.send(frame)
