"""The crash matrix: each scenario once for each of its steps and each fault at that step.

A scenario is prepared once, in a process of its own. Each case is a fork of that: the control
plane starts anew on a copy of the files, the request is made, and at one step one thing goes
wrong. Then all is mended, and the end must be what it would have been, or the resource says why
it is not.
"""

import asyncio
import os
import random
import shutil
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from pilvi.agent.faults import HostTerminal
from pilvi.core.reconcile.taking import Taken, watch_steps
from pilvi.errors import Unavailable
from pilvi.testing.simulation.cases import EXCUSED, MESSAGE, Fault, Place, Verdict
from pilvi.testing.simulation.chance import simulated_chance
from pilvi.testing.simulation.chaos import calm
from pilvi.testing.simulation.client import Client
from pilvi.testing.simulation.ledger import Books
from pilvi.testing.simulation.loop import SimulatedLoop
from pilvi.testing.simulation.network import Fate, Lost, Request
from pilvi.testing.simulation.process import current_process
from pilvi.testing.simulation.run import lay_ground
from pilvi.testing.simulation.scenario import Scenario
from pilvi.testing.simulation.stage import Stage, Unprepared
from pilvi.testing.simulation.verdict import (
    adopt,
    become_quiet,
    check_empty,
    check_ledger,
    delete_everything,
    read_world,
)
from pilvi.testing.simulation.world import World

# Seconds that a killed process stays away.
AWAY_S = 0.4
# Seconds that a host stays without power, that a disk stays full, that replies are lost.
LONG_S = 6.0
# Seconds above the pause between looks for unsettled objects.
RESYNC_S = 25.0


class Play:
    """A prepared scenario, of which any number of forks may be played to the end."""

    def __init__(self, scenario: Scenario, folder: Path, template: Path) -> None:
        self.scenario = scenario
        self._seed = scenario.name
        self._template = template
        self._folder = folder
        folder.mkdir(parents=True)
        os.chdir(folder)
        self._loop = SimulatedLoop(random.Random(self._seed))
        asyncio.set_event_loop(self._loop)
        self._chance = simulated_chance(self._loop, 1)
        self._chance.__enter__()
        self._stage, self._before = self._loop.run_until_complete(self._prepare())

    async def _prepare(self) -> tuple[Stage, Books]:
        # The folder is relative: a fork works on a copy of it.
        world = await World.build(1, Path("world"), self._template, hosts=2)
        admin = Client(world.network, "admin", "admin")
        ground = await lay_ground(admin)
        await become_quiet(world)
        stage = Stage(world, Client(world.network, "user"), ground, admin)
        before = read_world(world)
        await self.scenario.prepare(stage)
        await become_quiet(world)
        if world.findings:
            raise Unprepared(f"{self.scenario.name}: {world.findings[0]}")
        # No connection may cross a fork.
        world.kill_planes()
        return stage, before

    def play(self, place: Place | None, fault: Fault, folder: Path) -> Verdict:
        """One case, in a fork of the process that prepared."""
        began = time.process_time()
        shutil.copytree(self._folder, folder)
        os.chdir(folder)
        verdict = Verdict(self.scenario.name, place, fault)
        world = self._stage.world
        game = Game(self.scenario, self._stage, verdict)
        self._loop.run_until_complete(game.run(self._before))
        world.take_failures()
        verdict.problems += world.findings
        verdict.trace = list(world.trace)
        verdict.cpu_s = time.process_time() - began
        os.chdir("/")
        shutil.rmtree(folder, ignore_errors=True)
        return verdict


_FATES = {
    Fault.LOSE: Fate.LOST,
    Fault.LOSE_REPLY: Fate.REPLY_LOST,
    Fault.DELAY: Fate.LATE,
    Fault.DOUBLE: Fate.DOUBLED,
}


