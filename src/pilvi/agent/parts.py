"""What an agent is joined from: reconcilers, their drivers, and what drivers say of themselves."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from pilvi.agent.context import AgentContext
from pilvi.agent.facts import Abilities
from pilvi.agent.reporter import Consoles
from pilvi.core.reconcile import Reconciler


@dataclass(frozen=True, slots=True)
class AgentParts:
    """Everything kind-specific of an agent; the loop knows no kind."""

    reconcilers: Sequence[Reconciler]
    consoles: Consoles
    find_abilities: Callable[[], Awaitable[Abilities]]
    watches: Sequence[Callable[[], Awaitable[None]]] = ()
    """Run for as long as the agent; started again when they fail."""
    closers: Sequence[Callable[[], Awaitable[None]]] = field(default=())
    """Give back what drivers hold in this process; guests, networks and volumes stay."""


BuildParts = Callable[[AgentContext], AgentParts]
