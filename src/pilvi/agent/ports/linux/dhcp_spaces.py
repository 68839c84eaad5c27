"""The DHCP namespace of a network: its plug, its files, its two processes.

Files of a network lie in a folder that root writes and the processes' user only reads. What is
plugged and addressed is read once per namespace and then remembered until it is laid anew.
"""

import os
import shutil
import socket
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from pilvi.agent.ports.dhcp import LEASES_FILE, OPTIONS_FILE, released
from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.linux.fabric import Fabric
from pilvi.agent.ports.linux.links import links_of
from pilvi.agent.ports.linux.nft import run_nft
from pilvi.agent.ports.linux.services import Services
from pilvi.agent.ports.metadata_tree import (
    POSTED_SUFFIX,
    document_name,
    is_printable,
    posted_name,
)
from pilvi.agent.ports.names import CloudNames, check_id, dhcp_link_name
from pilvi.agent.ports.steps import DhcpSeen, LayDhcp, Posted, ServeDhcp, ServeMetadata, TellLeases
from pilvi.errors import Unavailable

log = structlog.get_logger()

CONNECTIONS_PER_GUEST_MAX = 32
"""Open at once. Lower: a guest that asks for much in parallel waits; higher: fewer bad guests
together hold all connections of their network's metadata server."""


PASSWORD_BYTES_MAX = 256
"""As the metadata server has it."""


