"""Everything that the database says and an audit compares: values only.

Other parts' rows are copied into these few shapes, so that the comparison can be given books that
were written by hand: by a test, or by a simulation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pilvi.host_api.contract import Kind
from pilvi.host_api.holdings import Holding
from pilvi.image.model.stored_file import StoredFile

Amounts = Mapping[str, int]
"""How much by resource class."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One assignment of a host."""

    host_id: str
    kind: Kind
    id: str
    present: bool
    is_settled: bool
    spec: bytes = b"{}"


@dataclass(frozen=True, slots=True)
class HostSight:
    """One host with what it listed."""

    id: str
    name: str
    items: tuple[Holding, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """One server that is not deleted."""

    id: str
    is_settled: bool
    claims: Mapping[str, Mapping[str, Amounts]] = field(default_factory=dict)
    """What is to be held for it: by consumer and by provider."""
    consumers: frozenset[str] = frozenset()
    """Every consumer that may hold something for it while it is not settled."""
    attachment_ids: frozenset[str] = frozenset()
    """Of the volumes that it has."""


@dataclass(frozen=True, slots=True)
class AttachmentEntry:
    """One attachment that a server's owner asked for."""

    id: str
    server_id: str
    volume_id: str
    is_leaving: bool = False


@dataclass(frozen=True, slots=True)
class PortEntry:
    """One port with what it is plugged into."""

    id: str
    server_id: str | None = None
    router_id: str | None = None
    addresses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FloatingIpEntry:
    """One floating IP."""

    id: str
    address: str
    port_id: str | None = None
    fixed_address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The whole database at one moment, and the image store's files."""

    taken_at: float
    """Seconds since the epoch."""
    wishes: tuple[Wish, ...] = ()
    objects: Mapping[Kind, frozenset[str]] = field(default_factory=dict)
    """Ids of what the services have, by the kind of wish that it leads to."""
    servers: tuple[ServerEntry, ...] = ()
    claims: Mapping[str, Mapping[str, Amounts]] = field(default_factory=dict)
    """What servers' consumers hold: by consumer and by provider."""
    attachments: tuple[AttachmentEntry, ...] = ()
    ports: tuple[PortEntry, ...] = ()
    floating_ips: tuple[FloatingIpEntry, ...] = ()
    router_ids: frozenset[str] = frozenset()
    image_ids: frozenset[str] = frozenset()
    image_bytes: Mapping[str, int] = field(default_factory=dict)
    """Size of the data of images that have data, by id."""
    content_bytes: Mapping[str, int] = field(default_factory=dict)
    """The same, by content."""
    contents: frozenset[str] = frozenset()
    """Contents (SHA-512) that an image or an upload names."""
    needed_contents: frozenset[str] = frozenset()
    """Contents without which an image has no data."""
    upload_ids: frozenset[str] = frozenset()
    """Uploads that are not finished."""
    files: tuple[StoredFile, ...] = ()
