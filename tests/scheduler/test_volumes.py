"""The choice of a host for a volume."""

from hypothesis import given
from hypothesis import strategies as st

from pilvi.scheduler.candidates import Candidate, Choice, Refusal
from pilvi.scheduler.volumes import VolumeRequest, choose_volume_host


def host(name: str, size: int, free: int, alive: bool = True) -> Candidate:
    return Candidate(
        host_id=f"id-{name}", name=name, is_alive=alive, disk_gib=size, disk_free_gib=free
    )


def test_most_free_disk_wins() -> None:
    found = choose_volume_host(VolumeRequest(size_gib=1), [host("a", 100, 5), host("b", 50, 40)])
    assert found == Choice("id-b", "b")


def test_a_volume_may_be_larger_than_what_is_free_but_not_than_the_filesystem() -> None:
    only = [host("a", 100, 5)]
    assert choose_volume_host(VolumeRequest(size_gib=100), only) == Choice("id-a", "a")
    refused = choose_volume_host(VolumeRequest(size_gib=101), only)
    assert isinstance(refused, Refusal)
    assert "a: asked for 101 GiB of disk, the filesystem has 100 in all" in refused.message


def test_a_dead_host_is_no_choice() -> None:
    refused = choose_volume_host(VolumeRequest(size_gib=1), [host("a", 100, 5, alive=False)])
    assert isinstance(refused, Refusal)
    assert refused.message == "cannot find a host with room: a: is down"


@given(st.integers(1, 50), st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=5))
def test_a_host_is_chosen_exactly_when_one_could_hold_it(
    size: int, found: list[tuple[int, bool]]
) -> None:
    candidates = [host(f"h{n}", disk, 0, alive) for n, (disk, alive) in enumerate(found)]
    could = {one.host_id for one in candidates if one.is_alive and one.disk_gib >= size}
    choice = choose_volume_host(VolumeRequest(size_gib=size), candidates)
    assert isinstance(choice, Choice) == bool(could)
    if isinstance(choice, Choice):
        assert choice.host_id in could
