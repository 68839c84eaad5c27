"""The machine's own namespace: the uplink into the external network, and forwarding.

Only three things are ever changed there: one veth, one nft table, and the switch that lets the
machine forward. Its former position is kept for all clouds together, so that whichever of them
goes last puts it back.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pilvi.agent.ports.linux.fabric import Fabric
from pilvi.agent.ports.linux.links import Links
from pilvi.agent.ports.linux.nft import list_elements, run_nft
from pilvi.agent.ports.names import CloudNames
from pilvi.agent.ports.steps import LayUplink, UplinkSeen

RECORD_DIR = Path("/run/pilvi-forwarding")
"""One file per cloud that forwards, with what the switch said before the first of them. It lies
where a reboot, which resets the switch, removes it too."""

_SWITCH = Path("/proc/sys/net/ipv4/ip_forward")


class Machine:
    """What one cloud changes in the machine's own namespace."""

    def __init__(self, names: CloudNames, fabric: Fabric) -> None:
        self._names = names
        self._fabric = fabric

    def see(self, bridges: list[str]) -> UplinkSeen | None:
        """The uplink, if there is one and it leads into one of these bridges."""
        name = self._names.uplink
        outer, bridge = self._fabric.find_master(name)
        if bridge not in bridges:
            return None
        with _own_links() as links:
            link = links.find(name)
            if link is None:
                return None
            addresses = links.addresses(name) if link.is_up else frozenset()
        masquerades = list_elements("set", "ip", self._names.table, "external") is not None
        return UplinkSeen(
            plugged_into=bridge,
            mtu=link.mtu if outer is not None and outer.mtu == link.mtu else 0,
            addresses=addresses,
            masquerades=masquerades and self._record.exists(),
        )

    def lay(self, step: LayUplink) -> None:
        """Join the machine to the external network. Repeatable."""
        name = self._names.uplink
        with _own_links() as links:
            if links.find(name) is None:
                links.add_veth(name, self._fabric.namespace)
            self._fabric.plug_link(name, step.bridge, step.mtu)
            links.change(name, mtu=step.mtu, up=True)
            links.set_addresses(name, frozenset({step.address}))
        if step.masquerade:
            self._forward()
            run_nft(render_masquerade(self._names.table, name, step.address))
        else:
            self._stop_forwarding()

    def remove(self) -> None:
        """Remove the uplink and put the machine's forwarding back. Repeatable."""
        with _own_links() as links:
            links.remove(self._names.uplink)
        self._stop_forwarding()

    @property
    def _record(self) -> Path:
        return RECORD_DIR / self._names.prefix

    def _forward(self) -> None:
        with _recording():
            if not self._record.exists():
                others = _records()
                before = others[0] if others else _SWITCH
                new = RECORD_DIR / f".{self._names.prefix}"
                new.write_text(before.read_text().strip())
                new.replace(self._record)
            if _SWITCH.read_text().strip() != "1":
                _SWITCH.write_text("1")

    def _stop_forwarding(self) -> None:
        run_nft([f"add table ip {self._names.table}", f"delete table ip {self._names.table}"])
        if not RECORD_DIR.is_dir():
            return
        with _recording():
            if not self._record.exists():
                return
            before = self._record.read_text().strip()
            if len(_records()) == 1 and before == "0":
                _SWITCH.write_text("0")
            self._record.unlink()
            with suppress(OSError):
                RECORD_DIR.rmdir()


def find_uplink(names: CloudNames) -> str | None:
    """What there is of a cloud in the machine's own namespace, in words for people."""
    with _own_links() as links:
        if links.find(names.uplink) is not None:
            return names.uplink
    if list_elements("set", "ip", names.table, "external") is not None:
        return f"table ip {names.table}"
    record = RECORD_DIR / names.prefix
    return str(record) if record.exists() else None


def render_masquerade(table: str, uplink: str, address: str) -> list[str]:
    """The lines that hide the external network behind the machine's other addresses. Pure."""
    return [
        f"add table ip {table}",
        f"delete table ip {table}",
        f"add table ip {table}",
        f"add set ip {table} external {{ type ipv4_addr; flags interval; auto-merge;"
        f" elements = {{ {address} }}; }}",
        f"add chain ip {table} leaving {{ type nat hook postrouting priority srcnat; }}",
        f'add rule ip {table} leaving ip saddr @external oifname != "{uplink}" masquerade',
    ]


def _records() -> list[Path]:
    return sorted(path for path in RECORD_DIR.iterdir() if not path.name.startswith("."))


@contextmanager
def _own_links() -> Iterator[Links]:
    links = Links()
    try:
        yield links
    finally:
        links.close()


@contextmanager
def _recording() -> Iterator[None]:
    """Hold the records of all clouds against each other."""
    RECORD_DIR.mkdir(mode=0o755, exist_ok=True)
    descriptor = os.open(RECORD_DIR, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
