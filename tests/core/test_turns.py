"""One at a time for each key, and nothing is left once nobody waits."""

import asyncio

import pytest

from pilvi.core.turns import Turns


async def test_one_at_a_time_also_while_the_turn_goes_from_one_to_the_next() -> None:
    turns, inside, most = Turns(), 0, 0

    async def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            async with turns.taken("k"):
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

    await asyncio.gather(*(work() for _ in range(10)))
    assert most == 1
    assert not turns.is_held("k") and turns._locks == {} and turns._users == {}


async def test_other_keys_do_not_wait() -> None:
    turns = Turns()
    async with turns.taken("a"), asyncio.timeout(20), turns.taken("b"):
        assert turns.is_held("a") and turns.is_held("b")


async def test_who_gives_up_waiting_or_fails_leaves_nothing() -> None:
    turns = Turns()
    async with turns.taken("k"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), turns.taken("k"):
                pass
        assert turns.is_held("k")
    with pytest.raises(ValueError, match="broken"):
        async with turns.taken("k"):
            raise ValueError("broken")
    assert turns._locks == {} and turns._users == {}
