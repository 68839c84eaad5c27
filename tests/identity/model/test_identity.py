"""What roles bring."""

from hypothesis import given
from hypothesis import strategies as st

from pilvi.identity.model.identity import close_inferences

ROLES = st.sampled_from("abcdef")
PAIRS = st.sets(st.tuples(ROLES, ROLES), max_size=12)


@given(PAIRS)
def test_the_closure_is_reflexive_transitive_and_no_wider(pairs: set[tuple[str, str]]) -> None:
    closed = close_inferences(set("abcdef"), pairs)
    assert {(role, role) for role in "abcdef"} <= closed
    assert pairs <= closed
    assert {(a, d) for a, b in closed for c, d in closed if b == c} == closed
    wider = closed - pairs - {(role, role) for role in "abcdef"}
    for prior, implied in wider:
        assert any((prior, middle) in pairs and (middle, implied) in closed for middle in "abcdef")
