"""Names fit the kernel's limits and never belong to two clouds."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilvi.agent.ports.names import (
    INTERFACE_NAME_MAX,
    SEGMENT_MAX,
    CloudNames,
    bridge_name,
    dhcp_link_name,
    leg_name,
    tap_name,
)
from pilvi.errors import InvalidRequest

prefixes = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)


@given(st.uuids(), st.integers(1, SEGMENT_MAX), prefixes)
def test_every_interface_name_fits(id: uuid.UUID, segment: int, prefix: str) -> None:
    names = [tap_name(str(id)), leg_name(str(id)), dhcp_link_name(str(id)), bridge_name(segment)]
    for name in [*names, CloudNames(prefix).uplink]:
        assert 0 < len(name) <= INTERFACE_NAME_MAX


@given(prefixes, prefixes, st.uuids())
def test_a_cloud_owns_its_own_namespaces_and_no_others(
    mine: str, other: str, id: uuid.UUID
) -> None:
    names = CloudNames(other)
    for namespace in (names.fabric, names.dhcp(str(id)), names.router(str(id))):
        assert CloudNames(mine).owns(namespace) == (mine == other)


@pytest.mark.parametrize("id", ["", "../../etc/passwd", "a b c d e f g h", "x" * 80, "tap\n" * 5])
def test_an_id_that_is_none_makes_no_name(id: str) -> None:
    with pytest.raises(InvalidRequest):
        tap_name(id)
    with pytest.raises(InvalidRequest):
        CloudNames("pilvi").dhcp(id)


@pytest.mark.parametrize("segment", [0, -1, SEGMENT_MAX + 1])
def test_a_segment_out_of_range_is_refused(segment: int) -> None:
    with pytest.raises(InvalidRequest):
        bridge_name(segment)
