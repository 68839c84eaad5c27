"""Taking bytes in, without HTTP."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilvi.errors import InvalidRequest, TooLarge, Unavailable
from pilvi.image.model.upload import UploadLimits
from pilvi.image.operations import intake
from pilvi.image.operations.intake import PIECE_BYTES, ExpectedSize, cut_pieces


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    """A body in these chunks."""
    for chunk in chunks:
        yield chunk


@given(sizes=st.lists(st.integers(0, 3 * PIECE_BYTES), max_size=5))
def test_pieces_are_whole_but_the_last(sizes: list[int]) -> None:
    chunks = [bytes([number]) * size for number, size in enumerate(sizes)]

    async def collect() -> list[bytes]:
        return [piece async for piece in cut_pieces(stream(*chunks))]

    pieces = asyncio.run(collect())
    assert b"".join(pieces) == b"".join(chunks)
    assert all(len(piece) == PIECE_BYTES for piece in pieces[:-1])
    assert all(0 < len(piece) <= PIECE_BYTES for piece in pieces)


async def test_a_silent_client_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "SILENCE_S", 0.02)

    async def silent() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(60)

    with pytest.raises(Unavailable, match="nothing came"):
        async for _ in cut_pieces(silent()):
            pass


def test_expected_sizes() -> None:
    limits = UploadLimits(100, 100)
    ExpectedSize(None, limits).check_all(100)
    ExpectedSize(50, limits).check_so_far(50)
    ExpectedSize(50, limits).check_all(50)
    with pytest.raises(TooLarge, match="100"):
        ExpectedSize(None, limits).check_so_far(101)
    with pytest.raises(InvalidRequest, match="50 bytes were announced and 51 came"):
        ExpectedSize(50, limits).check_so_far(51)
    with pytest.raises(InvalidRequest, match="50 bytes were announced and 49 came"):
        ExpectedSize(50, limits).check_all(49)
