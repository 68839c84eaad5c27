"""A guest without QEMU: a namespace whose network card is joined to a port's real tap.

A thread carries frames between two taps, one in the cloud's fabric (opened as QEMU opens it) and
one in the guest's namespace, where the kernel plays the guest.
"""

import asyncio
import contextlib
import http.client
import os
import select
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from agent.ports.small_host import SmallHost, network, port, uuid
from pilvi.agent.ports.linux import namespaces, taps
from pilvi.agent.ports.port_rules import METADATA_ADDRESS
from pilvi.errors import Unavailable
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import PortSpec

FRAME_BYTES_MAX = 70_000

DHCP_SCRIPT = """#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr flush dev $interface
ip addr add $ip/$mask dev $interface
ip link set $interface mtu $mtu
set -- $staticroutes
while [ $# -ge 2 ]; do ip route replace $1 via $2; shift 2; done
echo "lease ip=$ip mask=$mask mtu=$mtu router=$router dns=$dns routes=$staticroutes"
"""


@dataclass
class Ran:
    """What a command in the guest answered."""

    ok: bool
    output: str


class VirtualGuest:
    """One guest."""

    def __init__(self, name: str, mac: str, tap: int, folder: Path) -> None:
        self.name = name
        self._tap = tap
        self._folder = folder
        namespaces.create(name)
        with namespaces.inside(name):
            taps.make_tap("eth0")
        self._card = self._open_card()
        done = self._run(f"ip link set lo up; ip link set eth0 address {mac} up")
        assert done.ok, done.output
        self._listeners: list[socket.socket] = []
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Pull the plug and remove the guest."""
        os.close(self._stop_write)
        self._thread.join()
        for descriptor in (self._tap, self._card, self._stop_read):
            os.close(descriptor)
        for listener in self._listeners:
            listener.close()
        namespaces.remove(self.name)

    async def run(self, command: str, timeout_s: float = 15) -> Ran:
        """Run a shell command in the guest."""
        return await asyncio.to_thread(self._run, command, timeout_s)

    def _run(self, command: str, timeout_s: float = 15) -> Ran:
        with namespaces.inside(self.name):
            child = subprocess.Popen(
                ["sh", "-c", command],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        try:
            output, _ = child.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            output, _ = child.communicate()
            return Ran(False, output + " (timed out)")
        return Ran(child.returncode == 0, output)

    async def ask_dhcp(self) -> Ran:
        """Obtain and use a lease, as busybox does."""
        script = self._folder / "udhcpc.sh"
        script.write_text(DHCP_SCRIPT)
        script.chmod(0o755)
        options = "-O staticroutes -O mtu -O dns -O router"
        return await self.run(f"busybox udhcpc -f -i eth0 -n -q -t 4 -T 1 {options} -s {script}")

    def _open_card(self) -> int:
        # A process that was forked while the tap was made holds it until it runs its program.
        for _ in range(40):
            with contextlib.suppress(Unavailable):
                return taps.open_tap(self.name, "eth0")
            time.sleep(0.025)
        return taps.open_tap(self.name, "eth0")

    async def set_address(self, address: str) -> None:
        """Use an address without asking anybody."""
        done = await self.run(f"ip addr flush dev eth0; ip addr add {address} dev eth0")
        assert done.ok, done.output

    async def pings(self, address: str) -> bool:
        """Whether an address answers one of two pings."""
        return (await self.run(f"busybox ping -c 2 -i 0.2 -W 1 {address}")).ok

    async def fetch(self, path: str) -> str:
        """What the metadata server answers under a path; empty for an error."""
        return await asyncio.to_thread(self._fetch, path)

    def _fetch(self, path: str) -> str:
        client = http.client.HTTPConnection(METADATA_ADDRESS)
        # The server's interpreter may still be starting; its socket takes connections already.
        client.sock = self._connect(METADATA_ADDRESS, 80, timeout_s=10.0)
        try:
            client.request("GET", path)
            answer = client.getresponse()
            return answer.read().decode() if answer.status == 200 else ""
        finally:
            client.close()

    async def reaches(self, address: str, number: int) -> bool:
        """Whether a TCP port can be connected to."""
        connection = await asyncio.to_thread(self._connect, address, number)
        if connection is not None:
            connection.close()
        return connection is not None

    async def connect(self, address: str, number: int) -> socket.socket:
        """A connection to a TCP port."""
        connection = await asyncio.to_thread(self._connect, address, number, 10.0)
        assert connection is not None, f"{self.name} cannot connect to {address}:{number}"
        return connection

    def _connect(self, address: str, number: int, timeout_s: float = 1.0) -> socket.socket | None:
        with namespaces.inside(self.name):
            connection = socket.socket()
        connection.settimeout(timeout_s)
        try:
            connection.connect((address, number))
        except OSError:
            connection.close()
            return None
        return connection

    def open_udp(self, number: int) -> socket.socket:
        """A UDP socket on a port, until the guest is closed."""
        with namespaces.inside(self.name):
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind(("0.0.0.0", number))
        opened.settimeout(1.0)
        self._listeners.append(opened)
        return opened

    def listen(self, number: int) -> socket.socket:
        """Take connections on a TCP port until the guest is closed."""
        with namespaces.inside(self.name):
            listener = socket.socket()
        listener.bind(("0.0.0.0", number))
        listener.listen(8)
        listener.settimeout(2.0)
        self._listeners.append(listener)
        return listener

    def _carry(self) -> None:
        other = {self._tap: self._card, self._card: self._tap}
        poll = select.poll()
        for descriptor in (self._tap, self._card, self._stop_read):
            poll.register(descriptor, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self._stop_read:
                    return
                try:
                    os.write(other[descriptor], os.read(descriptor, FRAME_BYTES_MAX))
                except BlockingIOError:
                    continue
                except OSError:
                    # The tap was removed from under its guest.
                    poll.unregister(descriptor)


class Guests:
    """The virtual guests of one test."""

    def __init__(self, host: SmallHost, folder: Path) -> None:
        self._host = host
        self._folder = folder
        self.all: list[VirtualGuest] = []

    async def boot(self, spec: PortSpec, *, dhcp: bool = True) -> VirtualGuest:
        """Wish for a port, wait for its tap, and put a guest on it."""
        self._host.assign(Kind.PORT, spec.port_id, spec)
        await self._host.settle()
        name = f"{self._host.settings.name_prefix}g{len(self.all)}"
        tap = self._host.driver.open_tap(spec.port_id)
        try:
            guest = await asyncio.to_thread(VirtualGuest, name, spec.mac, tap, self._folder)
        except BaseException:
            namespaces.remove(name)
            raise
        self.all.append(guest)
        if dhcp:
            lease = await guest.ask_dhcp()
            assert lease.ok, lease.output
        return guest

    async def pair(self, **changes: object) -> tuple[VirtualGuest, VirtualGuest]:
        """Guests 11 and 12 on network 1; the changes are the second one's."""
        self._host.assign(Kind.NETWORK, uuid(1), network(ports=[11, 12]))
        await self._host.settle()
        return await self.boot(port(11)), await self.boot(port(12, **changes))
