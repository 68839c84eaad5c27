"""Which providers could satisfy a request for resources.

A tree of providers, with those outside that lend to it through an aggregate, satisfies a request
as a whole. The group without a suffix may take each resource class from another provider of the
tree; a suffixed group takes everything from one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product

from pilvi.placement.model.inventory import Usage
from pilvi.placement.model.provider import Provider
from pilvi.placement.model.resources import Amounts
from pilvi.placement.model.traits import SHARING
from pilvi.placement.model.tree import list_ancestors

COMBINATIONS_MAX = 10_000
"""Ways to combine providers that are looked at in one tree: more takes longer than a client waits,
fewer overlooks the only one that fits in a tree of many alike."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which words (traits, aggregates) a provider must have and must not have."""

    required: tuple[frozenset[str], ...] = ()
    """Of each set, at least one."""
    forbidden: frozenset[str] = frozenset()

    @property
    def named(self) -> frozenset[str]:
        """Every word that the filter speaks of."""
        return self.forbidden.union(*self.required)

    def allows(self, words: frozenset[str]) -> bool:
        """Whether a provider with these words passes. Pure."""
        return all(some & words for some in self.required) and not self.forbidden & words


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a request."""

    resources: Mapping[str, int] = field(default_factory=dict)
    traits: Filter = field(default_factory=Filter)
    in_tree: str | None = None
    aggregates: Filter = field(default_factory=Filter)


@dataclass(frozen=True, slots=True)
class CandidateRequest:
    """A whole request: groups by suffix; the group without one has the empty suffix."""

    groups: Mapping[str, Group]
    is_isolated: bool = False
    """Whether each suffixed group must come from another provider."""
    root_traits: Filter = field(default_factory=Filter)
    limit: int | None = None
    together: tuple[frozenset[str], ...] = ()
    """Sets of groups whose providers must have one of them above the others."""
    is_flat: bool = False
    """Whether only roots are looked at, as for a client that knows no trees."""

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
    aggregates: frozenset[str] = frozenset()
    root_id: str = ""
    """The root of its tree; empty: itself."""

    @property
    def id(self) -> str:
        """The provider's id."""
        return self.provider.id

    @property
    def root(self) -> str:
        """The root of its tree."""
        return self.root_id or self.provider.id


Taken = dict[str, dict[str, int]]
"""By provider and resource class: how much."""
Choice = tuple[str, Mapping[str, Amounts]]
"""A group's suffix and what it takes of which providers."""


@dataclass(frozen=True, slots=True)
class Placement:
    """One way to satisfy a request."""

    taken: Mapping[str, Amounts]
    mappings: Mapping[str, list[str]]
    """Of each group's suffix: the providers that serve it."""


def list_placements(request: CandidateRequest, views: Sequence[ProviderView]) -> list[Placement]:
    """The ways to satisfy a request, tree by tree in the views' order, as many as wanted. Pure."""
    if request.is_flat:
        views = [view for view in views if view.root == view.id]
    found = (
        placement
        for root in dict.fromkeys(view.root for view in views)
        for placement in _Tree(request, views, root).list_placements()
    )
    return list(islice(found, request.limit))


class _Tree:
    """One tree, with those that lend to it, against one request."""

    def __init__(self, request: CandidateRequest, views: Sequence[ProviderView], root: str) -> None:
        self._request = request
        self._own = {view.id: view for view in views if view.root == root}
        reached = frozenset().union(*(view.aggregates for view in self._own.values()))
        lenders = {
            view.id: view
            for view in views
            if view.root != root and SHARING in view.traits and view.aggregates & reached
        }
        self._all = {**self._own, **lenders}
        self._root = self._own.get(root)
        self._tree_of = {view.id: view.root for view in views}
        self._parents = {view.id: view.provider.parent_id for view in views}

    def list_placements(self) -> Iterator[Placement]:
        if self._root is None or not self._request.root_traits.allows(self._root.traits):
            return
        options = [list(self._options(suffix)) for suffix in self._request.groups]
        seen: list[Mapping[str, Amounts]] = []
        for choices in islice(product(*options), COMBINATIONS_MAX):
            placement = self._combine(choices)
            if placement is not None and placement.taken not in seen:
                seen.append(placement.taken)
                yield placement

    def _options(self, suffix: str) -> Iterator[Choice]:
        group = self._request.groups[suffix]
        if suffix:
            for view in self._all.values():
                if fits_group(group, view, self._tree_of):
                    yield suffix, {view.id: group.resources}
            return
        places = [
            [view for view in self._all.values() if self._may_give(group, view, name, amount)]
            for name, amount in group.resources.items()
        ]
        for views in islice(product(*places), COMBINATIONS_MAX):
            if group.traits.allows(frozenset().union(*(view.traits for view in views))):
                taken: Taken = {}
                for view, (name, amount) in zip(views, group.resources.items(), strict=True):
                    taken.setdefault(view.id, {})[name] = amount
                yield suffix, taken

    def _may_give(self, group: Group, view: ProviderView, name: str, amount: int) -> bool:
        assert self._root is not None
        lent = view.aggregates if view.id not in self._own else self._root.aggregates
        return (
            not group.traits.forbidden & view.traits
            and group.aggregates.allows(view.aggregates | lent)
            and group.in_tree in (None, *(i for i, r in self._tree_of.items() if r == view.root))
            and not view.usage.list_shortfalls({name: amount})
        )

    def _combine(self, choices: Sequence[Choice]) -> Placement | None:
        """The choices together, where they go together."""
        taken: Taken = {}
        for _, parts in choices:
            for id, amounts in parts.items():
                into = taken.setdefault(id, {})
                for name, amount in amounts.items():
                    into[name] = into.get(name, 0) + amount
        taken = {id: amounts for id, amounts in taken.items() if amounts}
        mappings = {suffix: list(parts) for suffix, parts in choices}
        is_possible = (
            any(id in self._own for id in taken)
            and not any(self._all[id].usage.list_shortfalls(taken[id]) for id in taken)
            and self._is_apart(choices)
            and all(self._is_together(some, mappings) for some in self._request.together)
        )
        return Placement(taken, mappings) if is_possible else None

    def _is_apart(self, choices: Sequence[Choice]) -> bool:
        if not self._request.is_isolated:
            return True
        used = [
            id for suffix, parts in choices if suffix for id, amounts in parts.items() if amounts
        ]
        return len(used) == len(set(used))

    def _is_together(self, suffixes: frozenset[str], mappings: Mapping[str, list[str]]) -> bool:
        ids = {id for suffix in suffixes for id in mappings.get(suffix, ())}
        return any(all(top in list_ancestors(self._parents, id) for id in ids) for top in ids)


def fits_group(group: Group, view: ProviderView, tree_of: Mapping[str, str]) -> bool:
    """Whether one provider satisfies one group by itself. Pure.

    `tree_of` has the root of every provider.
    """
    return (
        group.aggregates.allows(view.aggregates)
        and (group.in_tree is None or tree_of.get(group.in_tree) == view.root)
        and group.traits.allows(view.traits)
        and not view.usage.list_shortfalls(group.resources)
    )
