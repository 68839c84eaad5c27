"""What befalls a world: processes die, machines lose power, disks fill, clocks jump.

Each seed has its own choice of troubles, so that a rare one is not always drowned by the others.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

from pilvi.agent.vms.local_vm import Process as VmProcess
from pilvi.testing.simulation.network import Weather
from pilvi.testing.simulation.operators import lose_host
from pilvi.testing.simulation.world import SimulatedHost, World

# Seconds between two troubles, on average.
PAUSE_S = 2.5
# Seconds that the longest trouble lasts.
LONG_S = 25.0

Trouble = Callable[[World, random.Random], Coroutine[Any, Any, None]]


async def rage(world: World, until: float) -> None:
    """Let troubles come until a moment, and then no more: all is mended by itself or by us."""
    chance = world.random("chaos")
    chosen = chance.sample(TROUBLES, chance.randint(1, 6))
    world.note(f"troubles: {', '.join(one.__name__ for one in chosen)}")
    async with asyncio.TaskGroup() as group:
        while world.loop.time() < until:
            await asyncio.sleep(chance.expovariate(1 / PAUSE_S))
            group.create_task(chance.choice(chosen)(world, chance))
    calm(world)


def calm(world: World) -> None:
    """Nothing fails any more, and everything runs."""
    world.network.weather = Weather()
    world.network.cut.clear()
    world.stale_share = 0.0
    world.start_planes()
    for plane in world.list_planes():
        plane.fill_disk(full=False)
    for host in world.hosts.values():
        host.hardware.is_full = False
        host.hardware.trouble = 0.0
        host.start()
    world.note("all is calm")


def _any_host(world: World, chance: random.Random) -> SimulatedHost:
    return chance.choice(list(world.hosts.values()))


async def kill_plane(world: World, chance: random.Random) -> None:
    """kill -9 of a control plane, any of them."""
    plane = world.find_plane()
    if plane is not None:
        world.note("a control plane is killed")
        plane.process.kill()
    await asyncio.sleep(chance.choice((0.0, chance.random(), chance.random() * LONG_S)))
    world.start_planes()


async def kill_agent(world: World, chance: random.Random) -> None:
    """kill -9 of an agent."""
    host = _any_host(world, chance)
    if host.is_off:
        return
    world.note(f"the agent of {host.name} is killed")
    host.kill()
    await asyncio.sleep(chance.choice((0.0, chance.random(), chance.random() * LONG_S)))
    if not host.is_off:
        host.start()


async def kill_both(world: World, chance: random.Random) -> None:
    """kill -9 of the control plane and of every agent."""
    world.note("everything is killed")
    world.kill_planes()
    for host in world.hosts.values():
        host.kill()
    await asyncio.sleep(chance.random())
    world.start_planes()
    for host in world.hosts.values():
        if not host.is_off:
            host.start()


async def power_off(world: World, chance: random.Random) -> None:
    """A host loses its power, and has it again."""
    host = _any_host(world, chance)
    if host.is_off:
        return
    world.note(f"{host.name} loses its power")
    host.power_off()
    await asyncio.sleep(chance.random() * LONG_S)
    host.start()


async def cut_off(world: World, chance: random.Random) -> None:
    """A host cannot be reached."""
    host = _any_host(world, chance)
    world.note(f"{host.name} is cut off")
    world.network.cut.add(host.name)
    await asyncio.sleep(chance.random() * LONG_S)
    world.network.cut.discard(host.name)


async def bad_weather(world: World, chance: random.Random) -> None:
    """Messages are lost, late and doubled."""
    worst = chance.choice((0.02, 0.1, 0.3))
    world.network.weather = Weather(*(chance.random() * worst for _ in range(4)))
    await asyncio.sleep(chance.random() * LONG_S)


async def fill_host(world: World, chance: random.Random) -> None:
    """The disk of a host is full for a while."""
    host = _any_host(world, chance)
    world.note(f"the disk of {host.name} is full")
    host.hardware.is_full = True
    await asyncio.sleep(chance.random() * LONG_S)
    host.hardware.is_full = False


async def fill_plane(world: World, chance: random.Random) -> None:
    """The disk of the database is full for a while."""
    world.note("the disk of the control plane is full")
    filled = world.list_planes()
    for plane in filled:
        plane.fill_disk(full=True)
    await asyncio.sleep(chance.random() * LONG_S)
    for plane in filled:
        plane.fill_disk(full=False)


async def act_late(world: World, chance: random.Random) -> None:
    """A control plane acts on what it read while others changed it."""
    world.stale_share = chance.choice((0.02, 0.1, 0.3))
    world.note(f"{world.stale_share:.0%} of what is read is stale when it is used")
    await asyncio.sleep(chance.random() * LONG_S)
    world.stale_share = 0.0


async def jump_clock(world: World, chance: random.Random) -> None:
    """A wall clock is set, forward or back."""
    skew_s = chance.choice((-3600.0, -30.0, 30.0, 3600.0, 48 * 3600.0)) * chance.random()
    if chance.random() < 0.5:
        world.plane_skew_s = skew_s
        for plane in world.list_planes():
            plane.process.skew_s = skew_s
        world.note(f"the clock of the control plane is {skew_s:.0f} s ahead")
        return
    host = _any_host(world, chance)
    host.skew_s = skew_s
    if host.process is not None:
        host.process.skew_s = skew_s
    world.note(f"the clock of {host.name} is {skew_s:.0f} s ahead")


async def break_drivers(world: World, chance: random.Random) -> None:
    """Calls of a host's drivers fail or hang."""
    host = _any_host(world, chance)
    host.hardware.trouble = chance.choice((0.02, 0.2))
    await asyncio.sleep(chance.random() * LONG_S)
    host.hardware.trouble = 0.0


async def end_guest(world: World, chance: random.Random) -> None:
    """A guest crashes, or turns its power off by itself."""
    host = _any_host(world, chance)
    running = [
        id for id, vm in host.hardware.drivers.vms.vms.items() if vm.process is VmProcess.RUNNING
    ]
    if not running:
        return
    server_id = chance.choice(running)
    vms = host.hardware.drivers.vms
    (vms.crash if chance.random() < 0.5 else vms.power_off)(server_id)
    world.ended_guests.add(server_id)
    world.note(f"the guest {server_id} ends by itself")


async def end_targets(world: World, chance: random.Random) -> None:
    """The service that exports volumes ends by itself."""
    host = _any_host(world, chance)
    world.note(f"the iSCSI service of {host.name} ends")
    host.hardware.drivers.volumes.end_service()


TROUBLES: list[Trouble] = [
    kill_plane, kill_plane, kill_agent, kill_agent, kill_both, power_off, cut_off, bad_weather,
    bad_weather, fill_host, fill_plane, jump_clock, break_drivers, end_guest, end_targets,
    lose_host, act_late,
]  # fmt: skip
