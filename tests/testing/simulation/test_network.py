"""What becomes of messages."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as WebRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pilvi.testing.simulation.loop import SimulatedLoop
from pilvi.testing.simulation.network import Fate, Lost, Network, Request, Weather
from pilvi.testing.simulation.process import Process


class Desk:
    """A server that counts what arrives."""

    def __init__(self) -> None:
        self.arrived = list[str]()
        self.process = Process("desk")
        self.app = Starlette(routes=[Route("/{name}", self.take, methods=["GET", "POST"])])
        self.network = Network(random.Random(1), lambda: self)

    async def take(self, request: WebRequest) -> Response:
        self.arrived.append(request.path_params["name"] + (await request.body()).decode())
        await asyncio.sleep(float(request.query_params.get("takes", 0)))
        return PlainTextResponse("taken")


def play(work: Callable[[Desk], Awaitable[None]]) -> Desk:
    desk = Desk()

    async def run() -> None:
        await work(desk)
        await asyncio.sleep(60)

    SimulatedLoop(random.Random(1)).run_until_complete(run())
    return desk


def test_a_request_is_answered_whole() -> None:
    async def work(desk: Desk) -> None:
        reply = await desk.network.call(Request("me", "POST", "/a", body=b"!"))
        assert (reply.status, reply.body, reply.headers["content-length"]) == (200, b"taken", "5")

    assert play(work).arrived == ["a!"]


@pytest.mark.parametrize(
    ("fate", "method", "arrives", "is_answered"),
    [
        (Fate.LOST, "GET", 0, False),
        (Fate.REPLY_LOST, "GET", 1, False),
        (Fate.LATE, "GET", 1, False),
        (Fate.DOUBLED, "GET", 2, True),
        (Fate.DOUBLED, "POST", 1, True),
    ],
)
def test_each_fate_has_its_effect(fate: Fate, method: str, arrives: int, is_answered: bool) -> None:
    async def work(desk: Desk) -> None:
        desk.network.decide = lambda request: fate
        try:
            await desk.network.call(Request("me", method, "/a"))
        except Lost:
            assert not is_answered
        else:
            assert is_answered

    assert len(play(work).arrived) == arrives


def test_who_is_cut_off_or_whose_server_dies_learns_nothing() -> None:
    async def work(desk: Desk) -> None:
        desk.network.cut.add("me")
        with pytest.raises(Lost):
            await desk.network.call(Request("me", "GET", "/cut"))
        desk.network.cut.clear()
        asyncio.get_running_loop().call_later(1, desk.process.kill)
        with pytest.raises(Lost):
            await desk.network.call(Request("me", "GET", "/dies", "takes=5"))

    assert play(work).arrived == ["dies"]


def test_the_weather_is_as_bad_as_it_is_said_to_be() -> None:
    chance, weather = random.Random(1), Weather(lost=0.1, doubled=0.3)
    drawn = [weather.draw(chance) for _ in range(2000)]
    assert 150 < drawn.count(Fate.LOST) < 250 and 500 < drawn.count(Fate.DOUBLED) < 700
    assert not {Fate.LATE, Fate.REPLY_LOST} & set(drawn)
