"""Which providers satisfy a request."""

import datetime

from pilvi.placement.model.candidates import (
    CandidateRequest,
    Group,
    ProviderView,
    TraitFilter,
    list_fitting,
)
from pilvi.placement.model.inventory import Inventory, Usage
from pilvi.placement.model.provider import Provider, ProviderId

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def view(name: str, vcpus: int = 4, *traits: str) -> ProviderView:
    provider = Provider(ProviderId(name), name, 0, NOW, NOW)
    return ProviderView(provider, Usage({"VCPU": Inventory("VCPU", vcpus)}, {}), frozenset(traits))


def names(request: CandidateRequest, *views: ProviderView) -> list[str]:
    return [one.provider.name for one in list_fitting(request, views)]


def one(**values: object) -> CandidateRequest:
    return CandidateRequest({"": Group({"VCPU": 2}, **values)})  # type: ignore[arg-type]


def test_room_decides() -> None:
    assert names(one(), view("a", 1), view("b", 2)) == ["b"]


def test_traits_required_forbidden_and_any_of() -> None:
    views = (view("a", 4, "GOLD"), view("b", 4, "SILVER"), view("c", 4, "GOLD", "OLD"))
    gold = TraitFilter((frozenset({"GOLD"}),), frozenset({"OLD"}))
    assert names(one(traits=gold), *views) == ["a"]
    either = TraitFilter((frozenset({"GOLD", "SILVER"}),))
    assert names(one(traits=either), *views) == ["a", "b", "c"]
    assert names(CandidateRequest({"": Group({"VCPU": 1})}, root_traits=gold), *views) == ["a"]


def test_groups_of_one_request_share_a_provider_unless_isolated() -> None:
    groups = {"1": Group({"VCPU": 2}), "2": Group({"VCPU": 2})}
    assert names(CandidateRequest(groups), view("a", 3), view("b", 4)) == ["b"]
    assert names(CandidateRequest(groups, is_isolated=True), view("b", 4)) == []


def test_aggregates_have_no_members_and_a_tree_is_one_provider() -> None:
    assert names(one(needs_aggregate=True), view("a")) == []
    assert names(one(in_tree="b"), view("a"), view("b")) == ["b"]


def test_the_limit_cuts() -> None:
    request = CandidateRequest({"": Group({"VCPU": 1})}, limit=1)
    assert names(request, view("a"), view("b")) == ["a"]
