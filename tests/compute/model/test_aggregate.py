"""Names, zones and metadata of aggregates."""

import pytest

from pilvi.compute.model.aggregate import (
    Aggregate,
    check_name,
    check_zone,
    is_matched,
    refuse_hosts,
    zone_of,
    zones_of_hosts,
)
from pilvi.core.db import now
from pilvi.errors import InvalidRequest


def aggregate(number: int, hosts: tuple[str, ...], zone: str | None, **said: str) -> Aggregate:
    return Aggregate(
        number=number,
        id=f"id-{number}",
        name=f"n{number}",
        availability_zone=zone,
        metadata=said,
        host_ids=hosts,
        created_at=now(),
    )


def test_a_host_is_in_the_zone_of_its_aggregate() -> None:
    zones = zones_of_hosts([aggregate(1, ("a",), "north"), aggregate(2, ("a", "b"), None)])
    assert [zone_of(zones, id) for id in ("a", "b", None)] == ["north", "nova", "nova"]


@pytest.mark.parametrize("name", ["", " x", "x ", "a\nb", "x" * 256])
def test_bad_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        check_name(name)
    with pytest.raises(InvalidRequest):
        check_zone(name)


def test_a_zone_has_no_colon() -> None:
    assert check_name("a:b") == "a:b"
    with pytest.raises(InvalidRequest):
        check_zone("a:b")


def test_flavors_ask_for_what_aggregates_say() -> None:
    found = [aggregate(1, ("a",), "north", ssd="true", cores="8")]
    scope = "aggregate_instance_extra_specs:"

    def refused(**specs: str) -> set[str]:
        asked = {f"{scope}{key}": value for key, value in specs.items()}
        return set(refuse_hosts(found, asked, ("a", "b")))

    assert refused() == set()
    assert refused(ssd="true") == {"b"}
    assert refused(ssd="false") == {"a", "b"}
    assert refused(ssd="true", cores=">= 4") == {"b"}
    assert refused(availability_zone="north") == {"b"}
    assert refuse_hosts(found, {"ssd": "false", "hw:cpu_policy": "shared"}, ("a",)) == {}


@pytest.mark.parametrize(
    ("asked", "said", "answer"),
    [
        ("x", "x", True),
        ("x", "y", False),
        ("= 4", "5", True),
        ("== 4", "5", False),
        ("!= 4", "5", True),
        ("<= 4", "5", False),
        ("= 4", "many", False),
        ("s== x", "x", True),
        ("s!= x", "x", False),
        ("s< b", "a", True),
        ("<in> ss", "ssd", True),
        ("<in> x", "ssd", False),
        ("<all-in> s d", "ssd", True),
        ("<all-in> s x", "ssd", False),
        ("<or> hdd <or> ssd", "ssd", True),
        ("<or> hdd <or> nvme", "ssd", False),
        ("", "", True),
    ],
)
def test_the_small_language_of_extra_specs(asked: str, said: str, answer: bool) -> None:
    assert is_matched(asked, said) is answer
