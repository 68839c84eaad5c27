"""What hosts hold beside what the database says that they should. Pure: values in, sentences out.

The database is looked at through a connection of its own, which no process of the world has.
"""

import contextlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pilvi.agent.volumes.driver import FileKind
from pilvi.host_api.contract import Kind
from pilvi.testing.simulation.hardware import Hardware

Holding = tuple[str, str, str]
"""Name of the host, kind, and id."""

_FILES = {FileKind.VOLUME: "volume", FileKind.SNAPSHOT: "snapshot", FileKind.COPY: "private copy"}
_PASSING = (Kind.UPLOAD,)
"""Kinds of which a host holds nothing once they are done."""


@dataclass(frozen=True, slots=True)
class Books:
    """What the database says."""

    wanted: frozenset[Holding]
    leaving: frozenset[Holding]
    """Withdrawn, and not seen gone yet."""
    unsettled: dict[Holding, str]
    """What hosts do not agree with, and what they say."""
    counts: dict[str, int]
    """Rows of the tables that a user's things are in."""
    allocations: dict[str, dict[str, int]]
    """By consumer."""
    servers: dict[str, dict[str, Any]] = field(default_factory=dict)
    addresses: dict[str, list[str]] = field(default_factory=dict)
    """Ports by network and address."""
    own: frozenset[str] = frozenset()
    """Ids of networks and routers."""


_COUNTED = {
    "servers": "SELECT count(*) FROM compute_servers WHERE deleted_at IS NULL",
    "copies of disks": "SELECT count(*) FROM compute_snapshots",
    "volumes": "SELECT count(*) FROM block_storage_volumes",
    "attachments": "SELECT count(*) FROM block_storage_attachments",
    "snapshots": "SELECT count(*) FROM block_storage_snapshots",
    "backups": "SELECT count(*) FROM block_storage_backups",
    "uploads of volumes": "SELECT count(*) FROM block_storage_uploads",
    "images": "SELECT count(*) FROM image_images",
    "uploads": "SELECT count(*) FROM image_uploads WHERE finished = 0",
    "networks": "SELECT count(*) FROM network_networks",
    "subnets": "SELECT count(*) FROM network_subnets",
    "ports": "SELECT count(*) FROM network_ports",
    "addresses": "SELECT count(*) FROM network_fixed_ips",
    "routers": "SELECT count(*) FROM network_routers",
    "floating IPs": "SELECT count(*) FROM network_floating_ips",
    "security groups": "SELECT count(*) FROM network_security_groups",
    "claims": "SELECT count(*) FROM placement_holdings",
    "consoles": "SELECT count(*) FROM host_consoles",
}


_OWN = "SELECT id FROM network_networks UNION SELECT id FROM network_routers"


def read_books(database: Path) -> Books:
    """What the database says at this moment."""
    with sqlite3.connect(database) as db:
        db.row_factory = sqlite3.Row
        hosts = {row["id"]: row["name"] for row in db.execute("SELECT id, name FROM hosts")}
        rows = db.execute("SELECT * FROM host_assignments").fetchall()
        books = Books(
            wanted=frozenset(_key(hosts, row) for row in rows if row["present"]),
            leaving=frozenset(_key(hosts, row) for row in rows if not row["present"]),
            unsettled={_key(hosts, row): _trouble(row) for row in rows if _trouble(row)},
            counts={name: db.execute(query).fetchone()[0] for name, query in _COUNTED.items()},
            allocations=_read_allocations(db),
            servers={row["id"]: dict(row) for row in db.execute("SELECT * FROM compute_servers")},
            addresses=_read_addresses(db),
            own=frozenset(row["id"] for row in db.execute(_OWN)),
        )
    db.close()
    return books


def read_revisions(database: Path) -> dict[str, int]:
    """The newest revision of what each host should hold, by the host's name."""
    with contextlib.closing(sqlite3.connect(database)) as db:
        return dict(db.execute("SELECT name, revision FROM hosts"))


