"""Time and chance of a seed."""

import asyncio
import os
import random
import secrets
import time
import uuid

from pilvi.core.db import now
from pilvi.testing.simulation.chance import EPOCH_S, simulated_chance
from pilvi.testing.simulation.loop import SimulatedLoop
from pilvi.testing.simulation.process import Process


def _draw(seed: int) -> tuple[object, ...]:
    loop = SimulatedLoop(random.Random(seed))
    with simulated_chance(loop, seed):
        return uuid.uuid4(), secrets.token_hex(8), random.random(), os.urandom(4), time.time()


def test_a_seed_says_everything_that_is_left_to_chance() -> None:
    assert _draw(1) == _draw(1)
    assert all(one != other for one, other in zip(_draw(1)[:4], _draw(2)[:4], strict=True))


def test_the_machines_own_are_back_afterwards() -> None:
    before = time.time()
    _draw(1)
    assert time.time() - before < 60 and uuid.uuid4() != uuid.uuid4()


def test_only_wall_clocks_jump_and_each_process_has_its_own() -> None:
    loop = SimulatedLoop(random.Random(1))
    seen = dict[str, tuple[float, float, float]]()

    async def look(name: str) -> None:
        seen[name] = (time.time() - EPOCH_S, time.monotonic(), now().timestamp() - EPOCH_S)

    async def world() -> None:
        await asyncio.sleep(10)
        await Process("right").start(look("right"))
        await Process("wrong", skew_s=-3600).start(look("wrong"))

    with simulated_chance(loop, 1):
        loop.run_until_complete(world())
    assert seen == {"right": (10, 10, 10), "wrong": (-3590, 10, -3590)}
