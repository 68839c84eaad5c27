"""Which providers could satisfy a request for resources.

Providers here are flat: each is the root and the whole of its tree, belongs to no aggregate and
shares nothing. All groups of one request are therefore satisfied by one provider, or not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pilvi.placement.model.inventory import Usage
from pilvi.placement.model.provider import Provider


@dataclass(frozen=True, slots=True)
class TraitFilter:
    """Which traits a provider must have and must not have."""

    required: tuple[frozenset[str], ...] = ()
    """Of each set, at least one."""
    forbidden: frozenset[str] = frozenset()

    @property
    def named(self) -> frozenset[str]:
        """Every trait that the filter speaks of."""
        return self.forbidden.union(*self.required)

    def allows(self, traits: frozenset[str]) -> bool:
        """Whether a provider with these traits passes. Pure."""
        return all(some & traits for some in self.required) and not self.forbidden & traits


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a request: what must come from one provider."""

    resources: Mapping[str, int] = field(default_factory=dict)
    traits: TraitFilter = field(default_factory=TraitFilter)
    in_tree: str | None = None
    needs_aggregate: bool = False
    """Whether only members of some aggregate will do: no provider of this cloud is one."""


@dataclass(frozen=True, slots=True)
class CandidateRequest:
    """A whole request: groups by suffix; the group without one has the empty suffix."""

    groups: Mapping[str, Group]
    is_isolated: bool = False
    """Whether each suffixed group must come from another provider."""
    root_traits: TraitFilter = field(default_factory=TraitFilter)
    limit: int | None = None

    @property
    def resources(self) -> dict[str, int]:
        """What all groups ask for together, by resource class."""
        total: dict[str, int] = {}
        for group in self.groups.values():
            for name, amount in group.resources.items():
                total[name] = total.get(name, 0) + amount
        return total


@dataclass(frozen=True, slots=True)
class ProviderView:
    """Everything about one provider that a request can ask for."""

    provider: Provider
    usage: Usage
    traits: frozenset[str]


def list_fitting(request: CandidateRequest, views: Sequence[ProviderView]) -> list[ProviderView]:
    """The providers that satisfy a request, in their order, as many as wanted. Pure."""
    return [view for view in views if _fits(request, view)][: request.limit]


def _fits(request: CandidateRequest, view: ProviderView) -> bool:
    with_resources = [suffix for suffix, g in request.groups.items() if suffix and g.resources]
    if request.is_isolated and len(with_resources) > 1:
        return False
    if not request.root_traits.allows(view.traits):
        return False
    return all(fits_group(group, view) for group in request.groups.values()) and not (
        view.usage.list_shortfalls(request.resources)
    )


def fits_group(group: Group, view: ProviderView) -> bool:
    """Whether one provider satisfies one group by itself. Pure."""
    return (
        not group.needs_aggregate
        and group.in_tree in (None, view.provider.id)
        and group.traits.allows(view.traits)
        and not view.usage.list_shortfalls(group.resources)
    )