class Game:
    """One case as it is played."""

    def __init__(self, scenario: Scenario, stage: Stage, verdict: Verdict) -> None:
        self._scenario = scenario
        self._stage = stage
        self._world = stage.world
        self._verdict = verdict
        self._is_over = False
        self._loses_replies = False
        self._has_deleted = False

    async def run(self, before: Books) -> None:
        """Ask, let it go wrong, mend, judge."""
        world, stage = self._world, self._stage
        world.start_planes()
        watch_steps(self._watch)
        world.network.decide = self._decide
        try:
            await self._scenario.act(stage)
            await become_quiet(world)
            self._is_over = True
            # A removal that "can never be done" is tried again when unsettled objects are listed.
            is_final = self._verdict.fault is Fault.FAIL_TERMINALLY
            await asyncio.sleep(RESYNC_S if is_final else LONG_S)
            calm(world)
            await become_quiet(world)
            await self._judge()
            check_ledger(world)
            if not world.findings:
                await adopt(stage.client, stage.promises)
                await delete_everything(world, stage.client, stage.promises)
                await become_quiet(world)
                check_empty(world, before)
        except (Lost, Unprepared) as error:
            world.find(f"not done: {error}")
        finally:
            watch_steps(None)
            self._is_over = True

    async def _judge(self) -> None:
        # A late step may not be reached again: then nobody changed his mind.
        if self._verdict.fault is Fault.DELETE and self._has_deleted:
            kind, key = self._scenario.subject
            if key in self._stage.ids and await self._stage.show(kind, key) is not None:
                self._world.find(f"not deleted: the {kind} {key} is still there")
            return
        problems = []
        for (kind, key), statuses in self._scenario.goal.items():
            problems += await self._hold(kind, key, statuses)
        if self._scenario.check is not None and not problems:
            problem = await self._scenario.check(self._stage)
            problems += [problem] if problem else []
        excuse = "" if not problems else await self._find_excuse()
        if problems and excuse and self._verdict.fault in EXCUSED:
            self._verdict.excuse = excuse
        else:
            for problem in problems:
                self._world.find(problem + (f" (it says: {excuse})" if excuse else ""))

    async def _hold(self, kind: str, key: str, statuses: tuple[str, ...]) -> list[str]:
        found = await self._stage.show(kind, key)
        status = "gone" if found is None else found["status"]
        task = None if found is None else found.get("OS-EXT-STS:task_state")
        if status in statuses and not task:
            return []
        words = f"the {kind} {key} is {status}" + (f" with task {task}" if task else "")
        return [f"{words}, and not {' or '.join(statuses)}"]

    async def _find_excuse(self) -> str:
        """What the resources of the scenario say of why they are not as wished."""
        words = list[str]()
        for thing in self._stage.promises.things:
            if thing.kind == "server":
                path = f"/compute/v2.1/servers/{thing.id}"
                server = (await self._stage.call("GET", path)).json().get("server", {})
                words.append(server.get("fault", {}).get("message", ""))
                actions = await self._stage.call("GET", f"{path}/os-instance-actions")
                words += [one["message"] or "" for one in actions.json()["instanceActions"]]
            if thing.kind == "backup":
                found = await self._stage.call("GET", f"/volume/v3/backups/{thing.id}")
                words.append(found.json().get("backup", {}).get("fail_reason") or "")
        messages = await self._stage.call("GET", "/volume/v3/messages")
        words += [one["user_message"] for one in messages.json()["messages"]]
        images = await self._stage.call("GET", "/image/v2/images")
        words += [str(one.get("pilvi_fault") or "") for one in images.json()["images"]]
        return next((word for word in words if word), "")

    def _decide(self, request: Request) -> Fate | None:
        """Each message that sets something in motion is a place too."""
        if self._is_over:
            return None
        if self._loses_replies:
            return Fate.REPLY_LOST
        kind = "host" if request.sender in self._world.hosts else "user"
        parts = [part for part in request.path.split("/") if not any(c.isdigit() for c in part)]
        places = self._verdict.places
        place = Place(len(places) + 1, MESSAGE, kind, f"{request.method} {'/'.join(parts)}")
        if kind == "user" and request.method == "GET":
            return None
        places.append(place)
        self._world.note(f"{place}")
        if self._verdict.place is None or place.number != self._verdict.place.number:
            return None
        self._world.note(f"here {self._verdict.fault}")
        match self._verdict.fault:
            case Fault.KILL_SOON:
                self._spawn(self._kill_soon("api"))
            case Fault.KILL_BOTH:
                for name in ("api", *self._world.hosts):
                    self._spawn(self._kill_soon(name))
            case Fault.LOSE_REPLIES:
                self._spawn(self._trouble(Fault.LOSE_REPLIES, place))
            case Fault.DELETE:
                self._spawn(self._delete())
        return _FATES.get(self._verdict.fault)

    async def _watch(self, taken: Taken, work: Callable[[], Awaitable[Any]]) -> Any:
        process = current_process()
        if self._is_over or process is None:
            return await work()
        places = self._verdict.places
        place = Place(len(places) + 1, process.name, taken.kind, _name(taken.step))
        places.append(place)
        self._world.note(f"{place}: {taken.id}")
        if self._verdict.place is None or place.number != self._verdict.place.number:
            return await work()
        self._world.note(f"here {self._verdict.fault}")
        return await self._go_wrong(place, work)

    async def _go_wrong(self, place: Place, work: Callable[[], Awaitable[Any]]) -> Any:
        fault = self._verdict.fault
        match fault:
            case Fault.FAIL_BEFORE:
                raise Unavailable("cannot do it: the matrix lets this step fail")
            case Fault.FAIL_TERMINALLY:
                raise HostTerminal(Unavailable("cannot do it: the matrix says that it never can"))
            case Fault.KILL_BEFORE:
                await self._kill(place.where)
            case Fault.KILL_OTHER:
                self._spawn(self._kill("api" if place.where != "api" else self._host(place)))
            case Fault.POWER_OFF:
                self._power_off(self._host(place))
            case Fault.KILL_SOON:
                self._spawn(self._kill_soon(place.where))
            case Fault.LOSE_REPLIES | Fault.CUT | Fault.FILL_DISK:
                self._spawn(self._trouble(fault, place))
            case Fault.DELETE:
                self._spawn(self._delete())
        if fault is Fault.POWER_OFF and place.where != "api":
            await asyncio.Event().wait()
        answer = await work()
        match fault:
            case Fault.KILL_AFTER:
                await self._kill(place.where)
            case Fault.KILL_BOTH:
                for host in self._world.hosts:
                    self._spawn(self._kill(host))
                await self._kill("api")
            case Fault.FAIL_AFTER:
                raise Unavailable("cannot do it: the matrix lets this step fail late")
            case Fault.TWICE:
                answer = await work()
        return answer

    def _host(self, place: Place) -> str:
        """The host of a step, or the one that has most to do with it."""
        if place.where in self._world.hosts:
            return place.where
        return next(iter(self._world.hosts))

    def _spawn(self, work: Any) -> None:
        """Something that goes on whatever dies."""
        import contextvars

        asyncio.get_running_loop().create_task(work, context=contextvars.Context())

    async def _kill(self, name: str) -> None:
        """Kill a process, and start it again a little later."""

        async def revive() -> None:
            await asyncio.sleep(AWAY_S)
            if name == "api":
                self._world.start_planes()
            else:
                self._world.hosts[name].start()

        self._spawn(revive())
        if name == "api":
            self._world.kill_planes()
        else:
            self._world.hosts[name].kill()
        process = current_process()
        if process is not None and process.is_dead:
            await asyncio.Event().wait()

    async def _kill_soon(self, name: str) -> None:
        await asyncio.sleep(0.003)
        await self._kill(name)

    def _power_off(self, name: str) -> None:
        host = self._world.hosts[name]

        async def revive() -> None:
            await asyncio.sleep(LONG_S)
            host.start()

        self._spawn(revive())
        host.power_off()

    async def _trouble(self, fault: Fault, place: Place) -> None:
        world, host = self._world, self._world.hosts[self._host(place)]
        if fault is Fault.LOSE_REPLIES:
            self._loses_replies = True
        elif fault is Fault.CUT:
            world.network.cut.add(host.name)
        elif place.where == "api" and (plane := world.find_plane()) is not None:
            plane.fill_disk(full=True)
        else:
            host.hardware.is_full = True
        await asyncio.sleep(LONG_S * (4 if fault is Fault.CUT else 1))
        self._loses_replies = False
        world.network.cut.clear()
        host.hardware.is_full = False
        if (plane := world.find_plane()) is not None:
            plane.fill_disk(full=False)

    async def _delete(self) -> None:
        self._has_deleted = True
        kind, key = self._scenario.subject
        for _ in range(40):
            if key in self._stage.ids:
                await self._stage.delete(kind, key)
                if await self._stage.show(kind, key) is None:
                    return
            await asyncio.sleep(1.0)


def _name(step: object) -> str:
    """A step's class, or the value of one that is an enumeration."""
    return (
        f"{type(step).__name__}.{step.name}" if isinstance(step, StrEnum) else type(step).__name__
    )
