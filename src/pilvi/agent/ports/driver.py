"""The protocol between reconcilers and whatever carries the packets of one host."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from pilvi.agent.ports.steps import BridgeSeen, NetworkSeen, PortSeen, Posted, RouterSeen, Step
from pilvi.host_api.contract import Kind
from pilvi.host_api.holdings import Holding


class PortDriver(Protocol):
    """Sees networks, ports and routers, and takes one repeatable step at a time.

    It is a `TapSource` as well. The asynchronous methods block nothing but their own caller; the
    others answer at once.
    """

    @property
    def capabilities(self) -> frozenset[str]:
        """Names of what this driver can do; they become traits."""
        ...

    async def see_network(self, network_id: str, segment: int | None) -> NetworkSeen:
        """All that is there of a network; `segment` None means that it should be absent."""
        ...

    async def see_bridge(self, segment: int) -> BridgeSeen | None:
        """The bridge of a segment."""
        ...

    async def see_port(self, port_id: str, segment: int | None) -> PortSeen:
        """All that is there of a port; `segment` names the bridge that it belongs into."""
        ...

    async def see_set(self, set_id: str) -> str | None:
        """Digest of the members that an address set has; None when there is none."""
        ...

    async def see_router(self, router_id: str) -> RouterSeen:
        """All that is there of a router."""
        ...

    async def apply(self, step: Step) -> None:
        """Take one step. Repeatable."""
        ...

    async def write_documents(
        self, network_id: str, documents: Mapping[str, bytes], *, only: bool = False
    ) -> None:
        """Keep the metadata documents of these addresses; `only`: and of no others. Repeatable."""
        ...

    async def remove_documents(self, network_id: str, addresses: Sequence[str]) -> None:
        """Forget the metadata documents of these addresses. Repeatable."""
        ...

    async def list_broken(self) -> list[tuple[Kind, str]]:
        """Networks and routers of which a process ended unasked."""
        ...

    async def list_posted(self) -> list[Posted]:
        """What guests posted to the metadata server and nobody has taken yet."""
        ...

    def is_ready(self, port_id: str) -> bool:
        """Whether the port's tap is there, with its anti-spoofing and rules loaded."""
        ...

    def open_tap(self, port_id: str) -> int:
        """Open the port's tap and return its file descriptor, which the caller closes.

        Raises `Unavailable` when there is no such tap, or another process holds it.
        """
        ...

    async def holdings(self) -> list[Holding]:
        """Everything of this cloud that is really there, whoever made it, for an audit."""
        ...

    async def purge(self) -> None:
        """Remove everything of this cloud from the host's network. Repeatable."""
        ...

    async def close(self) -> None:
        """Let go of handles; what was made stays."""
        ...
