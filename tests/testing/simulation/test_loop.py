"""The loop without time and chance."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

import pytest

from pilvi.testing.simulation.loop import Deadlock, SimulatedLoop
from pilvi.testing.simulation.process import Process


def play(work: Coroutine[Any, Any, Any], seed: int = 1) -> tuple[Any, SimulatedLoop]:
    """What some work answers in a loop of its own."""
    loop = SimulatedLoop(random.Random(seed))
    return loop.run_until_complete(work), loop


def test_time_passes_without_waiting() -> None:
    async def wait() -> float:
        await asyncio.sleep(1e6)
        return asyncio.get_running_loop().time()

    assert play(wait())[0] == 1e6


async def _race(names: str) -> str:
    order = list[str]()

    async def step(name: str) -> None:
        for _ in range(3):
            order.append(name)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(step(name))
    return "".join(order)


def test_a_seed_has_one_order_and_seeds_have_many() -> None:
    orders = [play(_race("abc"), seed)[0] for seed in range(20)]
    assert orders == [play(_race("abc"), seed)[0] for seed in range(20)]
    assert len(set(orders)) > 10


def test_work_of_threads_is_done_inline_and_takes_its_time() -> None:
    async def work() -> tuple[int, bool]:
        found = await asyncio.to_thread(lambda: 7)
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 // 0)
        return found, asyncio.get_running_loop().time() > 0

    assert play(work())[0] == (7, True)


def test_nothing_of_a_killed_process_runs_not_even_its_finally() -> None:
    said = list[str]()

    async def live() -> None:
        try:
            said.append("born")
            await asyncio.sleep(1)
            said.append("grown")
        finally:
            said.append("buried")

    async def world() -> None:
        process = Process("victim")
        process.at_death.append(lambda: said.append("dead"))
        process.start(live())
        await asyncio.sleep(0.5)
        for _ in range(2):
            process.kill()
        await asyncio.sleep(5)

    loop = play(world())[1]
    assert said == ["born", "dead"]
    assert loop.time() == 5.5


def test_a_world_in_which_nothing_can_happen_is_an_error() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Deadlock):
        play(wait())
