"""The connections that the kernel remembers, read and forgotten through ctnetlink.

The kernel is asked for the flows of one zone, so that what is read does not grow with the traffic
of other networks; a kernel that cannot select gives all, and the selection is made here. It walks
its whole table either way, which takes about 5 ms for 262,144 buckets.
"""

import ipaddress
import os
import socket
import struct
from collections.abc import Iterator, Set
from dataclasses import dataclass

from pilvi.agent.ports.port_rules import Flow

_NETLINK_NETFILTER = 12
_GET = (1 << 8) | 1
_DELETE = (1 << 8) | 2
_NLMSG_ERROR = 2
_GONE = 2
_NLMSG_DONE = 3
_REQUEST = 1
_ACK = 4
_DUMP = 0x300

_TUPLE_ORIG, _ID, _ZONE, _FILTER = 1, 12, 18, 25
_TUPLE_IP, _TUPLE_PROTO, _TUPLE_ZONE = 1, 2, 3
_IP_SOURCE, _IP_DESTINATION, _IP6_SOURCE, _IP6_DESTINATION = 1, 2, 3, 4
_PROTO_NUMBER, _DESTINATION_PORT, _ICMP_TYPE, _ICMP_CODE = 1, 3, 5, 6
_ICMP6_TYPE, _ICMP6_CODE = 8, 9
_FILTER_ORIG, _FILTER_REPLY = 1, 2
_FILTER_ZONE = 4

RECEIVE_BYTES = 1 << 20
"""Larger than any single answer of the kernel's dump."""


@dataclass(frozen=True, slots=True)
class TrackedFlow:
    """A flow and what the kernel knows it by."""

    flow: Flow
    zone: int
    key: bytes
    """Attributes that name this flow in a request."""


class Conntrack:
    """The flows of the namespace in which this was made. Used by one thread only.

    One socket is kept: closing one costs milliseconds.
    """

    def __init__(self) -> None:
        self._netlink = _open()
        self.selects = True
        """Whether the kernel selects; becomes false when it says that it cannot."""

    def close(self) -> None:
        """Close the socket; an open one keeps its namespace alive."""
        self._netlink.close()

    def list_flows(self, addresses: Set[str], zone: int) -> list[TrackedFlow]:
        """Flows from or to these addresses in one zone."""
        families = {socket.AF_INET6 if ":" in one else socket.AF_INET for one in addresses}
        return [
            tracked
            for family in sorted(families)
            for tracked in self._dump(zone, family)
            if tracked.zone == zone
            and not addresses.isdisjoint((tracked.flow.source, tracked.flow.destination))
        ]

    def forget_flow(self, tracked: TrackedFlow) -> None:
        """Let the kernel forget a flow: its next packet counts as new. Repeatable."""
        family = socket.AF_INET6 if ":" in tracked.flow.source else socket.AF_INET
        code = self._ask(_request(_DELETE, _REQUEST | _ACK, tracked.key, family), [])
        if code not in (0, _GONE):
            raise OSError(code, os.strerror(code))

    def _dump(self, zone: int, family: int) -> list[TrackedFlow]:
        flows: list[TrackedFlow] = []
        if self.selects:
            selected = _request(_GET, _REQUEST | _DUMP, _selection(zone), family)
            if self._ask(selected, flows) == 0:
                return flows
            self.selects = False
        code = self._ask(_request(_GET, _REQUEST | _DUMP, b"", family), flows)
        if code != 0:
            raise OSError(code, os.strerror(code))
        return flows

    def _ask(self, request: bytes, flows: list[TrackedFlow]) -> int:
        """Send a request and read its whole answer; an error's number, or 0."""
        self._netlink.send(request)
        while True:
            for kind, payload in _messages(self._netlink.recv(RECEIVE_BYTES)):
                if kind in (_NLMSG_DONE, _NLMSG_ERROR):
                    return -int(struct.unpack_from("i", payload)[0]) if len(payload) >= 4 else 0
                flows.append(_parse(payload[4:]))


def _open() -> socket.socket:
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
    netlink.settimeout(5.0)
    netlink.bind((0, 0))
    return netlink


def _selection(zone: int) -> bytes:
    """Attributes that ask for the flows of one zone (Linux 5.8)."""
    number = _attribute(_TUPLE_ZONE, struct.pack("!H", zone))
    flags = _attribute(_FILTER_ORIG, struct.pack("I", _FILTER_ZONE))
    return _nested(_TUPLE_ORIG, number) + _nested(
        _FILTER, flags + _attribute(_FILTER_REPLY, bytes(4))
    )


def _parse(attributes: bytes) -> TrackedFlow:
    top = dict(_attributes(attributes))
    original = dict(_attributes(top[_TUPLE_ORIG]))
    ip = dict(_attributes(original[_TUPLE_IP]))
    proto = dict(_attributes(original[_TUPLE_PROTO]))
    protocol = proto[_PROTO_NUMBER][0]
    first = last = -1
    if _DESTINATION_PORT in proto:
        first = last = struct.unpack("!H", proto[_DESTINATION_PORT])[0]
    elif _ICMP_TYPE in proto:
        first, last = proto[_ICMP_TYPE][0], proto[_ICMP_CODE][0]
    elif _ICMP6_TYPE in proto:
        first, last = proto[_ICMP6_TYPE][0], proto[_ICMP6_CODE][0]
    zone = struct.unpack("!H", top[_ZONE])[0] if _ZONE in top else 0
    key = _nested(_TUPLE_ORIG, top[_TUPLE_ORIG])
    for name in (_ZONE, _ID):
        if name in top:
            key += _attribute(name, top[name])
    ends = [
        ip.get(_IP_SOURCE, ip.get(_IP6_SOURCE)),
        ip.get(_IP_DESTINATION, ip.get(_IP6_DESTINATION)),
    ]
    source, destination = (str(ipaddress.ip_address(end or bytes(4))) for end in ends)
    return TrackedFlow(Flow(protocol, source, destination, first, last), zone, key)


def _request(kind: int, flags: int, attributes: bytes, family: int) -> bytes:
    head = struct.pack("BBH", family, 0, 0)
    length = 16 + len(head) + len(attributes)
    return struct.pack("IHHII", length, kind, flags, 1, 0) + head + attributes


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 16:
        length, kind = struct.unpack_from("IH", data)
        yield kind, data[16:length]
        data = data[(length + 3) & ~3 :]


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        length, kind = struct.unpack_from("HH", data)
        yield kind & 0x3FFF, data[4:length]
        data = data[(length + 3) & ~3 :]


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def _nested(kind: int, value: bytes) -> bytes:
    return _attribute(kind | 0x8000, value)