class DhcpSpaces:
    """All DHCP namespaces of one cloud."""

    def __init__(self, names: CloudNames, fabric: Fabric, directory: Path, uid: int) -> None:
        self._names = names
        self._fabric = fabric
        self._directory = directory
        self._uid = uid
        self._services = Services(uid)
        self._laid: dict[str, tuple[int | None, frozenset[str]]] = {}
        self._told: dict[str, str] = {}
        """Digest of the leases that this run of the agent has told."""

    def close(self) -> None:
        """Let go of the processes, which live on."""
        self._services.close()

    def see(self, network_id: str) -> DhcpSeen | None:
        """All that is there; None when there is neither a namespace nor a folder."""
        namespace = self._names.dhcp(network_id)
        identity = namespaces.identity(namespace)
        if identity is None:
            if not self.folder(network_id).is_dir():
                return None
            return DhcpSeen(None, 0, frozenset(), None, None, False)
        link, bridge = self._fabric.find_master(dhcp_link_name(network_id))
        config = self._services.find(namespace, "dnsmasq")
        return DhcpSeen(
            plugged_into=bridge if link is not None and link.is_up else None,
            mtu=link.mtu if link is not None else 0,
            addresses=self._addresses(network_id, identity),
            config_digest=None if config is None else _digest_in(config),
            leases_digest=self._told.get(network_id),
            metadata_runs=self._services.find(namespace, "metadata") is not None,
        )

    def lay(self, step: LayDhcp) -> None:
        """Make the namespace, its plug and its addresses. Repeatable."""
        self._make_folder(step.network_id)
        namespace, link = self._names.dhcp(step.network_id), dhcp_link_name(step.network_id)
        self._laid.pop(step.network_id, None)
        namespaces.create(namespace, ipv6=any(":" in address for address in step.addresses))
        self._fabric.lay_veth(link, namespace, step.bridge, step.mtu)
        with links_of(namespace) as links:
            links.change("lo", up=True)
            links.change(link, mtu=step.mtu, up=True)
            links.set_addresses(link, step.addresses)
        try:
            with namespaces.inside(namespace):
                run_nft(render_fair_share())
        except Unavailable as error:
            # Kernels without connlimit serve as well, only without this protection.
            log.warning("metadata is served without a limit per guest", detail=error.detail)

    def tell(self, step: TellLeases) -> None:
        """Write the static entries and let dnsmasq know. Repeatable.

        Entries that go are released first: dnsmasq would otherwise keep their addresses from the
        next owner for as long as the lease lasts.
        """
        folder = self._make_folder(step.network_id)
        namespace = self._names.dhcp(step.network_id)
        path = folder / LEASES_FILE
        gone = released(path.read_text(), step.text) if path.exists() else []
        four = [(mac, address) for mac, address in gone if ":" not in address]
        servers = [server for server in step.servers if ":" not in server]
        config = self._services.find(namespace, "dnsmasq")
        if four and config is not None:
            with namespaces.inside(namespace):
                for mac, address in four:
                    _release(dhcp_link_name(step.network_id), servers, mac, address)
        self._write(path, step.text.encode())
        self._write(folder / OPTIONS_FILE, step.options.encode())
        if len(gone) > len(four) and config is not None:
            # Nobody but its client can release a lease of DHCPv6; a new start knows of none.
            name = config.removeprefix("--conf-file=")
            self._services.start_dnsmasq(namespace, folder, name)
        else:
            self._services.reload(namespace)
        self._told[step.network_id] = step.digest

    def serve_dhcp(self, step: ServeDhcp) -> None:
        """Run dnsmasq with this configuration. Repeatable."""
        folder = self._make_folder(step.network_id)
        name = _config_name(step.digest)
        self._write(folder / name, step.text.encode())
        self._services.start_dnsmasq(self._names.dhcp(step.network_id), folder, name)
        for other in folder.glob(_config_name("*")):
            if other.name != name:
                other.unlink()

    def serve_metadata(self, step: ServeMetadata) -> None:
        """Run the metadata server. Repeatable."""
        folder = self._make_folder(step.network_id)
        self._services.start_metadata(self._names.dhcp(step.network_id), folder)

    def remove(self, network_id: str) -> None:
        """Remove the processes, the namespace and the files. Repeatable."""
        namespace = self._names.dhcp(network_id)
        for program in ("dnsmasq", "metadata"):
            self._services.end(namespace, program)
        self._fabric.remove_link(dhcp_link_name(network_id))
        namespaces.remove(namespace)
        if self.folder(network_id).is_dir():
            shutil.rmtree(self.folder(network_id))
        self._laid.pop(network_id, None)
        self._told.pop(network_id, None)

    def list_broken(self) -> list[str]:
        """Ids of networks of which a process ended unasked."""
        start = self._names.dhcp("0" * 36)[:-36]
        return [name.removeprefix(start) for name in self._services.list_broken()]

    def write_documents(
        self, network_id: str, documents: Mapping[str, bytes], *, only: bool
    ) -> None:
        """Keep the documents of these addresses, and of no others when `only`. Repeatable."""
        folder = self._make_folder(network_id) / "documents"
        for address, document in documents.items():
            path = folder / document_name(address)
            if not path.exists() or path.read_bytes() != document:
                self._write(path, document)
        if only:
            kept = {document_name(address) for address in documents}
            for path in folder.iterdir():
                if path.name not in kept:
                    path.unlink()

    def remove_documents(self, network_id: str, addresses: Sequence[str]) -> None:
        """Forget the documents of these addresses. Repeatable."""
        folder = self.folder(network_id) / "documents"
        for address in addresses:
            (folder / document_name(address)).unlink(missing_ok=True)

    def folder(self, network_id: str) -> Path:
        """Where a network's files are."""
        return self._directory / check_id(network_id)

    def _make_folder(self, network_id: str) -> Path:
        self._directory.mkdir(parents=True, exist_ok=True)
        folder = self.folder(network_id)
        for path in (folder, folder / "documents", folder / "posted"):
            path.mkdir(mode=0o750, exist_ok=True)
            if path.stat().st_gid != self._uid:
                os.chown(path, 0, self._uid)
                # The metadata server writes here what guests post, and nowhere else.
                path.chmod(0o770 if path.name == "posted" else 0o750)
        return folder

    def list_posted(self) -> list[Posted]:
        """What guests posted and nobody has taken yet."""
        found = []
        for path in self._directory.glob(f"*/posted/*{POSTED_SUFFIX}"):
            text = _read_posted(path)
            if text is not None and not path.name.startswith("."):
                address = path.name.removesuffix(POSTED_SUFFIX)
                found.append(Posted(path.parent.parent.name, address, text))
        return found

    def forget_posted(self, posted: Posted) -> None:
        """What was posted has arrived, unless it is another by now. Repeatable."""
        path = self.folder(posted.network_id) / "posted" / posted_name(posted.address)
        if _read_posted(path) == posted.text:
            path.unlink(missing_ok=True)

    def _write(self, path: Path, content: bytes) -> None:
        """Replace a file at once by one that only root and the processes' user can read."""
        new = path.with_name(f".{path.name}.new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
        with os.fdopen(descriptor, "wb") as file:
            os.fchown(descriptor, 0, self._uid)
            file.write(content)
        new.replace(path)

    def _addresses(self, network_id: str, identity: int) -> frozenset[str]:
        known = self._laid.get(network_id)
        if known is None or known[0] != identity:
            with links_of(self._names.dhcp(network_id)) as links:
                link = links.find(dhcp_link_name(network_id))
                up = link is not None and link.is_up
                found = links.addresses(dhcp_link_name(network_id)) if up else frozenset()
            known = (identity, found)
            self._laid[network_id] = known
        return known[1]


def render_fair_share() -> list[str]:
    """The lines that keep one guest from holding every connection of the metadata server. Pure."""
    return [
        "add table ip fair",
        "delete table ip fair",
        "add table ip fair",
        "add set ip fair callers { type ipv4_addr; flags dynamic; size 65535; }",
        "add chain ip fair input { type filter hook input priority 0; }",
        "add rule ip fair input tcp dport 80 ct state new"
        f" add @callers {{ ip saddr ct count over {CONNECTIONS_PER_GUEST_MAX} }} drop",
    ]


def _config_name(digest: str) -> str:
    return f"dnsmasq-{digest}.conf"


def _digest_in(argument: str) -> str:
    return argument.removeprefix("--conf-file=dnsmasq-").removesuffix(".conf")


def _release(interface: str, servers: Sequence[str], mac: str, address: str) -> None:
    """Tell dnsmasq, as its client would, that a lease is given back (DHCPRELEASE, RFC 2131)."""
    for server in servers:
        ip = server.partition("/")[0]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sender.bind(("", 68))
            sender.sendto(render_release(ip, mac, address), (ip, 67))


def render_release(server: str, mac: str, address: str) -> bytes:
    """The packet that gives a lease back. Pure."""
    client = bytes.fromhex(mac.replace(":", ""))
    fixed = struct.pack("!BBBBIHH", 1, 1, 6, 0, 0x50494C56, 0, 0)
    fixed += socket.inet_aton(address) + bytes(12) + client + bytes(10) + bytes(64 + 128)
    options = b"\x63\x82\x53\x63" + b"\x35\x01\x07" + b"\x36\x04" + socket.inet_aton(server)
    return fixed + options + b"\xff"


def _read_posted(path: Path) -> str | None:
    """The text of a file that another user writes: never followed elsewhere, never long.

    A guest chose it, and it travels in the report of the whole host: what is not printable is none.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(PASSWORD_BYTES_MAX)
    return content.decode() if is_printable(content) else None
