"""A guest without QEMU: a namespace whose network card is joined to a port's real tap.

A thread carries frames between two taps, one in the cloud's fabric (opened as QEMU opens it) and
one in the guest's namespace, where the kernel plays the guest.
"""

import os
import select
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from pilvi.agent.ports.linux import namespaces, taps

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
        self._card = taps.open_tap(name, "eth0")
        done = self.run(f"ip link set lo up; ip link set eth0 address {mac} up")
        assert done.ok, done.output
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Pull the plug and remove the guest."""
        os.close(self._stop_write)
        self._thread.join()
        for descriptor in (self._tap, self._card, self._stop_read):
            os.close(descriptor)
        namespaces.remove(self.name)

    def run(self, command: str, timeout_s: float = 15) -> Ran:
        """Run a shell command in the guest."""
        with namespaces.inside(self.name):
            child = subprocess.Popen(
                ["sh", "-c", command],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        try:
            output, _ = child.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            child.kill()
            output, _ = child.communicate()
            return Ran(False, output + " (timed out)")
        return Ran(child.returncode == 0, output)

    def ask_dhcp(self) -> Ran:
        """Obtain and use a lease, as busybox does."""
        script = self._folder / "udhcpc.sh"
        script.write_text(DHCP_SCRIPT)
        script.chmod(0o755)
        options = "-O staticroutes -O mtu -O dns -O router"
        return self.run(f"busybox udhcpc -f -i eth0 -n -q -t 4 -T 1 {options} -s {script}")

    def set_address(self, address: str, gateway: str | None = None) -> None:
        """Use an address without asking anybody."""
        done = self.run(f"ip addr flush dev eth0; ip addr add {address} dev eth0")
        assert done.ok, done.output
        if gateway is not None:
            assert self.run(f"ip route replace default via {gateway}").ok

    def pings(self, address: str, tries: int = 2) -> bool:
        """Whether an address answers."""
        ping = f"busybox ping -c 1 -W 1 {address}"
        return self.run(" || ".join([ping] * tries)).ok

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
