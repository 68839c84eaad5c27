"""The namespaces of routers: legs, routes, translation."""

import socket
import struct
from pathlib import Path

from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.linux.adverts import Adverts
from pilvi.agent.ports.linux.fabric import Fabric
from pilvi.agent.ports.linux.links import Links, links_of
from pilvi.agent.ports.linux.nft import list_elements, run_nft
from pilvi.agent.ports.names import CloudNames
from pilvi.agent.ports.router_rules import TABLE
from pilvi.agent.ports.steps import (
    LayLeg,
    LegSeen,
    LoadRouterRules,
    RouterSeen,
    ServeAdverts,
    SetRoutes,
)

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
            elements = list_elements("set", "ip", TABLE, "loaded")
        digest = elements[0]["elem"]["comment"] if elements else None
        with links_of(namespace) as links:
            legs = {
                link.name: self._see_leg(links, link.name)
                for link in links.list()
                if link.name.startswith("leg")
            }
            routes = links.routes()
        adverts = self._adverts.find(namespace)
        return RouterSeen(True, digest, legs, routes, adverts)

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
