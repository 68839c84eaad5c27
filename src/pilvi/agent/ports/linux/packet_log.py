"""What the rules of ports tell of packets, read from the kernel and written down on the host.

A rule says `log group`; the kernel hands such packets to whoever listens to that group in the same
namespace (nfnetlink_log). One thread listens and writes a line of JSON for each: when, which port,
whether it was let through, and from where to where. Nothing of what a packet carries is kept.
"""

import contextlib
import errno
import ipaddress
import json
import socket
import struct
import threading
import time
from pathlib import Path

import structlog

from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.port_tables import LOG_GROUP

log = structlog.get_logger()

LOG_BYTES_MAX = 16 << 20
"""Size at which the file becomes the former one. Lower: less is kept; higher: more disk."""

_NETLINK_NETFILTER = 12
_PACKET, _CONFIG = 4 << 8, 4 << 8 | 1
_REQUEST, _ACK, _ERROR = 1, 4, 2
_BIND = 1
_COPY_PACKET = 2
_CFG_CMD, _CFG_MODE, _CFG_TIMEOUT = 1, 2, 4
_PAYLOAD, _PREFIX = 9, 10
_HEADER_BYTES = 64
"""Enough of a packet for its addresses and ports."""
_TIMEOUT_CENTISECONDS = 10
_RECEIVE_BYTES = 1 << 18
_LOOK_S = 0.5
_WITH_PORTS = (6, 17, 33, 132, 136)


class PacketLog:
    """The listener of one cloud's fabric, and its file."""

    def __init__(self, namespace: str, path: Path) -> None:
        self._namespace = namespace
        self._path = path
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def ensure(self) -> None:
        """Listen, if nobody does yet and there is something to listen to. Repeatable."""
        if self._thread is not None and self._thread.is_alive():
            return
        if not namespaces.exists(self._namespace):
            return
        with namespaces.inside(self._namespace):
            netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
        try:
            _subscribe(netlink)
        except OSError as error:
            netlink.close()
            log.warning("cannot read what rules of ports tell", detail=str(error))
            return
        self._stopped.clear()
        self._thread = threading.Thread(target=self._listen, args=(netlink,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more. Repeatable."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _listen(self, netlink: socket.socket) -> None:
        with netlink:
            while not self._stopped.is_set():
                try:
                    data = netlink.recv(_RECEIVE_BYTES)
                except TimeoutError:
                    continue
                except OSError as error:
                    if error.errno == errno.ENOBUFS:
                        # More came than could be read: what is missing is not known.
                        continue
                    log.warning("reading what rules of ports tell ended", detail=str(error))
                    return
                lines = [json.dumps(entry) for entry in parse_packets(data)]
                if lines:
                    self._write(lines)

    def _write(self, lines: list[str]) -> None:
        try:
            with contextlib.suppress(FileNotFoundError):
                if self._path.stat().st_size > LOG_BYTES_MAX:
                    self._path.replace(self._path.with_suffix(".log.1"))
            self._path.touch(mode=0o600)
            with self._path.open("a") as file:
                file.write("\n".join(lines) + "\n")
        except OSError as error:
            log.warning("cannot write down what rules of ports tell", detail=str(error))


def parse_packets(data: bytes) -> list[dict[str, str | int]]:
    """The entries that one answer of the kernel holds. Pure but for the time."""
    entries = []
    while len(data) >= 20:
        length, kind = struct.unpack_from("=IH", data)
        if length < 16:
            break
        if kind == _PACKET:
            attributes = _attributes(data[20:length])
            prefix = attributes.get(_PREFIX, b"").rstrip(b"\0").decode("ascii", "replace")
            event, _, rest = prefix.partition(" ")
            direction, _, port_id = rest.partition(" ")
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            entry: dict[str, str | int] = {"time": moment, "port_id": port_id, "event": event}
            packet = parse_packet(attributes.get(_PAYLOAD, b""))
            entries.append({**entry, "direction": direction, **packet})
        data = data[(length + 3) & ~3 :]
    return entries


def parse_packet(packet: bytes) -> dict[str, str | int]:
    """From where to where a packet goes; nothing for what is none. Pure."""
    if not packet:
        return {}
    version = packet[0] >> 4
    if version == 4 and len(packet) >= 20:
        protocol, start = packet[9], (packet[0] & 15) * 4
        ends = packet[12:16], packet[16:20]
    elif version == 6 and len(packet) >= 40:
        protocol, start = packet[6], 40
        ends = packet[8:24], packet[24:40]
    else:
        return {}
    source, destination = (str(ipaddress.ip_address(end)) for end in ends)
    found: dict[str, str | int] = {
        "source": source,
        "destination": destination,
        "protocol": protocol,
    }
    if protocol in _WITH_PORTS and len(packet) >= start + 4:
        ports = struct.unpack_from("!HH", packet, start)
        found |= {"source_port": ports[0], "destination_port": ports[1]}
    return found


def _attributes(data: bytes) -> dict[int, bytes]:
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind & 0x7FFF] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


def _subscribe(netlink: socket.socket) -> None:
    """Ask for the packets of the group, as much of each as its header. Raises `OSError`."""
    netlink.settimeout(_LOOK_S)
    netlink.bind((0, 0))
    settings = (
        (_CFG_CMD, struct.pack("=B", _BIND)),
        (_CFG_MODE, struct.pack("!IBx", _HEADER_BYTES, _COPY_PACKET)),
        (_CFG_TIMEOUT, struct.pack("!I", _TIMEOUT_CENTISECONDS)),
    )
    for kind, value in settings:
        attribute = struct.pack("=HH", 4 + len(value), kind) + value
        attribute += bytes(-len(attribute) % 4)
        body = struct.pack("!BBH", socket.AF_UNSPEC, 0, LOG_GROUP) + attribute
        netlink.send(struct.pack("=IHHII", 16 + len(body), _CONFIG, _REQUEST | _ACK, 1, 0) + body)
        code = _answer(netlink)
        if code:
            raise OSError(-code, "the kernel does not hand out packets of rules")


def _answer(netlink: socket.socket) -> int:
    """The kernel's answer to a request; packets that come before it are left out."""
    while True:
        answer = netlink.recv(_RECEIVE_BYTES)
        length, kind, _, _, _, code = struct.unpack_from("=IHHIIi", answer)
        if kind == _ERROR and length >= 20:
            return int(code)