def _key(hosts: dict[str, str], row: sqlite3.Row) -> Holding:
    id = json.loads(row["spec"])["backup_id"] if row["kind"] == Kind.BACKUP else row["id"]
    return hosts[row["host_id"]], row["kind"], id


def _trouble(row: sqlite3.Row) -> str:
    if row["settled"] and row["seen_generation"] == row["generation"]:
        return ""
    return str(row["fault"] or row["waiting"] or "nothing is said")


def _read_allocations(db: sqlite3.Connection) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in db.execute("SELECT consumer_id, resource_class, used FROM placement_holdings"):
        mine = found.setdefault(row["consumer_id"], {})
        mine[row["resource_class"]] = mine.get(row["resource_class"], 0) + row["used"]
    return found


def _read_addresses(db: sqlite3.Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    query = (
        "SELECT p.network_id, f.address, f.port_id FROM network_fixed_ips f "
        "JOIN network_ports p ON p.id = f.port_id"
    )
    for row in db.execute(query):
        found.setdefault(f"{row['network_id']} {row['address']}", []).append(row["port_id"])
    return found


def list_holdings(host: Hardware, backups: Path) -> Iterator[Holding]:
    """Everything that a host holds."""
    name, drivers = host.name, host.drivers
    parts: list[tuple[str, Iterable[str]]] = [
        (Kind.VM, drivers.vms.vms),
        (Kind.CAPTURE, drivers.vms.captures),
        (Kind.PORT, drivers.ports.ports),
        (Kind.NETWORK, drivers.ports.networks),
        (Kind.ROUTER, drivers.ports.routers),
        (Kind.ADDRESS_SET, drivers.ports.sets),
        (Kind.BACKUP, (path.name for path in backups.glob("*"))),
    ]
    for kind, ids in parts:
        for id in ids:
            yield name, kind, id
    for file in drivers.volumes.contents.files:
        yield name, _FILES[file.kind], file.id
    for (volume_id, _), target in drivers.volumes._targets.items():
        if target is not None and not any(
            f.id == volume_id for f in drivers.volumes.contents.files
        ):
            yield name, "target", volume_id


def compare(books: Books, held: Collection[Holding]) -> Iterator[str]:
    """Each difference of the two."""
    wanted = {one for one in books.wanted if one[1] not in _PASSING}
    for host, kind, id in sorted(set(held) - wanted):
        yield f"leaked: {host} holds the {kind} {id}, which nobody wants"
    final = {one for one, why in books.unsettled.items() if '"terminal":true' in why}
    for host, kind, id in sorted(wanted - set(held) - final):
        yield f"missing: {host} does not hold the {kind} {id}"
    for host, kind, id in sorted(books.leaving):
        yield f"stuck: the {kind} {id} on {host} was withdrawn and is still in the books"
    for (host, kind, id), why in sorted(books.unsettled.items()):
        if (host, kind, id) not in final:
            yield f"stuck: {host} does not agree on the {kind} {id}: {why}"


def check_sums(books: Books) -> Iterator[str]:
    """Claims beside flavors, and addresses given once."""
    for consumer, amounts in books.allocations.items():
        server = books.servers.get(consumer)
        if server is None:
            if not any(consumer in (row["way_back"] or "") for row in books.servers.values()):
                yield f"leaked: a claim of {consumer}, which is no server: {amounts}"
        elif server["deleted_at"] is not None:
            yield f"leaked: the deleted server {consumer} claims {amounts}"
        elif "resize" not in server["desired"] or '"resize":null' in server["desired"]:
            wanted = (server["vcpus"], server["memory_mib"])
            if (amounts.get("VCPU"), amounts.get("MEMORY_MB")) != wanted:
                yield f"the server {consumer} claims {amounts} and its flavor has {wanted}"
    for id, server in books.servers.items():
        is_wanted = '"present":true' in server["desired"] and not server["deleted_at"]
        if server["host_id"] and is_wanted and id not in books.allocations:
            yield f"the server {id} is on a host and claims nothing"
    for address, ports in books.addresses.items():
        if len(ports) > 1:
            yield f"the address {address} was given to {len(ports)} ports"
