"""Which providers satisfy a request, alone, in trees and through aggregates."""

import datetime
from dataclasses import replace
from typing import Any

from pilvi.placement.model.candidates import (
    CandidateRequest,
    Filter,
    Group,
    ProviderView,
    list_placements,
)
from pilvi.placement.model.inventory import Inventory, Usage
from pilvi.placement.model.provider import Provider, ProviderId
from pilvi.placement.model.traits import SHARING

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def view(name: str, vcpus: int = 4, *traits: str) -> ProviderView:
    provider = Provider(ProviderId(name), name, 0, NOW, NOW)
    return ProviderView(provider, Usage({"VCPU": Inventory("VCPU", vcpus)}, {}), frozenset(traits))


def child(name: str, parent: str, *traits: str, **totals: int) -> ProviderView:
    provider = Provider(ProviderId(name), name, 0, NOW, NOW, ProviderId(parent), False)
    usage = Usage({one: Inventory(one, total) for one, total in totals.items()}, {})
    return ProviderView(provider, usage, frozenset(traits), frozenset(), "root")


def names(request: CandidateRequest, *views: ProviderView) -> list[str]:
    return ["+".join(one.taken) for one in list_placements(request, views)]


def one(**values: Any) -> CandidateRequest:
    return CandidateRequest({"": Group({"VCPU": 2}, **values)})


def test_room_decides() -> None:
    assert names(one(), view("a", 1), view("b", 2)) == ["b"]


def test_traits_required_forbidden_and_any_of() -> None:
    views = (view("a", 4, "GOLD"), view("b", 4, "SILVER"), view("c", 4, "GOLD", "OLD"))
    gold = Filter((frozenset({"GOLD"}),), frozenset({"OLD"}))
    assert names(one(traits=gold), *views) == ["a"]
    either = Filter((frozenset({"GOLD", "SILVER"}),))
    assert names(one(traits=either), *views) == ["a", "b", "c"]
    assert names(CandidateRequest({"": Group({"VCPU": 1})}, root_traits=gold), *views) == ["a"]


def test_groups_of_one_request_share_a_provider_unless_isolated() -> None:
    groups = {"1": Group({"VCPU": 2}), "2": Group({"VCPU": 2})}
    assert names(CandidateRequest(groups), view("a", 3), view("b", 4)) == ["b"]
    assert names(CandidateRequest(groups, is_isolated=True), view("b", 4)) == []


def test_members_of_aggregates() -> None:
    member = replace(view("a"), aggregates=frozenset({"x", "y"}))
    for aggregates, found in (
        (Filter((frozenset({"x"}),)), ["a"]),
        (Filter((frozenset({"x"}), frozenset({"z"}))), []),
        (Filter((frozenset({"x", "z"}),)), ["a"]),
        (Filter((), frozenset({"y"})), ["b"]),
    ):
        assert names(one(aggregates=aggregates), member, view("b")) == found


def test_a_tree_is_asked_for_by_any_of_its_providers() -> None:
    assert names(one(in_tree="b"), view("a"), view("b")) == ["b"]
    below = child("gpu", "root", VGPU=1)
    assert names(one(in_tree="gpu"), view("root"), below, view("b")) == ["root"]


def test_the_limit_cuts() -> None:
    request = CandidateRequest({"": Group({"VCPU": 1})}, limit=1)
    assert names(request, view("a"), view("b")) == ["a"]


def test_a_tree_gives_each_class_from_where_it_is() -> None:
    tree = (view("root"), child("gpu1", "root", VGPU=1), child("gpu2", "root", VGPU=2))
    request = CandidateRequest({"": Group({"VCPU": 1, "VGPU": 1})})
    assert names(request, *tree) == ["root+gpu1", "root+gpu2"]
    assert names(replace(request, is_flat=True), *tree) == []


def test_isolated_groups_come_from_different_providers_of_a_tree() -> None:
    tree = (view("root"), child("gpu1", "root", VGPU=1), child("gpu2", "root", VGPU=2))
    groups = {"_A": Group({"VGPU": 1}), "_B": Group({"VGPU": 1})}
    assert names(CandidateRequest(groups), *tree) == ["gpu1+gpu2", "gpu2"]
    apart = CandidateRequest(groups, is_isolated=True)
    assert names(apart, *tree) == ["gpu1+gpu2"]


def test_groups_of_one_subtree() -> None:
    tree = (
        view("root", 0),
        child("n0", "root", "NODE"),
        child("n1", "root", "NODE"),
        child("c0", "n0", VCPU=1),
        child("c1", "n1", VCPU=1),
        child("g1", "n1", VGPU=1),
    )
    groups = {
        "_NODE": Group({}, Filter((frozenset({"NODE"}),))),
        "_CPU": Group({"VCPU": 1}),
        "_GPU": Group({"VGPU": 1}),
    }
    request = CandidateRequest(groups, together=(frozenset({"_NODE", "_CPU", "_GPU"}),))
    (found,) = list_placements(request, tree)
    assert found.mappings == {"_NODE": ["n1"], "_CPU": ["c1"], "_GPU": ["g1"]}


def test_a_lender_serves_the_trees_of_its_aggregates() -> None:
    disks = Usage({"DISK_GB": Inventory("DISK_GB", 100)}, {})
    lender = replace(view("nfs", 0, SHARING), usage=disks, aggregates=frozenset({"x"}))
    near = replace(view("near"), aggregates=frozenset({"x"}))
    request = CandidateRequest({"": Group({"VCPU": 1, "DISK_GB": 5})})
    assert names(request, near, view("far"), lender) == ["near+nfs"]


def test_what_several_groups_take_together_must_fit() -> None:
    groups = {"": Group({"VCPU": 3}), "1": Group({"VCPU": 2})}
    assert names(CandidateRequest(groups), view("a", 4), view("b", 5)) == ["b"]
