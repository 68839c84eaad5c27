"""What those do who run a cloud: say that a host is down, and have its servers elsewhere."""

import asyncio
import random

from pilvi.testing.simulation.client import Client
from pilvi.testing.simulation.network import LATE_S_MAX, PATIENCE_S, Lost
from pilvi.testing.simulation.world import SimulatedHost, World

# Seconds between two tries of a request that was not taken.
AGAIN_S = 1.0
TRIES = 300
# Seconds after which no request can arrive any more that was sent before.
ARRIVED_S = LATE_S_MAX + PATIENCE_S[1]
# Seconds that a host stays without power at most.
AWAY_S = 25.0
# Versions of the Compute API in which an evacuated guest goes on, or stays off.
GOES_ON, STAYS_OFF = "2.94", "2.96"


async def say_down(admin: Client, host: str, *, is_down: bool) -> None:
    """Insist that a host is down, or is no more. Raises `Lost` when nobody takes it for long."""
    for _ in range(TRIES):
        try:
            reply = await admin.call("GET", "/compute/v2.1/os-services?binary=nova-compute")
            for one in reply.json().get("services", []):
                if one["host"] == host:
                    path = f"/compute/v2.1/os-services/{one['id']}"
                    if (await admin.call("PUT", path, {"forced_down": is_down})).is_success:
                        return
        except Lost:
            pass
        await asyncio.sleep(AGAIN_S)
    raise Lost(f"nobody takes it that {host} is {'' if is_down else 'not '}down")


async def lose_host(world: World, chance: random.Random) -> None:
    """A host loses its power; an operator has its servers evacuated; it has its power again."""
    host = chance.choice(list(world.hosts.values()))
    if host.is_off or len(world.hosts) < 2:
        return
    world.note(f"{host.name} loses its power, and its servers leave it")
    host.power_off()
    version = chance.choice((GOES_ON, STAYS_OFF))
    operator = Client(world.network, "operator", "admin", compute=version)
    await asyncio.sleep(chance.random() * 2)
    await say_down(operator, host.name, is_down=True)
    for server_id in list(host.hardware.drivers.vms.vms):
        if chance.random() < 0.8:
            await _evacuate(world, operator, host, server_id)
    if chance.random() < 0.7:
        await asyncio.sleep(chance.random() * AWAY_S)
    host.start()
    await asyncio.sleep(chance.random() * 2)
    await say_down(operator, host.name, is_down=False)


async def _evacuate(world: World, operator: Client, host: SimulatedHost, server_id: str) -> None:
    """Ask once; who does not know whether he was heard leaves the host off until he must be."""
    world.evacuated.add(server_id)
    if operator.compute == STAYS_OFF:
        world.ended_guests.add(server_id)
    path = f"/compute/v2.1/servers/{server_id}/action"
    try:
        await operator.call("POST", path, {"evacuate": {}})
    except Lost:
        world.note(f"nobody knows whether {server_id} is to leave {host.name}")
        await asyncio.sleep(ARRIVED_S)
