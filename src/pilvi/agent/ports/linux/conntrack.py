"""The connections that the kernel remembers, read and forgotten through ctnetlink.

The kernel is asked for the flows of one address in one zone, so that the cost does not grow with
the traffic of others; kernels that cannot select give all, and the selection is made here.
"""

import ipaddress
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pilvi.agent.ports.port_rules import Flow

_NETLINK_NETFILTER = 12
_GET = (1 << 8) | 1
_DELETE = (1 << 8) | 2
_NLMSG_ERROR = 2
_NLMSG_DONE = 3
_REQUEST = 1
_ACK = 4
_DUMP = 0x300

_TUPLE_ORIG, _ID, _ZONE, _FILTER = 1, 12, 18, 25
_TUPLE_IP, _TUPLE_PROTO = 1, 2
_IP_SOURCE, _IP_DESTINATION = 1, 2
_PROTO_NUMBER, _DESTINATION_PORT, _ICMP_TYPE, _ICMP_CODE = 1, 3, 5, 6
_FILTER_ORIG = 1
_FILTER_SOURCE, _FILTER_DESTINATION = 1, 2

RECEIVE_BYTES = 1 << 20
"""Larger than any single answer of the kernel's dump."""


@dataclass(frozen=True, slots=True)
class TrackedFlow:
    """A flow and what the kernel knows it by."""

    flow: Flow
    zone: int
    key: bytes
    """Attributes that name this flow in a request."""


def list_flows(address: str, zone: int) -> list[TrackedFlow]:
    """Flows from or to an address in one zone, in the calling thread's namespace."""
    found: dict[bytes, TrackedFlow] = {}
    for place in (_IP_SOURCE, _IP_DESTINATION):
        try:
            flows = _dump(_selection(address, place))
        except OSError:
            flows = _dump(b"")
        for tracked in flows:
            ends = (tracked.flow.source, tracked.flow.destination)
            if tracked.zone == zone and address in ends:
                found[tracked.key] = tracked
    return list(found.values())


def forget_flow(tracked: TrackedFlow) -> None:
    """Let the kernel forget a flow: its next packet counts as new. Repeatable."""
    with _open() as netlink:
        netlink.send(_request(_DELETE, _REQUEST | _ACK, tracked.key))
        for kind, payload in _messages(netlink.recv(RECEIVE_BYTES)):
            if kind == _NLMSG_ERROR:
                code = -struct.unpack_from("i", payload)[0]
                if code not in (0, 2):
                    raise OSError(code, os.strerror(code))


def _dump(selection: bytes) -> list[TrackedFlow]:
    flows: list[TrackedFlow] = []
    with _open() as netlink:
        netlink.send(_request(_GET, _REQUEST | _DUMP, selection))
        while True:
            for kind, payload in _messages(netlink.recv(RECEIVE_BYTES)):
                if kind == _NLMSG_DONE:
                    return flows
                if kind == _NLMSG_ERROR:
                    code = -struct.unpack_from("i", payload)[0]
                    raise OSError(code, os.strerror(code))
                flows.append(_parse(payload[4:]))


def _open() -> socket.socket:
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
    netlink.settimeout(5.0)
    netlink.bind((0, 0))
    return netlink


def _selection(address: str, place: int) -> bytes:
    ip = _attribute(place, ipaddress.IPv4Address(address).packed)
    flag = _FILTER_SOURCE if place == _IP_SOURCE else _FILTER_DESTINATION
    return _nested(_TUPLE_ORIG, _nested(_TUPLE_IP, ip)) + _nested(
        _FILTER, _attribute(_FILTER_ORIG, struct.pack("I", flag)) + _attribute(2, bytes(4))
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
    zone = struct.unpack("!H", top[_ZONE])[0] if _ZONE in top else 0
    key = _nested(_TUPLE_ORIG, top[_TUPLE_ORIG])
    for name in (_ZONE, _ID):
        if name in top:
            key += _attribute(name, top[name])
    source = str(ipaddress.IPv4Address(ip[_IP_SOURCE]))
    destination = str(ipaddress.IPv4Address(ip[_IP_DESTINATION]))
    return TrackedFlow(Flow(protocol, source, destination, first, last), zone, key)


def _request(kind: int, flags: int, attributes: bytes) -> bytes:
    family = struct.pack("BBH", socket.AF_INET, 0, 0)
    length = 16 + len(family) + len(attributes)
    return struct.pack("IHHII", length, kind, flags, 1, 0) + family + attributes


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
