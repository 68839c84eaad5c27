"""Measures the hops of a trace with packets of its own, sent from the bridge of a network.

It looks with its own eyes and not at what the driver remembers. A packet that the bridge itself
sends reaches every tap, DHCP server and router that is plugged in, as a guest's does; what it
asks for changes nothing: ARP requests without an address of a sender (RFC 5227), DHCP discovers
whose offer nobody takes, a GET.
"""

import asyncio
import fcntl
import http.client
import random
import re
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.linux.fabric import Fabric
from pilvi.agent.ports.linux.links import Link, links_of
from pilvi.agent.ports.linux.nft import count_rules, list_elements
from pilvi.agent.ports.linux.purge import networks_dir
from pilvi.agent.ports.metadata_tree import document_name
from pilvi.agent.ports.names import CloudNames, tap_name
from pilvi.agent.ports.port_rules import METADATA_ADDRESS, TABLE, port_filter
from pilvi.agent.ports.port_tables import render_load
from pilvi.agent.ports.probes import (
    BridgeProbe,
    DhcpProbe,
    Finding,
    FloatingProbe,
    GuestProbe,
    MetadataProbe,
    Probe,
    RouterProbe,
    RulesProbe,
    TapProbe,
)
from pilvi.agent.ports.router_rules import TABLE as ROUTER_TABLE
from pilvi.settings import Settings

# Seconds that an answer may take, and how often it is asked for. Lower: a busy host's hops seem
# broken; higher: a broken hop is told later.
ANSWER_S = 1.0
TRIES = 3
HTTP_S = 5.0

_SIOCGIFFLAGS = 0x8913
_IFF_RUNNING = 0x40
_ARP, _IPV4 = 0x0806, 0x0800
_EVERYBODY = b"\xff" * 6
_RULE = re.compile(r"add rule (\w+) (\w+) (\S+) ")


