"""What an agent is joined from: reconcilers, their drivers, and what drivers say of themselves."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pilvi.agent.context import AgentContext
from pilvi.agent.facts import Abilities
from pilvi.agent.reporter import Consoles, Counts, Passwords
from pilvi.core.reconcile import Reconciler
from pilvi.host_api.holdings import Holding


@dataclass(frozen=True, slots=True)
class AgentParts:
    """Everything kind-specific of an agent; the loop knows no kind."""

    reconcilers: Sequence[Reconciler]
    consoles: Consoles
    find_abilities: Callable[[], Awaitable[Abilities]]
    watches: Sequence[Callable[[], Awaitable[None]]] = ()
    """Run for as long as the agent; started again when they fail."""
    listers: Mapping[str, Callable[[], Awaitable[list[Holding]]]] = field(default_factory=dict)
    """By a word for people: what lists what is really there, for an audit."""
    closers: Sequence[Callable[[], Awaitable[None]]] = field(default=())
    """Give back what drivers hold in this process; guests, networks and volumes stay."""
    passwords: Passwords | None = None
    """Where passwords come from that guests post; None: no guest can post one."""
    counts: Counts | None = None
    """Where it comes from what guests use; None: it is not measured."""


BuildParts = Callable[[AgentContext], AgentParts]
