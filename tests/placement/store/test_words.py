"""Rows of custom words."""

import pytest

from pilvi.core.db import Database
from pilvi.placement.store import words


@pytest.mark.parametrize("kind", words.TABLES)
async def test_words_come_in_order_and_go(db: Database, kind: str) -> None:
    async with db.write() as tx:
        for name in ("CUSTOM_B", "CUSTOM_A"):
            await words.insert_word(tx, kind, name)
        assert await words.list_words(tx, kind) == ["CUSTOM_A", "CUSTOM_B"]
        for _ in range(2):
            await words.delete_word(tx, kind, "CUSTOM_A")
        assert await words.list_words(tx, kind) == ["CUSTOM_B"]