class LinuxProber:
    """Keeps `Prober`."""

    def __init__(self, settings: Settings) -> None:
        self._names = CloudNames(settings.name_prefix)
        self._folder = networks_dir(settings)

    async def measure(self, probe: Probe) -> Finding:
        """See `Prober`; in a thread, for it waits for packets."""
        return await asyncio.to_thread(self._measure, probe)

    def _measure(self, probe: Probe) -> Finding:
        match probe:
            case TapProbe():
                return self._look_at_tap(probe)
            case RulesProbe():
                return self._look_at_rules(probe)
            case BridgeProbe():
                return self._look_at_bridge(probe)
            case DhcpProbe():
                return self._ask_dhcp(probe)
            case MetadataProbe():
                return self._ask_metadata(probe)
            case RouterProbe():
                return self._ask_router(probe)
            case FloatingProbe():
                return self._ask_floating(probe)
            case GuestProbe():
                took = self._ask_who_has(self._names.fabric, probe.bridge, probe.address)
                return _answered(f"the guest for {probe.address}", took)

    def _look_at_tap(self, probe: TapProbe) -> Finding:
        link = self._find(probe.tap)
        if link is None:
            return Finding(False, f"the tap {probe.tap} is missing")
        if probe.is_up and not link.is_up:
            return Finding(False, f"the tap {probe.tap} is down")
        with namespaces.inside(self._names.fabric):
            is_held = _has_carrier(probe.tap)
        if probe.is_up and not is_held:
            return Finding(False, f"no guest holds the tap {probe.tap}: it has no carrier")
        return Finding(True, f"{probe.tap} is up, and a guest holds it")

    def _find(self, name: str) -> Link | None:
        with links_of(self._names.fabric) as links:
            return links.find(name)

    def _look_at_rules(self, probe: RulesProbe) -> Finding:
        """Every chain with as many rules as it should have, and the maps that lead into them."""
        filter = port_filter(probe.port)
        if filter is None:
            return Finding(True, "its port has no rules: everything passes")
        fabric = Fabric(self._names.fabric)
        try:
            tap = fabric.see_tap(probe.port.port_id)
            if tap is None:
                return Finding(False, "without its tap it cannot be filtered")
            zone = fabric.ledger().zones.get(probe.bridge, 0)
        finally:
            fabric.close()
        lines = render_load(probe.port.port_id, tap.number, zone, filter)
        wanted: dict[tuple[str, str, str], int] = {}
        for line in lines:
            if (found := _RULE.match(line)) is not None:
                key = (found[1], found[2], found[3])
                wanted[key] = wanted.get(key, 0) + 1
        with namespaces.inside(self._names.fabric):
            there = count_rules()
            led = {_key(one) for one in list_elements("map", "inet", TABLE, "to_guests") or []}
        missing = [
            f"{family} {chain}: {there.get((family, table, chain), 0)} of {count} rules"
            for (family, table, chain), count in wanted.items()
            if there.get((family, table, chain), 0) < count
        ]
        is_secure = probe.port.port_security
        if is_secure and str(tap.number) not in led:
            missing.append(f"nothing leads packets to the rules of {tap_name(probe.port.port_id)}")
        if missing:
            return Finding(False, f"rules are missing: {'; '.join(missing)}")
        return Finding(True, f"{sum(wanted.values())} rules in {len(wanted)} chains are loaded")

    def _look_at_bridge(self, probe: BridgeProbe) -> Finding:
        with links_of(self._names.fabric) as links:
            bridge, tap = links.find(probe.bridge), links.find(probe.tap)
        if bridge is None or not bridge.is_up:
            state = "missing" if bridge is None else "down"
            return Finding(False, f"the bridge {probe.bridge} is {state}")
        if tap is not None and tap.master != bridge.index:
            return Finding(False, f"the tap {probe.tap} is not plugged into {probe.bridge}")
        if bridge.mtu != probe.mtu:
            return Finding(False, f"{probe.bridge} has the MTU {bridge.mtu}, not {probe.mtu}")
        return Finding(True, f"{probe.bridge} is up with the MTU {bridge.mtu}")

    def _ask_dhcp(self, probe: DhcpProbe) -> Finding:
        """A discover with the guest's hardware address, from the bridge's own."""
        client = bytes.fromhex(probe.mac.replace(":", ""))
        number = random.getrandbits(32)

        def offered(frame: bytes) -> str | None:
            return read_offer(frame, number, client)

        where = (self._names.fabric, probe.bridge, _IPV4)
        ask = partial(make_discover, client=client, number=number)
        offer, took = self._talk(where, ask, offered)
        if offer is None:
            return Finding(False, "nobody answers a DHCP request with the guest's MAC")
        if offer != probe.address:
            words = f"DHCP offers {offer}, and the port has {probe.address}"
            return Finding(False, words, took)
        return Finding(True, f"a request with the guest's MAC is offered {offer}", took)

    def _ask_metadata(self, probe: MetadataProbe) -> Finding:
        took = self._ask_who_has(self._names.fabric, probe.bridge, probe.dhcp_address)
        if took is None:
            return _answered(f"the metadata server's address {probe.dhcp_address}", None)
        began = time.monotonic()
        client = http.client.HTTPConnection(METADATA_ADDRESS, timeout=HTTP_S)
        with namespaces.inside(self._names.dhcp(probe.network_id)):
            client.sock = socket.socket()
        try:
            client.sock.settimeout(HTTP_S)
            client.sock.connect((METADATA_ADDRESS, 80))
            client.request("GET", "/")
            status = client.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            words = f"the metadata server does not answer: {type(error).__name__}"
            return Finding(False, words)
        finally:
            client.close()
        took = (time.monotonic() - began) * 1000
        folder = self._folder / probe.network_id
        if not any(folder.rglob(document_name(probe.address))):
            return Finding(False, f"it has no document for {probe.address}", took)
        return Finding(True, f"it answers (HTTP {status}) and has the guest's document", took)

    def _ask_router(self, probe: RouterProbe) -> Finding:
        space = self._names.router(probe.router_id)
        if not namespaces.exists(space):
            return Finding(False, f"the namespace of the router {probe.router_id} is missing")
        took = self._ask_who_has(self._names.fabric, probe.bridge, probe.address)
        if took is None:
            return _answered(f"the router for {probe.address}", None)
        if probe.gateway_leg and probe.next_hop:
            outside = self._ask_who_has(space, probe.gateway_leg, probe.next_hop)
            if outside is None:
                return _answered(f"the next hop {probe.next_hop} beyond the router", None)
            words = f"it answers for {probe.address}, and the next hop {probe.next_hop} does"
            return Finding(True, words, took)
        return Finding(True, f"it answers for {probe.address}; it has no way out", took)

    def _ask_floating(self, probe: FloatingProbe) -> Finding:
        space = self._names.router(probe.router_id)
        with namespaces.inside(space):
            pairs = list_elements("map", "ip", ROUTER_TABLE, "floating_to_fixed") or []
        if [probe.floating_address, probe.fixed_address] not in [list(one) for one in pairs]:
            words = f"{probe.floating_address} is not translated to {probe.fixed_address}"
            return Finding(False, words)
        took = self._ask_who_has(self._names.fabric, probe.bridge, probe.floating_address)
        return _answered(f"the router for {probe.floating_address} outside", took)

    def _ask_who_has(self, space: str, interface: str, address: str) -> float | None:
        """Milliseconds until somebody answers for an IPv4 address; None when nobody does."""
        wanted = socket.inet_aton(address)

        def answered(frame: bytes) -> str | None:
            return read_arp_reply(frame, wanted)

        ask = (space, interface, _ARP)
        found, took = self._talk(ask, lambda own: make_arp_request(own, wanted), answered)
        return None if found is None else took

    def _talk(
        self,
        where: tuple[str, str, int],
        make: Callable[[bytes], bytes],
        read: Callable[[bytes], str | None],
    ) -> tuple[str | None, float]:
        """Send frames from an interface until one is answered; the answer and its milliseconds."""
        space, interface, protocol = where
        with namespaces.inside(space):
            link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
        with link:
            link.bind((interface, protocol))
            own = link.getsockname()[4]
            for _ in range(TRIES):
                began = time.monotonic()
                link.send(make(own))
                while (left := began + ANSWER_S - time.monotonic()) > 0:
                    link.settimeout(left)
                    with suppress(TimeoutError):
                        found = read(link.recv(2048))
                        if found is not None:
                            return found, (time.monotonic() - began) * 1000
        return None, 0.0


