"""The choice of a host for a server."""

from hypothesis import given
from hypothesis import strategies as st

from pilvi.placement.model.inventory import Inventory, Usage
from pilvi.scheduler.candidates import Candidate, Choice, Refusal
from pilvi.scheduler.hosts import HostRequest, choose_host

SMALL = HostRequest(vcpus=1, memory_mib=512, disk_gib=1)


def usage(vcpus: int = 8, memory: int = 4096, disk: int = 100, used: int = 0) -> Usage:
    rows = [
        Inventory("VCPU", vcpus, max_unit=max(1, vcpus), allocation_ratio=2.0),
        Inventory("MEMORY_MB", memory, reserved=min(512, memory)),
        Inventory("DISK_GB", disk),
    ]
    return Usage({row.resource_class: row for row in rows}, {"VCPU": used, "MEMORY_MB": used * 512})


def host(name: str, **values: object) -> Candidate:
    chosen = {"usage": usage(), **values}
    return Candidate(host_id=f"id-{name}", name=name, **chosen)  # type: ignore[arg-type]


def reasons(found: Choice | Refusal) -> str:
    assert isinstance(found, Refusal)
    return found.message


def test_the_emptier_host_wins_and_names_break_ties() -> None:
    busy, empty = host("a", usage=usage(used=3)), host("b")
    assert choose_host(SMALL, [busy, empty]) == Choice("id-b", "b")
    assert choose_host(SMALL, [host("b"), host("a")]) == Choice("id-a", "a")


def test_a_refusal_says_per_host_what_was_asked_and_what_was_free() -> None:
    candidates = [
        host("host1", usage=usage(vcpus=1, memory=1024)),
        host("host2", is_alive=False),
        host("host3", enabled=False, disabled_reason="new disk"),
        host("host4", usage=Usage()),
    ]
    message = reasons(choose_host(HostRequest(vcpus=4, memory_mib=8192, disk_gib=1), candidates))
    assert message == (
        "cannot find a host with room: "
        "host1: asked for 4 VCPU, 2 free, asked for 8192 MEMORY_MB, 512 free; "
        "host2: is down; host3: is disabled (new disk); "
        "host4: asked for 4 VCPU, has none, asked for 8192 MEMORY_MB, has none, "
        "asked for 1 DISK_GB, has none"
    )


def test_without_any_host_the_refusal_says_so() -> None:
    assert reasons(choose_host(SMALL, [])).endswith("this cloud has no host yet")


def test_a_forced_host_by_name_or_id_still_needs_room_and_to_be_open() -> None:
    candidates = [host("a"), host("b", usage=usage(used=1))]
    for forced in ("b", "id-b"):
        request = HostRequest(vcpus=1, memory_mib=512, disk_gib=1, forced_host=forced)
        assert choose_host(request, candidates) == Choice("id-b", "b")
    request = HostRequest(vcpus=99, memory_mib=512, disk_gib=1, forced_host="b")
    message = reasons(choose_host(request, candidates))
    assert "a: is not the requested host b" in message
    assert "b: asked for 99 VCPU" in message


def test_another_availability_zone_is_refused() -> None:
    request = HostRequest(vcpus=1, memory_mib=1, disk_gib=0, availability_zone="moon")
    assert "is in the availability zone nova" in reasons(choose_host(request, [host("a")]))


def test_rules_of_the_caller_refuse_and_attract() -> None:
    size = {"vcpus": 1, "memory_mib": 512, "disk_gib": 1}
    candidates = [host("a"), host("b", usage=usage(used=1)), host("c")]
    refused = HostRequest(**size, refused={"id-a": "is not for you"})
    assert choose_host(refused, candidates) == Choice("id-c", "c")
    assert "a: is not for you" in reasons(choose_host(refused, candidates[:1]))
    liked = HostRequest(**size, attraction={"id-b": 1})
    assert choose_host(liked, candidates) == Choice("id-b", "b")
    shunned = HostRequest(**size, attraction={"id-a": -2, "id-c": -1})
    assert choose_host(shunned, candidates) == Choice("id-b", "b")
    assert choose_host(shunned, candidates[:1]) == Choice("id-a", "a")


def test_one_server_gets_no_more_cpus_than_the_host_has() -> None:
    request = HostRequest(vcpus=9, memory_mib=64, disk_gib=0)
    assert "one server may have 8" in reasons(choose_host(request, [host("a")]))


hosts = st.lists(
    st.builds(
        lambda name, alive, enabled, vcpus, memory, disk, used: host(
            name, is_alive=alive, enabled=enabled, usage=usage(vcpus, memory, disk, used)
        ),
        st.text("abcdef", min_size=1, max_size=4),
        st.booleans(),
        st.booleans(),
        st.integers(0, 16),
        st.integers(0, 8192),
        st.integers(0, 50),
        st.integers(0, 10),
    ),
    max_size=6,
    unique_by=lambda candidate: candidate.name,
)
requests = st.builds(
    HostRequest,
    vcpus=st.integers(0, 20),
    memory_mib=st.integers(0, 9000),
    disk_gib=st.integers(0, 60),
)


@given(requests, hosts, st.randoms(use_true_random=False))
def test_the_choice_fits_and_does_not_depend_on_order(request, candidates, random) -> None:  # type: ignore[no-untyped-def]
    found = choose_host(request, candidates)
    shuffled = list(candidates)
    random.shuffle(shuffled)
    assert choose_host(request, shuffled) == found
    fitting = {
        one.host_id
        for one in candidates
        if one.is_alive and one.enabled and not one.usage.list_shortfalls(request.resources)
    }
    if isinstance(found, Choice):
        assert found.host_id in fitting
    else:
        assert not fitting
        assert set(found.reasons) == {one.name for one in candidates}
        assert all(found.reasons.values())
