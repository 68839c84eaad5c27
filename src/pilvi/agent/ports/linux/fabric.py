"""The fabric: the namespace that holds every bridge and tap of one cloud, and their filters.

What is loaded in nft is read once and then kept in step; any failure forgets it, so that the next
look reads it again. Used by the driver's thread only.
"""

import fcntl
import ipaddress
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pilvi.agent.ports.linux import namespaces, taps
from pilvi.agent.ports.linux.conntrack import Conntrack, TrackedFlow
from pilvi.agent.ports.linux.links import Link, Links
from pilvi.agent.ports.linux.nft import run_nft
from pilvi.agent.ports.linux.records import Ledger, choose_zone, read_ledger, read_members
from pilvi.agent.ports.names import tap_name
from pilvi.agent.ports.port_rules import TABLE, LoadedFilter, Network, PortFilter, allows
from pilvi.agent.ports.port_tables import (
    render_base,
    render_load,
    render_set,
    render_set_removal,
    render_unload,
)
from pilvi.agent.ports.steps import (
    BridgeSeen,
    LayBridge,
    LoadFilter,
    LoadSet,
    PlugTap,
    TapSeen,
)
from pilvi.errors import Conflict, Unavailable

_SIOCGIFFLAGS = 0x8913
_IFF_UP = 1
_BRIDGE_SYSCTLS = Path("/proc/sys/net/bridge")

STALE = "stale"
"""Digest of a filter that was loaded for an earlier tap of the same name."""


