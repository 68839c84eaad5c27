"""What a simulated cloud finds on the web."""

import asyncio
from typing import Any

import pytest

from pilvi.errors import InvalidRequest, Unavailable
from pilvi.image.model.web_source import WebSource
from pilvi.testing.simulation.strangers import BREAKS, BUSY, MISSING, WHOLE, answer

NOBODY: Any = None


async def fetch(url: str) -> tuple[int | None, bytes]:
    async with answer(NOBODY, WebSource(url, "http", "images.example", 80)) as body:
        return body.size_bytes, b"".join([piece async for piece in body.pieces])


def test_strangers_send_all_or_fail_as_they_are_asked_to() -> None:
    size, disk = asyncio.run(fetch(WHOLE))
    assert size == len(disk) and disk.startswith(b"QFI\xfb")
    for url, error in ((BUSY, Unavailable), (BREAKS, Unavailable), (MISSING, InvalidRequest)):
        with pytest.raises(error):
            asyncio.run(fetch(url))
