"""When a server that waits is looked at again."""

import pytest

from pilvi.compute.reconcilers.server import RELEASE_LOOK_S, RELEASE_LOOK_S_MAX, look_again_s


@pytest.mark.parametrize(
    ("waited_s", "again_s"),
    [
        (0.0, RELEASE_LOOK_S),
        (1.0, RELEASE_LOOK_S),
        (10.0, 1.0),
        (400.0, RELEASE_LOOK_S_MAX),
        # The clock was set back, or another process's is ahead.
        (-3600.0, RELEASE_LOOK_S),
    ],
)
def test_what_waits_for_long_is_looked_at_less_often(waited_s: float, again_s: float) -> None:
    assert look_again_s(waited_s) == pytest.approx(again_s)
