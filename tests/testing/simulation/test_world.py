import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from pilvi.settings import Settings
from pilvi.testing.simulation.chance import simulated_chance
from pilvi.testing.simulation.client import Client
from pilvi.testing.simulation.farm import run_forked
from pilvi.testing.simulation.loop import SimulatedLoop
from pilvi.testing.simulation.run import lay_ground
from pilvi.testing.simulation.verdict import become_quiet
from pilvi.testing.simulation.world import STALE_S_MAX, World
from pilvi.testing.template import ensure_template

Story = Callable[[World], Awaitable[None]]


def play(story: Story) -> None:
    """What happens in a world of two control planes and one host, in a process of its own."""
    template = asyncio.run(ensure_template(Settings(state_dir="/nowhere", fake=True)))
    ((_, findings),) = run_forked([1], partial(_live, template, story), 1)
    assert findings == []


def _live(template: Path, story: Story, seed: int, folder: Path) -> list[str]:
    loop = SimulatedLoop(random.Random(seed))
    asyncio.set_event_loop(loop)

    async def live() -> World:
        world = await World.build(seed, folder, template, hosts=1, planes=2)
        await story(world)
        return world

    with simulated_chance(loop, seed):
        world = loop.run_until_complete(live())
    world.take_failures()
    world.remove()
    return world.findings


def test_one_control_plane_of_two_does_all_the_work_when_the_other_dies() -> None:
    async def story(world: World) -> None:
        client = Client(world.network, "admin", "admin")
        ground = await lay_ground(client)
        world.planes[0].process.kill()
        body = {
            "name": "one",
            "imageRef": ground.image_id,
            "flavorRef": ground.flavors[0],
            "networks": [{"uuid": ground.network_id}],
        }
        reply = await client.call("POST", "/compute/v2.1/servers", {"server": body})
        assert reply.status == 202, reply.body
        assert len(world.list_planes()) == 1
        world.start_planes()
        assert len(world.list_planes()) == 2
        await become_quiet(world)
        path = f"/compute/v2.1/servers/{reply.json()['server']['id']}"
        shown = (await client.call("GET", path)).json()["server"]
        assert shown["status"] == "ACTIVE"

    play(story)


def test_what_was_read_can_be_old_when_it_is_used() -> None:
    async def story(world: World) -> None:
        world.stale_share = 1.0
        ages = [await read(world) for _ in range(20)]
        assert 0 < max(ages) <= STALE_S_MAX and len(set(ages)) > 1
        world.stale_share = 0.0
        assert await read(world) == 0

    play(story)


async def read(world: World) -> float:
    """Seconds from a look at the database to what is done next."""
    began = world.loop.time()
    async with world.planes[0].db.read():
        pass
    return world.loop.time() - began
