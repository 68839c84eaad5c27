"""What must be so once a world is quiet, and again once everything was deleted."""

import asyncio
from collections.abc import Iterator

from pilvi.agent.vms.local_vm import Plug
from pilvi.agent.vms.local_vm import Process as VmProcess
from pilvi.testing.simulation.client import Client
from pilvi.testing.simulation.ledger import (
    Books,
    check_sums,
    compare,
    list_holdings,
    read_books,
    read_revisions,
)
from pilvi.testing.simulation.model import KINDS, Gone, Promises, Thing
from pilvi.testing.simulation.network import Reply
from pilvi.testing.simulation.world import World

# Virtual seconds until a world without troubles must be quiet: above the longest hang of a driver
# and the patience of a volume.
QUIET_S = 480.0
LOOK_S = 2.0
# Tries to delete something that is in use, each after a look.
DELETE_TRIES = 60

_RESTING = {
    "server": {"ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED", "RESCUE", "VERIFY_RESIZE",
               "SHELVED_OFFLOADED", "ERROR"},
    "volume": {"available", "in-use", "error", "error_extending", "error_restoring"},
    "snapshot": {"available", "error"},
    "backup": {"available", "error"},
    "image": {"active", "queued", "killed", "uploading", "importing"},
    "port": {"ACTIVE", "DOWN", "N/A", "ERROR"},
    "router": {"ACTIVE", "ERROR"},
    "floatingip": {"ACTIVE", "DOWN"},
    "network": {"ACTIVE"},
}  # fmt: skip
"""Statuses in which a thing may be left alone."""
_ERRORS = {"ERROR", "error", "error_extending", "error_restoring"}


_UNNAMED = ("volume", "snapshot", "floatingip")
"""What servers and their images make by themselves, or what carries no name to be found by."""


async def unpause_waiting(world: World, client: Client, promises: Promises) -> None:
    """Let paused guests go on that have to give up a device: no machine can do it for them."""
    for host in world.hosts.values():
        for server_id, vm in host.hardware.drivers.vms.vms.items():
            is_leaving = Plug.LEAVING in (*vm.volumes.values(), *vm.nics.values())
            if vm.process is VmProcess.PAUSED and is_leaving:
                path = f"/compute/v2.1/servers/{server_id}/action"
                await client.call("POST", path, {"unpause": None})
                for thing in promises.things:
                    thing.states = None if thing.id == server_id else thing.states


async def become_quiet(world: World) -> None:
    """Wait until nobody has anything to do."""
    deadline = world.loop.time() + QUIET_S
    while world.loop.time() < deadline:
        await asyncio.sleep(LOOK_S)
        if world.is_quiet:
            # What was read while something ended may be told a moment later.
            await asyncio.sleep(LOOK_S)
            if world.is_quiet and not list_untold(world):
                return
    world.find(f"no quiet within {QUIET_S:.0f} s: {', '.join(_list_busy(world))}"[:1500])


def list_untold(world: World) -> list[str]:
    """Hosts that have yet to hear of a wish: the answer to their question may be lost."""
    wished = read_revisions(world.settings.api_dir / "pilvi.db")
    return [
        name
        for name, host in world.hosts.items()
        if host.agent is None or host.agent.desired.revision < wished[name]
    ]


def _list_busy(world: World) -> Iterator[str]:
    yield from (f"{name} untold" for name in list_untold(world))
    for plane in world.list_planes():
        for loop in (plane.plane.loop, plane.plane.downloads):
            yield from (f"api {kind} {id}" for kind, id in loop._entries)
    for host in world.hosts.values():
        if host.agent is not None:
            yield from (f"{host.name} {kind} {id}" for kind, id in host.agent.loop._entries)


def read_world(world: World) -> Books:
    """What the database says."""
    return read_books(world.settings.api_dir / "pilvi.db")


def check_ledger(world: World) -> None:
    """Hosts hold exactly what the database says."""
    books, held = read_world(world), set()
    for host in world.hosts.values():
        held |= set(list_holdings(host.hardware, host.settings.backups))
    for problem in (*compare(books, held), *check_sums(books)):
        world.find(problem)


