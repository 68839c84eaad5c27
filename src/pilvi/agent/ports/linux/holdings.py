"""What a real host holds of networks: namespaces, interfaces, filters, processes and files.

Read anew from the kernel each time, never from what the driver remembers. Used by the driver's
thread only.
"""

import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from pilvi.agent.files import file_holding, list_folder
from pilvi.agent.ports.dhcp import LEASES_FILE, OPTIONS_FILE, list_entries
from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.linux.fabric import Fabric
from pilvi.agent.ports.linux.links import Link, links_of
from pilvi.agent.ports.linux.machine import find_uplink
from pilvi.agent.ports.linux.nft import list_objects
from pilvi.agent.ports.linux.records import read_ledger
from pilvi.agent.ports.linux.services import find_program
from pilvi.agent.ports.names import CloudNames
from pilvi.agent.ports.port_rules import TABLE
from pilvi.host_api.holdings import Holding, HoldingKind

_KERNELS_OWN = ("lo", "sit", "tunl", "gre", "erspan", "ip_vti", "ip6")
"""What interfaces are called that the kernel makes in every namespace by itself."""
_BASE_CHAINS = {"leaving", "zone", "from_guest", "to_guest"}
_KINDS = {"tap": HoldingKind.TAP, "br": HoldingKind.BRIDGE}
_PROGRAMS = {"dnsmasq": "adverts"}
"""What a program is called when it works for a router."""


def list_holdings(names: CloudNames, fabric: Fabric, folder: Path) -> list[Holding]:
    """Everything of one cloud. Blocking."""
    found: list[Holding] = []
    start = len(names.prefix) + 1
    for name in namespaces.list_names():
        if name == names.fabric or not names.owns(name):
            continue
        kind, _, owner = name[start:].partition("-")
        found += _list_space(name, kind, owner)
    links = fabric.links
    owners = {link.name: link.alias for link in links.list()} if links is not None else {}
    if links is not None:
        legs = {held.part for held in found if held.kind is HoldingKind.LEG}
        plugs = {held.part for held in found if held.kind is HoldingKind.DHCP}
        found += _list_links(links.list(), names, legs | plugs)
        found += _list_filters(fabric, owners)
        found += _list_processes(names.fabric, None, {})
    found += _list_uplink(names, fabric, owners)
    for path in list_folder(folder):
        found += _list_files(path)
    return found


def _list_space(name: str, kind: str, owner: str) -> Iterator[Holding]:
    is_router = kind == "router"
    with links_of(name) as links:
        own = [link.name for link in links.list() if not link.name.startswith(_KERNELS_OWN)]
    own_kind = HoldingKind.ROUTER if is_router else HoldingKind.DHCP
    yield Holding(kind=own_kind, owner=owner, name=name)
    for link in own:
        link_kind = HoldingKind.LEG if is_router else HoldingKind.DHCP
        yield Holding(kind=link_kind, owner=owner, part=link, name=f"{link} in {name}")
    yield from _list_processes(name, owner, _PROGRAMS if is_router else {})


def _list_processes(
    namespace: str, owner: str | None, called: Mapping[str, str]
) -> Iterator[Holding]:
    for process in namespaces.list_processes(namespace):
        program = find_program(process.arguments) or ""
        words = " ".join(process.arguments)[:80]
        yield Holding(
            kind=HoldingKind.SERVICE,
            owner=owner if program else None,
            part=called.get(program, program),
            name=f"pid {process.pid} in {namespace}: {words}",
            since=_started_at(process.pid),
        )


def _started_at(pid: int) -> float | None:
    try:
        return Path(f"/proc/{pid}").stat().st_ctime
    except OSError:
        return None


def _list_links(links: list[Link], names: CloudNames, inner: set[str]) -> Iterator[Holding]:
    """What is in the fabric; the ends of links into other namespaces are listed there."""
    for link in links:
        if link.name in inner or link.name == names.uplink:
            continue
        if link.name.startswith(_KERNELS_OWN):
            continue
        kind = next((k for word, k in _KINDS.items() if link.name.startswith(word)), None)
        yield Holding(
            kind=kind or HoldingKind.LINK, owner=(kind and link.alias) or None, name=link.name
        )


def _list_filters(fabric: Fabric, owners: Mapping[str, str]) -> Iterator[Holding]:
    with namespaces.inside(fabric.namespace):
        ledger = read_ledger()
        chains = [one for one in list_objects("chain") if one["table"] == TABLE]
        sets = [one for one in list_objects("set") if one["table"] == TABLE]
    for tap in ledger.filters:
        yield Holding(kind=HoldingKind.FILTER, owner=owners.get(tap) or None, name=tap)
    for set_id in ledger.sets:
        yield Holding(kind=HoldingKind.ADDRESS_SET, owner=set_id, name=set_id)
    for bridge in ledger.zones.keys() - owners.keys():
        yield Holding(kind=HoldingKind.CHAIN, name=f"conntrack zone of {bridge}")
    for chain in chains:
        name = str(chain["name"])
        if name in _BASE_CHAINS:
            continue
        owner = owners.get(name.rpartition("_")[2]) or None
        words = f"{chain['family']} {TABLE} {name}"
        yield Holding(kind=HoldingKind.CHAIN, owner=owner, part=name, name=words)
    for one in sets:
        name = str(one["name"])
        if name.startswith(("s4_", "s6_")):
            owner = _read_uuid(name[3:])
            yield Holding(kind=HoldingKind.ADDRESS_SET, owner=owner, part=name[:2], name=name)


def _read_uuid(digits: str) -> str | None:
    try:
        return str(uuid.UUID(digits))
    except ValueError:
        return None


def _list_uplink(names: CloudNames, fabric: Fabric, owners: Mapping[str, str]) -> Iterator[Holding]:
    name = find_uplink(names)
    if name is not None:
        _, bridge = fabric.find_master(names.uplink)
        yield Holding(kind=HoldingKind.UPLINK, owner=owners.get(bridge or "") or None, name=name)


def _list_files(folder: Path) -> Iterator[Holding]:
    if folder.name.startswith("router-"):
        owner = folder.name.removeprefix("router-")
        yield file_holding(folder, HoldingKind.ROUTER, owner, "folder")
        return
    if not folder.is_dir():
        yield file_holding(folder)
        return
    owner = folder.name
    yield file_holding(folder, HoldingKind.DHCP_FOLDER, owner)
    for path in list_folder(folder / "documents"):
        yield file_holding(path, HoldingKind.DOCUMENT, owner, path.name.removesuffix(".json"))
    leases = folder / LEASES_FILE
    for mac, address in list_entries(leases.read_text() if leases.exists() else ""):
        part = f"{mac} {address}"
        yield Holding(kind=HoldingKind.LEASE, owner=owner, part=part, name=f"{part} in {leases}")
    known = {LEASES_FILE, OPTIONS_FILE, "documents", "posted", "dnsmasq.log", "metadata.log"}
    for path in list_folder(folder):
        if path.name not in known and not path.name.startswith("dnsmasq-"):
            yield file_holding(path)