class Fabric:
    """Bridges, taps and filters."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self._identity: int | None = None
        self._based_on: int | None = None
        """Identity of the namespace in which this run has made sure of the tables."""
        self._links: Links | None = None
        self._conntrack: Conntrack | None = None
        self._ledger: Ledger | None = None
        self._asker: tuple[int, socket.socket] | None = None
        self._members: dict[str, tuple[str, ...]] = {}
        """What this run knows to be in each set."""
        self._named: dict[str, frozenset[str]] = {}
        """The sets that the filter of each tap names, of those that this run loaded."""

    def close(self) -> None:
        """Let go of the sockets, which keep the namespace alive."""
        if self._links is not None:
            self._links.close()
        if self._conntrack is not None:
            self._conntrack.close()
        if self._asker is not None:
            self._asker[1].close()
        self._links = self._conntrack = self._asker = self._ledger = self._identity = None

    def is_up(self, interface: str) -> bool:
        """Whether an interface is there and up; takes microseconds. Any thread may ask."""
        identity = namespaces.identity(self.namespace)
        if identity is None:
            return False
        if self._asker is None or self._asker[0] != identity:
            with namespaces.inside(self.namespace):
                self._asker = (identity, socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        request = struct.pack("16sH22x", interface.encode(), 0)
        try:
            answer = fcntl.ioctl(self._asker[1], _SIOCGIFFLAGS, request)
        except (OSError, ValueError):
            return False
        return bool(struct.unpack_from("16xH", answer)[0] & _IFF_UP)

    @property
    def links(self) -> Links | None:
        """The fabric's interfaces; None while there is no fabric."""
        identity = namespaces.identity(self.namespace)
        if identity != self._identity:
            self.close()
        if identity is not None and self._links is None:
            with namespaces.inside(self.namespace):
                self._links = Links()
                # The socket is bound to the namespace where its first request is made.
                self._links.find("lo")
            self._identity = identity
        return self._links

    def see_bridge(self, bridge: str) -> BridgeSeen | None:
        """A bridge; it is ready when it is up and its traffic has a zone."""
        link = self.links.find(bridge) if self.links is not None else None
        if link is None:
            return None
        return BridgeSeen(link.mtu, link.is_up and bridge in self.ledger().zones)

    def list_bridges(self, network_id: str) -> list[str]:
        """Names of the bridges that carry this network's id."""
        if self.links is None:
            return []
        return [
            link.name
            for link in self.links.list()
            if link.alias == network_id and link.name.startswith("br")
        ]

    def find_master(self, name: str) -> tuple[Link | None, str | None]:
        """An interface, and the name of the bridge that it is plugged into."""
        links = self.links
        link = links.find(name) if links is not None else None
        if links is None or link is None or link.master is None:
            return link, None
        return link, links.name_of(link.master)

    def lay_bridge(self, step: LayBridge) -> None:
        """Make a bridge and its zone, or mend what differs. Repeatable."""
        links = self._make()
        ledger = self.ledger()
        if step.bridge not in ledger.zones:
            zone = choose_zone(step.segment, set(ledger.zones.values()))
            element = f'{{ "{step.bridge}" : {zone} }}'
            self._nft([f"add element inet {TABLE} zones {element}"])
            ledger.zones[step.bridge] = zone
        links.add_bridge(step.bridge, step.network_id)
        links.change(step.bridge, mtu=step.mtu, up=True)

    def remove_bridge(self, bridge: str) -> None:
        """Remove a bridge and its zone. Repeatable."""
        if self.links is None:
            return
        self.links.remove(bridge)
        ledger = self.ledger()
        if bridge in ledger.zones:
            self._nft([f'delete element inet {TABLE} zones {{ "{bridge}" }}'])
            del ledger.zones[bridge]

    def see_tap(self, port_id: str) -> TapSeen | None:
        """A port's tap. Raises `Conflict` when the name is another port's."""
        link, bridge = self.find_master(tap_name(port_id))
        if link is None:
            return None
        if link.alias not in ("", port_id):
            raise Conflict(f"cannot make a tap for port {port_id}: its name is taken by another")
        return TapSeen(link.index, bridge, link.mtu, link.is_up)

    def see_filter(self, port_id: str, tap: TapSeen | None) -> str | None:
        """Digest of the filter that is loaded for a port."""
        if self.links is None:
            return None
        loaded = self.ledger().filters.get(tap_name(port_id))
        if loaded is None:
            return None
        return loaded.digest if tap is not None and tap.number == loaded.number else STALE

    def make_tap(self, port_id: str) -> None:
        """Make a tap: down and unplugged. Repeatable."""
        links = self._make()
        with namespaces.inside(self.namespace):
            taps.make_tap(tap_name(port_id))
        links.set_alias(tap_name(port_id), port_id)

    def load_filter(self, step: LoadFilter) -> None:
        """Put a filter in the place of the former one, and forget what it no longer allows."""
        tap = self.see_tap(step.port_id)
        if tap is None:
            raise Unavailable(f"cannot filter port {step.port_id}: its tap is gone")
        ledger = self.ledger()
        name, filter = tap_name(step.port_id), step.filter
        zone = ledger.zones.get(step.bridge, 0)
        former = ledger.filters.get(name)
        lines = render_unload(former) if former is not None else []
        self._nft(lines + render_load(step.port_id, tap.number, zone, filter))
        loaded = LoadedFilter(name, tap.number, zone, filter.digest, filter.addresses)
        ledger.filters[name] = loaded
        # The flows of a tap that is not up are left over from whoever had its addresses before.
        self._named[name] = filter.set_ids
        self._forget([r for r in (former, loaded) if r is not None], filter if tap.is_up else None)

    def unload_filter(self, port_id: str) -> None:
        """Forget the flows of a port's addresses and take its filter away. Repeatable.

        In this order, because the record of the addresses goes with the filter.
        """
        if self.links is None:
            return
        ledger = self.ledger()
        former = ledger.filters.get(tap_name(port_id))
        if former is None:
            return
        self._forget([former], None)
        self._nft(render_unload(former))
        del ledger.filters[former.tap]
        self._named.pop(former.tap, None)

    def see_set(self, set_id: str) -> str | None:
        """Digest of the members that were last given to a set."""
        return self.ledger().sets.get(set_id) if self.links is not None else None

    def load_set(self, step: LoadSet) -> None:
        """Give a set its members, and forget the flows of those that it loses. Repeatable.

        What another rule still allows begins anew with its next packet.
        """
        self._make()
        ledger = self.ledger()
        before = self._members_of(step.set_id)
        self._nft(render_set(step.set_id, step.digest, step.members))
        ledger.sets[step.set_id] = step.digest
        self._members[step.set_id] = step.members
        lost = sorted(set(before) - set(step.members))
        if lost:
            self._forget_remotes(step.set_id, [ipaddress.ip_network(cidr) for cidr in lost])

    def remove_set(self, set_id: str) -> None:
        """Remove a set. Repeatable. Raises `Unavailable` while rules name it."""
        if self.links is not None and set_id in self.ledger().sets:
            self._nft(render_set_removal(set_id))
            self.ledger().sets.pop(set_id, None)
            self._members.pop(set_id, None)

    def _members_of(self, set_id: str) -> tuple[str, ...]:
        """The CIDRs of a set, read once in a run."""
        if set_id not in self._members:
            known = set_id in self.ledger().sets
            with namespaces.inside(self.namespace):
                self._members[set_id] = read_members(set_id) if known else ()
        return self._members[set_id]

    def _forget_remotes(self, set_id: str, lost: list[Network]) -> None:
        """Forget what ports whose rules name a set have with addresses that it lost."""
        for record in self.ledger().filters.values():
            if set_id not in self._named.get(record.tap, {set_id}):
                continue
            own = set(record.addresses)
            for tracked in self._flows(own, record.zone):
                ends = {tracked.flow.source, tracked.flow.destination} - own
                if any(ipaddress.ip_address(end) in one for end in ends for one in lost):
                    self._forget_flow(tracked)

    def plug_tap(self, step: PlugTap) -> None:
        """Put a tap into its bridge. Repeatable."""
        self._make().plug(tap_name(step.port_id), step.bridge, step.mtu)

    def raise_tap(self, port_id: str) -> None:
        """Bring a tap up. Repeatable."""
        self._make().change(tap_name(port_id), up=True)

    def remove_tap(self, port_id: str) -> None:
        """Remove a tap. Repeatable."""
        if self.links is not None:
            self.links.remove(tap_name(port_id))

    def lay_veth(self, name: str, namespace: str, bridge: str, mtu: int) -> None:
        """Lay a veth from a bridge to a namespace, where its end has the same name. Repeatable."""
        links = self._make()
        if links.find(name) is None:
            links.add_veth(name, namespace)
        self.plug_link(name, bridge, mtu)

    def plug_link(self, name: str, bridge: str, mtu: int) -> None:
        """Put an interface that is in the fabric into a bridge and bring it up. Repeatable."""
        self._make().plug(name, bridge, mtu, up=True)

    def remove_link(self, name: str) -> None:
        """Remove an interface. Repeatable."""
        if self.links is not None:
            self.links.remove(name)

    def ledger(self) -> Ledger:
        """What is loaded now."""
        if self._ledger is None:
            with namespaces.inside(self.namespace):
                self._ledger = read_ledger()
            self._members.clear()
        return self._ledger

    def _make(self) -> Links:
        """The fabric's interfaces, made with its tables when it is the first time."""
        links = self.links
        if links is not None and self._based_on == self._identity:
            return links
        _load_bridge_filter()
        namespaces.create(self.namespace)
        with namespaces.inside(self.namespace):
            _filter_bridged_traffic("1")
        links = self.links
        assert links is not None
        self._nft(render_base())
        self._ledger = None
        self._based_on = self._identity
        return links

    def _nft(self, lines: list[str]) -> None:
        try:
            with namespaces.inside(self.namespace):
                run_nft(lines)
        except Exception:
            self._ledger = None
            raise

    def _forget(self, records: list[LoadedFilter], kept_by: PortFilter | None) -> None:
        """Forget the flows of these records' addresses, but those that a filter would let begin."""
        addresses: dict[int, set[str]] = {}
        for record in records:
            addresses.setdefault(record.zone, set()).update(record.addresses)
        members = {id: self._members_of(id) for id in kept_by.set_ids} if kept_by else {}
        for zone, wanted in addresses.items():
            for tracked in self._flows(wanted, zone):
                if kept_by is None or not allows(kept_by, tracked.flow, members):
                    self._forget_flow(tracked)

    def _flows(self, addresses: set[str], zone: int) -> list[TrackedFlow]:
        """Flows from or to these addresses in one zone."""
        with self._tracking() as conntrack:
            return conntrack.list_flows(addresses, zone)

    def _forget_flow(self, tracked: TrackedFlow) -> None:
        with self._tracking() as conntrack:
            conntrack.forget_flow(tracked)

    @contextmanager
    def _tracking(self) -> Iterator[Conntrack]:
        if self._conntrack is None:
            with namespaces.inside(self.namespace):
                self._conntrack = Conntrack()
        try:
            yield self._conntrack
        except OSError:
            # An answer that was read half would be taken for the next one's.
            self._conntrack.close()
            self._conntrack = None
            raise


def _load_bridge_filter() -> None:
    """Load br_netfilter where it is a module, and leave the machine's own bridges without it."""
    if _BRIDGE_SYSCTLS.is_dir():
        return
    with suppress(FileNotFoundError):
        subprocess.run(["modprobe", "br_netfilter"], check=False, timeout=10)
    _filter_bridged_traffic("0")


def _filter_bridged_traffic(switch: str) -> None:
    """Whether bridged packets pass the inet hooks, in the calling thread's namespace."""
    for group, value in (("ip", switch), ("ip6", switch), ("arp", "0")):
        namespaces.set_sysctl(f"net/bridge/bridge-nf-call-{group}tables", value)
