"""Agents as Neutron knows them: each host's one agent has four parts."""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from pilvi.hosts.model.host import Host

_NAMESPACE = uuid.UUID("6b0f5c0e-93c2-4d2c-8b4e-2f0a5ad1c7f3")


class AgentKind(StrEnum):
    """Parts of a host's agent, by Neutron's names."""

    BRIDGE = "Linux bridge agent"
    DHCP = "DHCP agent"
    L3 = "L3 agent"
    METADATA = "Metadata agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One part of a host's agent, computed from the host and from what admins said of it."""

    host: Host
    kind: AgentKind
    is_alive: bool
    admin_state_up: bool
    """Whether it is given new things; what it has stays."""
    description: str | None

    @property
    def id(self) -> str:
        """The same for the same part of the same host."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.host.id} {self.kind}"))
