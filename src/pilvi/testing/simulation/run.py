"""One run of one seed: users and troubles, then quiet, then a verdict, then an empty cloud."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pilvi.testing.simulation.areas import AREAS
from pilvi.testing.simulation.chance import simulated_chance
from pilvi.testing.simulation.chaos import calm, rage
from pilvi.testing.simulation.client import Client
from pilvi.testing.simulation.loop import SimulatedLoop
from pilvi.testing.simulation.model import Promises
from pilvi.testing.simulation.network import Lost
from pilvi.testing.simulation.users import Ground, User
from pilvi.testing.simulation.verdict import (
    adopt,
    become_quiet,
    check_empty,
    check_ledger,
    check_promises,
    delete_everything,
    read_world,
    unpause_waiting,
)
from pilvi.testing.simulation.world import World

# Virtual seconds in which users act and troubles come.
BUSY_S = 16.0
# Virtual seconds after the troubles in which all that can come to rest by itself mostly does.
SETTLE_S = 10.0
# A small flavor, one that more fit on a host, and a large one.
FLAVORS = (("one", 1, 256, 1), ("two", 2, 512, 2), ("large", 8, 16384, 4))


@dataclass
class Outcome:
    """What came of a seed."""

    seed: int
    findings: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    virtual_s: float = 0.0
    cpu_s: float = 0.0
    requests: int = 0
    accepted: int = 0


def run_seed(seed: int, folder: Path, template: Path) -> Outcome:
    """Run one seed in a folder that is not there yet."""
    began = time.process_time()
    loop = SimulatedLoop(random.Random(f"order {seed}"))
    asyncio.set_event_loop(loop)
    outcome = Outcome(seed)
    with simulated_chance(loop, seed):
        world = loop.run_until_complete(_run(seed, folder, template, outcome))
    world.take_failures()
    outcome.findings, outcome.trace = world.findings, list(world.trace)
    outcome.virtual_s, outcome.cpu_s = loop.time(), time.process_time() - began
    world.remove()
    return outcome


async def _run(seed: int, folder: Path, template: Path, outcome: Outcome) -> World:
    chance = random.Random(f"shape {seed}")
    hosts, planes = chance.choice((1, 2, 2, 3)), chance.choice((1, 1, 2))
    world = await World.build(seed, folder, template, hosts, planes)
    admin = Client(world.network, "admin", "admin")
    ground = await lay_ground(admin)
    await become_quiet(world)
    before = read_world(world)
    promises = Promises()
    users = [
        User(
            Client(world.network, f"user{number}"),
            world.random(f"user {number}"),
            promises,
            ground,
            world.loop.time,
        )
        for number in range(chance.randint(1, 3))
    ]
    areas = chance.sample(list(AREAS), chance.randint(1, 4))
    if "servers" not in areas and chance.random() < 0.7:
        areas.append("servers")
    wishes = [wish for area in areas for wish in AREAS[area]]
    until = world.loop.time() + BUSY_S
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(rage(world, until))
            for user in users:
                pause_s = chance.choice((0.3, 0.8, 2.0)) * len(users)
                group.create_task(user.live(until, pause_s, wishes))
        await judge(world, promises, before)
    except Exception as error:
        import traceback

        world.find(f"the simulation broke: {error!r} {traceback.format_exc()[-1500:]}")
    statuses = [status for user in users for status in user.client.statuses]
    outcome.requests = len(statuses)
    outcome.accepted = sum(1 for status, _ in statuses if status < 300)
    for status, words in statuses:
        if status >= 500 and status not in (501, 503):
            world.find(f"a user was answered {status}: {words.partition(' ')[0]} {words[-60:]}")
    return world


async def judge(world: World, promises: Promises, before: Any) -> None:
    """Let the world become quiet, and check all; then empty it, and check again."""
    calm(world)
    client = Client(world.network, "judge")
    await asyncio.sleep(SETTLE_S)
    await unpause_waiting(world, client, promises)
    await become_quiet(world)
    await adopt(client, promises)
    await check_promises(world, client, promises)
    check_ledger(world)
    if world.findings:
        return
    await delete_everything(world, client, promises)
    await become_quiet(world)
    check_empty(world, before)


async def lay_ground(admin: Client) -> Ground:
    """Flavors of the simulation's own, and what the first contents have."""
    flavors = []
    for name, vcpus, memory_mib, disk_gib in FLAVORS:
        body = {"flavor": {"name": name, "vcpus": vcpus, "ram": memory_mib, "disk": disk_gib}}
        reply = await _insist(admin, "POST", "/compute/v2.1/flavors", body)
        flavors.append(reply.json()["flavor"]["id"])
    images = (await _insist(admin, "GET", "/image/v2/images")).json()["images"]
    networks = (await _insist(admin, "GET", "/network/v2.0/networks")).json()["networks"]
    inside = next(one for one in networks if not one["router:external"])
    outside = next(one for one in networks if one["router:external"])
    image_id = min(images, key=lambda one: str(one["name"]))["id"]
    return Ground(image_id, flavors, inside["id"], outside["id"])


async def _insist(client: Client, method: str, path: str, body: Any = None) -> Any:
    reply = await client.call(method, path, body)
    if not reply.is_success:
        raise Lost(f"{method} {path}: {reply.status} {reply.body!r}")
    return reply
