"""What is really there on a host, listed for an audit: whoever made it, and whether or not wished.

A host lists with its own eyes (processes, files, interfaces, the packet filter, iSCSI targets) and
not from what it remembers. What belongs to nobody that it can name has no owner.
"""

from enum import StrEnum

import msgspec

from pilvi.host_api.contract import Kind


class HoldingKind(StrEnum):
    """What is held. `part` tells several of one owner apart, alike on every driver."""

    WISH = "wish"
    """A wish on the host's own disk; the part is its kind."""
    GUEST = "guest"
    """A guest's folder with its record."""
    PROCESS = "process"
    """A process of a guest's uid; the part is empty for the guest, else the tool's name."""
    CGROUP = "cgroup"
    DISK = "disk"
    """One layer of a local disk; the part is DEVICE.GENERATION."""
    CONFIG_DRIVE = "config drive"
    SAVED_STATE = "saved state"
    CAPTURE = "capture"
    """Something of the copy of a guest's disk; the owner is its image."""
    BASE = "image base"
    """A cached image; the part is `used` while a guest's disk lies on it."""
    TAP = "tap"
    FILTER = "packet filter"
    """The record of a port's rules, which the same transaction loads and takes away."""
    CHAIN = "nft chain"
    """One chain of a port; the part is its name."""
    ADDRESS_SET = "address set"
    BRIDGE = "bridge"
    DHCP = "DHCP namespace"
    DHCP_FOLDER = "DHCP folder"
    LEASE = "DHCP entry"
    """The part is MAC and address."""
    DOCUMENT = "metadata document"
    """The part is the address that may read it."""
    SERVICE = "network service"
    """A process in a namespace; the part is its program: dnsmasq, metadata, adverts."""
    UPLINK = "uplink"
    ROUTER = "router namespace"
    LINK = "interface"
    """An interface in the cloud's namespaces that is nothing of the above."""
    LEG = "router link"
    """The part is the name of the interface, which follows from the port's id."""
    VOLUME = "volume file"
    TARGET = "iSCSI target"
    """The part is its name (IQN)."""
    SESSION = "iSCSI session"
    """The part is the name of its target."""
    SNAPSHOT = "snapshot file"
    BACKUP = "backup"
    COPY = "private copy"
    """A volume's bytes on their way somewhere; the owner is an upload or a backup."""
    FILE = "file"
    """A file that is nothing of the above."""


OWNERS: dict[HoldingKind, tuple[Kind, ...]] = {
    HoldingKind.GUEST: (Kind.VM,),
    HoldingKind.PROCESS: (Kind.VM,),
    HoldingKind.CGROUP: (Kind.VM,),
    HoldingKind.DISK: (Kind.VM,),
    HoldingKind.CONFIG_DRIVE: (Kind.VM,),
    HoldingKind.SAVED_STATE: (Kind.VM,),
    HoldingKind.CAPTURE: (Kind.CAPTURE,),
    HoldingKind.TAP: (Kind.PORT,),
    HoldingKind.FILTER: (Kind.PORT,),
    HoldingKind.CHAIN: (Kind.PORT,),
    HoldingKind.ADDRESS_SET: (Kind.ADDRESS_SET,),
    HoldingKind.BRIDGE: (Kind.NETWORK,),
    HoldingKind.DHCP: (Kind.NETWORK,),
    HoldingKind.DHCP_FOLDER: (Kind.NETWORK,),
    HoldingKind.LEASE: (Kind.NETWORK,),
    HoldingKind.DOCUMENT: (Kind.NETWORK,),
    HoldingKind.SERVICE: (Kind.NETWORK, Kind.ROUTER),
    HoldingKind.UPLINK: (Kind.NETWORK,),
    HoldingKind.ROUTER: (Kind.ROUTER,),
    HoldingKind.LEG: (Kind.ROUTER,),
    HoldingKind.VOLUME: (Kind.VOLUME,),
    HoldingKind.TARGET: (Kind.VOLUME,),
    HoldingKind.SESSION: (Kind.VOLUME,),
    HoldingKind.SNAPSHOT: (Kind.SNAPSHOT,),
    HoldingKind.BACKUP: (Kind.BACKUP,),
    HoldingKind.COPY: (Kind.UPLOAD, Kind.BACKUP),
}
"""Whose things of each kind are: of a wish of one of these kinds. Others have no such owner."""


class Holding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is on a host."""

    kind: HoldingKind
    owner: str | None = None
    """Id of what it belongs to; None when nobody can be named."""
    part: str = ""
    name: str = ""
    """As the host calls it, for people: a path, an interface, a pid."""
    bytes: int = 0
    """Bytes that it takes of the host's disk."""
    size_bytes: int | None = None
    """Bytes that whoever uses it sees, holes and all; None is not known."""
    since: float | None = None
    """Seconds since the epoch when it came to be; None is not known."""
    is_shared: bool = False
    """Whether it lies where others than this cloud may keep things of their own."""


class Holdings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is on a host, listed for one audit."""

    audit: int
    """The number that the audit was asked for with."""
    items: list[Holding]
    failures: list[str] = []
    """What could not be listed, a phrase for people each; then the list is not whole."""
