"""Interfaces, addresses and routes of one namespace, through rtnetlink."""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pyroute2.iproute.linux import IPRoute
from pyroute2.netlink import NLM_F_DUMP, NLM_F_REQUEST
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.rtnl import RTM_GETNEIGH
from pyroute2.netlink.rtnl.ndmsg import ndmsg

from pilvi.agent.ports.linux import namespaces

_NO_SUCH_DEVICE = 19
_FILE_EXISTS = 17
_NOT_FOUND = (2, 3, 19, 99)
_IFF_UP = 1
_STATIC_ROUTE = 4
_NTF_PROXY = 8


@dataclass(frozen=True, slots=True)
class Link:
    """One interface."""

    index: int
    name: str
    mac: str
    mtu: int
    is_up: bool
    master: int | None
    """Index of the bridge that it is plugged into."""
    alias: str


class Links:
    """The interfaces of the namespace in which this was made. Used by one thread only."""

    def __init__(self) -> None:
        self._route: Any = IPRoute()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Close the socket; an open one keeps its namespace alive."""
        self._route.close()

    def find(self, name: str) -> Link | None:
        """The interface of this name."""
        try:
            answer = list(self._route.link("get", ifname=name))
        except NetlinkError as error:
            if error.code == _NO_SUCH_DEVICE:
                return None
            raise
        return _link(answer[0]) if answer else None

    def name_of(self, index: int) -> str | None:
        """Name of the interface with this index."""
        try:
            return str(next(iter(self._route.link("get", index=index))).get("ifname"))
        except NetlinkError as error:
            if error.code == _NO_SUCH_DEVICE:
                return None
            raise

    def list(self) -> list[Link]:
        """All interfaces."""
        return [_link(message) for message in self._route.get_links()]

    def add_bridge(self, name: str, alias: str) -> Link:
        """Make a bridge that forwards at once and floods multicast. Repeatable."""
        if self.find(name) is None:
            self._route.link(
                "add",
                ifname=name,
                kind="bridge",
                br_stp_state=0,
                br_forward_delay=0,
                br_mcast_snooping=0,
            )
        link = self._get(name)
        if link.alias != alias:
            self._route.link("set", index=link.index, IFLA_IFALIAS=alias)
        return link

    def add_veth(self, name: str, peer_namespace: str) -> None:
        """Make a veth here whose other end has the same name in another namespace."""
        peer = {"ifname": name, "net_ns_fd": peer_namespace}
        self._route.link("add", ifname=name, kind="veth", peer=peer)

    def set_alias(self, name: str, alias: str) -> None:
        """Give an interface a note."""
        self._route.link("set", index=self._get(name).index, IFLA_IFALIAS=alias)

    def change(
        self, name: str, *, mtu: int | None = None, mac: str | None = None, up: bool = False
    ) -> None:
        """Change an interface in one request. Repeatable."""
        changes: dict[str, Any] = {}
        if mtu is not None:
            changes["mtu"] = mtu
        if mac is not None:
            changes["address"] = mac
        if up:
            changes["state"] = "up"
        self._route.link("set", index=self._get(name).index, **changes)

    def plug(self, name: str, bridge: str | None, mtu: int, *, up: bool = False) -> None:
        """Put an interface into a bridge, or into none, with this MTU. Repeatable."""
        changes: dict[str, Any] = {"state": "up"} if up else {}
        changes["master"] = 0 if bridge is None else self._get(bridge).index
        self._route.link("set", index=self._get(name).index, mtu=mtu, **changes)

    def remove(self, name: str) -> None:
        """Remove an interface. Repeatable."""
        link = self.find(name)
        if link is not None:
            with _already(_NOT_FOUND):
                self._route.link("del", index=link.index)

    def addresses(self, name: str) -> frozenset[str]:
        """Addresses of an interface, with prefix length, but the kernel's own link-local ones."""
        index = self._get(name).index
        found = [
            f"{a.get('local') or a.get('address')}/{a['prefixlen']}"
            for family in (socket.AF_INET, socket.AF_INET6)
            for a in self._route.get_addr(family=family, index=index)
        ]
        return frozenset(address for address in found if not address.startswith("fe80:"))

    def set_addresses(self, name: str, addresses: frozenset[str]) -> frozenset[str]:
        """Make the addresses of an interface exactly these; answers the ones that are new."""
        index = self._get(name).index
        there = self.addresses(name)
        for address in sorted(there - addresses):
            with _already(_NOT_FOUND):
                ip, _, length = address.partition("/")
                self._route.addr("del", index=index, address=ip, prefixlen=int(length))
        for address in sorted(addresses - there):
            ip, _, length = address.partition("/")
            with _already((_FILE_EXISTS,)):
                self._route.addr("add", index=index, address=ip, prefixlen=int(length))
        return addresses - there

    def routes(self) -> frozenset[tuple[str, str]]:
        """Destination and next hop of every route of the main table that has a next hop."""
        found = set()
        for family, everything in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            for route in self._route.get_routes(family=family, table=254):
                via = route.get("gateway")
                if via:
                    to = route.get("dst") or everything
                    found.add((f"{to}/{route['dst_len']}", str(via)))
        return frozenset(found)

    def set_routes(self, routes: frozenset[tuple[str, str]]) -> None:
        """Make the routes with a next hop exactly these. Repeatable."""
        there = self.routes()
        for destination, via in sorted(there - routes):
            with _already(_NOT_FOUND):
                self._route.route("del", dst=destination, gateway=via)
        for destination, via in sorted(routes - there):
            self._route.route("replace", dst=destination, gateway=via, proto=_STATIC_ROUTE)

    def proxies(self) -> frozenset[tuple[str, str]]:
        """Interface and IPv6 address of everything that is answered for."""
        names = {link.index: link.name for link in self.list()}
        found = set()
        # `neigh("dump")` leaves the flag out, without which the kernel tells of neighbours only.
        asked = ndmsg()  # type: ignore[no-untyped-call]  # as all of pyroute2
        asked["family"], asked["flags"] = socket.AF_INET6, _NTF_PROXY
        # pyroute2 0.9 reads this before it is ever set.
        self._route.status["nlm_generator"] = False
        answer = self._route.nlm_request(asked, RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP)
        for entry in answer:
            if entry["flags"] & _NTF_PROXY and entry["ifindex"] in names:
                address = str(ipaddress.ip_address(entry.get("dst")))
                found.add((names[entry["ifindex"]], address))
        return frozenset(found)

    def set_proxies(self, name: str, addresses: frozenset[str]) -> None:
        """Answer on an interface for exactly these IPv6 addresses. Repeatable."""
        index = self._get(name).index
        there = {address for leg, address in self.proxies() if leg == name}
        for verb, changed in (("del", there - addresses), ("add", addresses - there)):
            for address in sorted(changed):
                with _already((_FILE_EXISTS,) if verb == "add" else _NOT_FOUND):
                    self._route.neigh(
                        verb,
                        family=socket.AF_INET6,
                        ifindex=index,
                        dst=address,
                        flags=_NTF_PROXY,
                    )

    def _get(self, name: str) -> Link:
        link = self.find(name)
        if link is None:
            raise OSError(_NO_SUCH_DEVICE, f"there is no interface {name}")
        return link


@contextmanager
def links_of(namespace: str) -> Iterator[Links]:
    """The interfaces of a namespace, for a short while."""
    with namespaces.inside(namespace):
        links = Links()
        try:
            yield links
        finally:
            links.close()


@contextmanager
def _already(codes: tuple[int, ...]) -> Iterator[None]:
    """Ignore that somebody was quicker."""
    try:
        yield
    except NetlinkError as error:
        if error.code not in codes:
            raise


def _link(message: Any) -> Link:
    return Link(
        index=message["index"],
        name=message.get("ifname"),
        mac=message.get("address") or "",
        mtu=message.get("mtu") or 0,
        is_up=bool(message["flags"] & _IFF_UP),
        master=message.get("master") or None,
        alias=message.get("ifalias") or "",
    )
