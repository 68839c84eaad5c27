"""A small soak: operations of every kind leave nothing behind, in memory, files or rows.

`bin/bench soak` is the large one.
"""

from pathlib import Path

import pytest
from bench.soak import opened, slope

WARM = 300
ROUNDS = 5
ROUND = 200
# Rows of one table by which two looks may differ: what is kept for some seconds.
ROWS_MAX = 40
FOR_EVER = {"image_retired_ids"}
"""What docs/reference/records.md says is kept."""
# Memory that caches may take still: a leak of one request's objects for each is more.
KIB_AN_OPERATION_MAX = 20.0


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_operations_leave_nothing_behind(tmp_path: Path) -> None:
    kept = {"history_kept_s": 3, "console_token_s": 3, "token_lifetime_s": 10, "replies_kept_s": 20}
    kept["usage_kept_s"] = 3
    found = []
    async with opened(tmp_path, **kept) as soak:
        for round in range(ROUNDS + 1):
            await soak.play(WARM + round * ROUND)
            assert await soak.audit() == []
            found.append(soak.measure())
        assert soak.way.failures == []
    first, last = found[0], found[-1]
    longer = {name: last.rows[name] - first.rows[name] for name in last.rows}
    assert {n: more for n, more in longer.items() if more > ROWS_MAX and n not in FOR_EVER} == {}
    ever = {name for name, more in longer.items() if more > 0 and name in FOR_EVER}
    assert ever == FOR_EVER, "images were deleted"
    assert last.files <= first.files + 2
    grown_kib = slope(found, lambda one: one.memory_mib * 1024)
    assert grown_kib < KIB_AN_OPERATION_MAX, "\n".join(one.render() for one in found)