async def adopt(client: Client, promises: Promises) -> None:
    """Find what was made by requests whose replies were lost, and what came with servers."""
    for kind in sorted({*promises.names.values(), *_UNNAMED}):
        row = KINDS[kind]
        reply = await client.call("GET", row.path)
        for found in reply.json()[row.keys]:
            known = {thing.id for thing in promises.things}
            name = found.get("name") or ""
            wanted = any(name == one or name.startswith(f"{one}-") for one in promises.names)
            wanted = wanted or kind in _UNNAMED
            if wanted and found["id"] not in known:
                promises.add(Thing(kind, found["id"], name, Gone.MAYBE))


async def check_promises(world: World, client: Client, promises: Promises) -> None:
    """What was acknowledged is there, what was deleted is not, and nothing is on its way."""
    for thing in promises.things:
        reply = await client.call("GET", f"{KINDS[thing.kind].path}/{thing.id}")
        words = f"the {thing.kind} {thing.name} ({thing.id})"
        if reply.status == 404:
            if thing.gone is Gone.NO:
                world.find(f"forgotten: {words} was acknowledged and is gone")
            thing.gone = Gone.YES
        elif not reply.is_success:
            world.find(f"{words} cannot be shown: {reply.status} {reply.body[:200]!r}")
        elif thing.gone is Gone.YES:
            world.find(f"not deleted: {words} was to go and is {_status(thing, reply)}")
        else:
            _check_state(world, thing, reply, words)


def _status(thing: Thing, reply: Reply) -> str:
    found = reply.json()
    found = found if thing.kind == "image" else found[KINDS[thing.kind].key]
    return str(found.get("status"))


def _check_state(world: World, thing: Thing, reply: Reply, words: str) -> None:
    status, resting = _status(thing, reply), _RESTING.get(thing.kind)
    if resting is not None and status not in resting:
        world.find(f"stuck: {words} is {status}")
    if thing.kind != "server":
        return
    server = reply.json()["server"]
    if task := server["OS-EXT-STS:task_state"]:
        world.find(f"stuck: {words} is {status} with task {task}")
    if status in _ERRORS:
        if not server.get("fault", {}).get("message"):
            world.find(f"{words} is in ERROR and does not say why")
        return
    allowed = thing.states
    if allowed and thing.id in world.ended_guests:
        allowed = allowed | {"SHUTOFF"}
    if allowed and status not in allowed:
        world.find(f"lost: {words} was to be {' or '.join(sorted(allowed))} and is {status}")


_ORDER = ("server", "backup", "snapshot", "volume", "image", "floatingip", "port")


async def delete_everything(world: World, client: Client, promises: Promises) -> None:
    """Delete all that is there, each as soon as it lets itself be deleted."""
    for kind in (*_ORDER, "router", "subnet", "network", "security_group"):
        things = promises.there(kind)
        for _ in range(DELETE_TRIES):
            if kind == "router":
                for thing in things:
                    await _unplug(client, thing)
            things = [one for one in things if not await _is_gone(client, one)]
            if not things:
                break
            await asyncio.sleep(LOOK_S)
        for thing in things:
            reply = await client.call("DELETE", f"{KINDS[kind].path}/{thing.id}")
            world.find(
                f"cannot be deleted: the {kind} {thing.name} ({thing.id}): "
                f"{reply.status} {reply.body[:300]!r}"
            )


async def _unplug(client: Client, router: Thing) -> None:
    ports = await client.call("GET", f"/network/v2.0/ports?device_id={router.id}")
    for port in ports.json().get("ports", []):
        path = f"/network/v2.0/routers/{router.id}/remove_router_interface"
        await client.call("PUT", path, {"port_id": port["id"]})


async def _is_gone(client: Client, thing: Thing) -> bool:
    path = f"{KINDS[thing.kind].path}/{thing.id}"
    reply = await client.call("DELETE", path)
    if reply.status == 404:
        return True
    return (await client.call("GET", path)).status == 404


def check_empty(world: World, before: Books) -> None:
    """Nothing is left but what was there at first."""
    after = read_world(world)
    for name, count in after.counts.items():
        if count != before.counts[name]:
            world.find(f"left over: {count - before.counts[name]:+d} {name}")
    for host, kind, id in sorted(after.wanted | after.leaving):
        if id not in before.own:
            world.find(f"left over: {host} is to hold the {kind} {id}")
    check_ledger(world)
    folders = (world.settings.api_dir / "images" / name for name in ("incoming", "trash"))
    for path in (path for folder in folders for path in folder.glob("*")):
        world.find(f"left over: {path.parent.name}/{path.name[:40]}")
