"""How much may still be taken."""

from pilvi.compute.model.quota import headroom


def test_headroom_is_what_is_left_and_none_without_a_limit() -> None:
    assert headroom(10, 4) == 6
    assert headroom(2, 5) == 0
    assert headroom(-1, 1000) is None
