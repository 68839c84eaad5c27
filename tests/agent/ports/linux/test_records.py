"""What the fabric's tables tell of themselves."""

import pytest

from pilvi.agent.ports.linux.records import ZONE_MAX, choose_zone
from pilvi.errors import Conflict


def test_a_zone_is_the_segment_where_it_fits_and_free_otherwise() -> None:
    assert choose_zone(7, set()) == 7
    assert choose_zone(7, {7}) == ZONE_MAX
    assert choose_zone(16_000_000, {ZONE_MAX}) == ZONE_MAX - 1
    with pytest.raises(Conflict):
        choose_zone(1, set(range(1, ZONE_MAX + 1)))