def _answered(who: str, took: float | None) -> Finding:
    if took is None:
        return Finding(False, f"{who} does not answer ARP")
    return Finding(True, f"{who} answers ARP", took)


def _key(element: object) -> str:
    """The key of a map's element, as nft's JSON gives it."""
    assert isinstance(element, list)
    return str(element[0])


def _has_carrier(interface: str) -> bool:
    """Whether an interface of the calling thread's namespace is in use at its other end."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        request = struct.pack("16sH22x", interface.encode(), 0)
        answer = fcntl.ioctl(asker, _SIOCGIFFLAGS, request)
    return bool(struct.unpack_from("16xH", answer)[0] & _IFF_RUNNING)


def make_arp_request(own: bytes, address: bytes) -> bytes:
    """A probe: who has an address? It names no sender's address (RFC 5227, 2.1.1). Pure."""
    head = _EVERYBODY + own + struct.pack("!HHHBBH", _ARP, 1, _IPV4, 6, 4, 1)
    return head + own + bytes(4) + bytes(6) + address


def read_arp_reply(frame: bytes, address: bytes) -> str | None:
    """The MAC that a reply gives for an address; None for any other frame. Pure."""
    if len(frame) < 42 or frame[12:14] != b"\x08\x06" or frame[20:22] != b"\x00\x02":
        return None
    return frame[22:28].hex(":") if frame[28:32] == address else None


def make_discover(own: bytes, client: bytes, number: int) -> bytes:
    """A DHCP discover (RFC 2131) with a client's hardware address, answered to everybody. Pure."""
    dhcp = struct.pack("!BBBBIHH", 1, 1, 6, 0, number, 0, 0x8000) + bytes(16)
    dhcp += client + bytes(10 + 64 + 128) + b"\x63\x82\x53\x63" + b"\x35\x01\x01\xff"
    udp = struct.pack("!HHHH", 68, 67, 8 + len(dhcp), 0) + dhcp
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0)
    ip += bytes(4) + b"\xff" * 4
    ip = ip[:10] + struct.pack("!H", _checksum(ip)) + ip[12:]
    return _EVERYBODY + own + struct.pack("!H", _IPV4) + ip + udp


def read_offer(frame: bytes, number: int, client: bytes) -> str | None:
    """The address that an answer to a discover offers; None for any other frame. Pure."""
    if len(frame) < 14 + 20 + 8 + 240 or frame[12:14] != b"\x08\x00" or frame[23] != 17:
        return None
    start = 14 + 4 * (frame[14] & 15)
    if struct.unpack_from("!HH", frame, start) != (67, 68):
        return None
    dhcp = frame[start + 8 :]
    if len(dhcp) < 240 or dhcp[0] != 2 or struct.unpack_from("!I", dhcp, 4)[0] != number:
        return None
    return socket.inet_ntoa(dhcp[16:20]) if dhcp[28:34] == client else None


def _checksum(header: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
