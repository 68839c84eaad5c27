"""Names of everything one cloud makes in the kernel's network, computed from ids.

Interface names are at most 15 bytes. Those inside the cloud's own namespaces need no prefix; only
the namespaces, the uplink and the nft table of the machine's own namespace carry it.
"""

import re
from dataclasses import dataclass

from pilvi.errors import InvalidRequest

INTERFACE_NAME_MAX = 15
SEGMENT_MAX = (1 << 24) - 1
TAP_PREFIX = "tap"

_ID = re.compile(r"[0-9a-z][0-9a-z-]{10,63}")


def check_id(id: str) -> str:
    """The id itself. Raises `InvalidRequest` when it could not safely be part of a name or path."""
    if not _ID.fullmatch(id):
        raise InvalidRequest(f"cannot make a name from the id {id!r}: it is no UUID")
    return id


def bridge_name(segment: int) -> str:
    """The bridge of a network. Raises `InvalidRequest` for a number out of range."""
    if not 1 <= segment <= SEGMENT_MAX:
        raise InvalidRequest(f"cannot use segment {segment}: it must be 1 to {SEGMENT_MAX}")
    return f"br{segment}"


def tap_name(port_id: str) -> str:
    """The tap of a guest's port."""
    return f"{TAP_PREFIX}{_short(port_id)}"


def leg_name(port_id: str) -> str:
    """Both ends of the veth that joins a router to a bridge."""
    return f"leg{_short(port_id)}"


def dhcp_link_name(network_id: str) -> str:
    """Both ends of the veth that joins a DHCP namespace to its bridge."""
    return f"dhc{_short(network_id)}"


def _short(id: str) -> str:
    return check_id(id).replace("-", "")[:11]


@dataclass(frozen=True, slots=True)
class CloudNames:
    """Names that carry the prefix of one cloud."""

    prefix: str

    @property
    def fabric(self) -> str:
        """Namespace that holds every bridge and every tap."""
        return f"{self.prefix}-fabric"

    @property
    def uplink(self) -> str:
        """Interface in the machine's own namespace that leads into the external network."""
        return f"{self.prefix}-ext"[:INTERFACE_NAME_MAX]

    @property
    def table(self) -> str:
        """nft table (family ip) in the machine's own namespace."""
        return self.prefix

    def dhcp(self, network_id: str) -> str:
        """Namespace of a network's DHCP and metadata."""
        return f"{self.prefix}-dhcp-{check_id(network_id)}"

    def router(self, router_id: str) -> str:
        """Namespace of a router."""
        return f"{self.prefix}-router-{check_id(router_id)}"

    def owns(self, namespace: str) -> bool:
        """Whether a namespace is this cloud's: a prefix that merely starts alike is another's."""
        return namespace == self.fabric or namespace.startswith(
            (f"{self.prefix}-dhcp-", f"{self.prefix}-router-")
        )
