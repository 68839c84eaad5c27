"""What operators say of hosts, whatever becomes of their requests."""

import random
from typing import Any

import pytest

from pilvi.testing.simulation.client import Client
from pilvi.testing.simulation.loop import SimulatedLoop
from pilvi.testing.simulation.network import Lost, Reply
from pilvi.testing.simulation.operators import TRIES, say_down


class Cloud:
    """Answers an operator's looks, and only some of the changes."""

    def __init__(self, lost: int) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.lost = lost

    async def call(self, method: str, path: str, body: Any = None) -> Reply:
        self.calls.append((method, path, body))
        if method == "PUT" and self.lost:
            self.lost -= 1
            raise Lost("the request was lost")
        return Reply(200, {}, b'{"services": [{"id": "7", "host": "a"}]}')


def run(cloud: Any, host: str) -> None:
    client: Client = cloud
    SimulatedLoop(random.Random(1)).run_until_complete(say_down(client, host, is_down=True))


def test_a_host_is_said_to_be_down_until_it_is_taken() -> None:
    cloud = Cloud(lost=2)
    run(cloud, "a")
    said = ("PUT", "/compute/v2.1/os-services/7", {"forced_down": True})
    assert cloud.calls[-1] == said and cloud.calls.count(said) == 3


def test_nobody_insists_for_ever() -> None:
    cloud = Cloud(lost=10_000)
    with pytest.raises(Lost, match="is down"):
        run(cloud, "a")
    assert len(cloud.calls) == 2 * TRIES
