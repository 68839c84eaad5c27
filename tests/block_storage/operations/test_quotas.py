"""What projects may have."""

import pytest

from pilvi.block_storage.model.quota import DEFAULTS
from pilvi.block_storage.operations import quotas as operations
from pilvi.core.db import Database
from pilvi.errors import InvalidRequest


async def test_limits_are_the_defaults_until_an_admin_says_otherwise(db: Database) -> None:
    async with db.write() as tx:
        assert await operations.list_limits(tx, "p") == DEFAULTS
        await operations.set_limits(tx, "p", {"volumes": -1})
        assert await operations.list_limits(tx, "p") == {**DEFAULTS, "volumes": -1}
        await operations.reset_limits(tx, "p")
        assert await operations.list_limits(tx, "p") == DEFAULTS


@pytest.mark.parametrize("wanted", [{"color": 1}, {"volumes": -2}, {"volumes": 1 << 31}])
async def test_unknown_names_and_values_are_refused(db: Database, wanted: dict[str, int]) -> None:
    async with db.write() as tx:
        with pytest.raises(InvalidRequest):
            await operations.set_limits(tx, "p", wanted)
