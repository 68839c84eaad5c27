import asyncio
import random
from collections.abc import Coroutine
from typing import Any

from pilvi.testing.simulation.loop import SimulatedLoop
from pilvi.testing.simulation.peers import NOTICE_S_MAX, Sessions, SimulatedPeers
from pilvi.testing.simulation.process import Process


def play(story: Coroutine[Any, Any, None]) -> None:
    """Run something in simulated time."""
    loop = SimulatedLoop(random.Random(1))
    asyncio.set_event_loop(loop)
    loop.run_until_complete(story)


def join(sessions: Sessions) -> SimulatedPeers:
    peers = SimulatedPeers(sessions, Process("api"))
    peers.join()
    return peers


def test_one_holds_an_object_and_its_death_frees_it() -> None:
    async def story() -> None:
        sessions = Sessions(random.Random(1))
        first, second = join(sessions), join(sessions)
        noticed: list[str] = []
        second.listen(frozenset(), lambda wakes: None, lambda: noticed.append("gone"))

        async def hold() -> None:
            async with first.held("server", "1") as is_mine:
                assert is_mine
                await asyncio.Event().wait()

        first.process.start(hold())
        await asyncio.sleep(0.1)
        async with second.held("server", "1") as is_mine:
            assert not is_mine
        async with second.held("server", "2") as is_mine:
            assert is_mine
        first.process.kill()
        async with second.held("server", "1") as is_mine:
            assert is_mine
        await asyncio.sleep(NOTICE_S_MAX)
        assert noticed == ["gone"]

    play(story())


def test_the_others_hear_of_chosen_kinds_and_not_always() -> None:
    async def story() -> None:
        sessions = Sessions(random.Random(1))
        first, second = join(sessions), join(sessions)
        heard: list[tuple[str, str]] = []
        first.listen(frozenset({"host"}), lambda wakes: None, lambda: None)
        second.listen(frozenset({"host"}), heard.extend, lambda: None)
        for number in range(200):
            first.tell([("host", str(number)), ("server", str(number))])
        await asyncio.sleep(NOTICE_S_MAX)
        assert {kind for kind, _ in heard} == {"host"}
        assert 150 < len(heard) < 200

    play(story())
