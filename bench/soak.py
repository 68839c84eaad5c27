"""Many operations on one fake cloud: memory, open files and the database must stay as they were.

`bin/bench soak` does 100,000, `bin/bench soak --operations 5000` as many as it says. Users do what
those of the simulation do, in real time and without its troubles: servers and all their actions,
volumes, snapshots, backups, images, networks, routers, ports, addresses, security groups, tokens,
repeated requests. After each round everything is deleted, an audit must find nothing, and what is
left is measured.
"""

import argparse
import asyncio
import gc
import os
import random
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from bench.figure import Figure
from bench.soak_wishes import RECORDS
from pilvi.core.memory import give_back, giving_back
from pilvi.settings import Settings
from pilvi.testing.cloud import FakeCloud, running_cloud
from pilvi.testing.login import PASSWORDS
from pilvi.testing.simulation.areas import AREAS
from pilvi.testing.simulation.client import Client
from pilvi.testing.simulation.model import KINDS, Promises
from pilvi.testing.simulation.network import Reply, Request, call_application
from pilvi.testing.simulation.run import lay_ground
from pilvi.testing.simulation.users import Ground, User

USERS = 12
# Things that all users have at once, above which they only delete.
THINGS_MAX = 60
PAUSE_S = 0.01
# Operations between two looks at an empty cloud.
ROUND = 1000
# Part of the operations before the first look: caches fill up.
WARM_SHARE = 0.1
WAIT_S = 120.0
LOOK_S = 0.1
# How long records are kept here, in seconds: what a cloud keeps for days would be growth.
KEPT = {
    "history_kept_s": 30,
    "token_lifetime_s": 30,
    "console_token_s": 30,
    "replies_kept_s": 30,
    "usage_kept_s": 30,
}
# Seconds before the first look and the last one in which nobody does anything, and operations after
# them: what was kept for its time is forgotten when more of its kind comes, and how much that was
# depends on how fast the machine is.
REST_S = 60
LAST = 200
# What may come of 100,000 operations.
MEMORY_MIB_MAX = 16.0
FILES_MAX = 4
DATABASE_MIB_MAX = 1.0

_ORDER = ("server", "backup", "snapshot", "volume", "image", "floatingip", "port", "router",
          "subnet", "network", "security_group")  # fmt: skip


@dataclass(frozen=True)
class Sizes:
    """What must not grow, at one moment of an empty cloud."""

    operations: int
    seconds: float
    memory_mib: float
    files: int
    database_mib: float
    """Of pages that hold something."""
    file_mib: float
    """Of the database and its log."""
    refused: int = 0
    rows: dict[str, int] = field(default_factory=dict, repr=False)
    """By table."""

    def render(self) -> str:
        """One line."""
        rate = self.operations / self.seconds if self.seconds else 0.0
        return (
            f"{self.operations:>7,} operations {self.seconds:7.0f} s {rate:5.0f}/s   "
            f"RSS {self.memory_mib:6.1f} MiB   {self.files:3} files   database "
            f"{self.database_mib:5.2f} MiB in {self.file_mib:5.2f} MiB, "
            f"{sum(self.rows.values()):,} rows, {self.refused} refused with 503"
        )


class Way:
    """Leads requests to the cloud and counts what it did; stands for the simulation's network."""

    def __init__(self, cloud: FakeCloud) -> None:
        self._app = cloud.app
        self.done = 0
        self.failures: list[str] = []
        self.asked = 0
        self.refused = 0
        """What a machine that is busy with other things could not serve in time."""

    async def call(self, request: Request) -> Reply:
        """One request; a fault of the cloud's own is kept."""
        reply = await call_application(self._app, request)
        self.asked += 1
        self.done += request.method != "GET" and reply.is_success
        self.refused += reply.status == 503
        if reply.status >= 500 and reply.status not in (501, 503):
            self.failures.append(f"{request.method} {request.path}: {reply.status} {reply.body!r}")
        return reply

    def note(self, line: str) -> None:
        """The simulation keeps a trace; this does not."""


@dataclass
class Soak:
    """One cloud, and who uses it."""

    cloud: FakeCloud
    way: Way
    ground: Ground
    own: frozenset[str]
    """Ids of what was there at first."""
    began: float = field(default_factory=time.monotonic)
    _rounds: int = 0

    async def play(self, operations: int) -> None:
        """Let users do things until so many operations are done in all; then empty the cloud."""
        self._rounds += 1
        promises = Promises()
        async with asyncio.TaskGroup() as group:
            for number in range(USERS):
                client = Client(self.way, f"r{self._rounds}u{number}")  # type: ignore[arg-type]
                chance = random.Random(client.name)
                user = User(client, chance, promises, self.ground, time.monotonic)
                group.create_task(self._live(user, operations))
        await self._empty()

    async def _live(self, user: User, operations: int) -> None:
        wishes = [wish for area in AREAS.values() for wish in area] + RECORDS
        kinds = list(KINDS)
        while self.way.done < operations:
            await asyncio.sleep(user.chance.expovariate(1 / PAUSE_S))
            there = sum(1 for one in user.promises.things if one.gone != "yes")
            if there > THINGS_MAX:
                await user.delete(user.chance.choice(kinds))
            else:
                await user.chance.choice(wishes)(user)
            user.client.statuses.clear()

    async def _empty(self) -> None:
        """Delete all that is there, each as soon as it lets itself be deleted, and come to rest."""
        client = Client(self.way, "sweeper")  # type: ignore[arg-type]
        for kind in _ORDER:
            row, deadline = KINDS[kind], time.monotonic() + WAIT_S
            while things := await self._list(client, kind):
                assert time.monotonic() < deadline, f"cannot get rid of {things[0]}"
                for thing in things:
                    if kind == "router":
                        await _unplug(client, thing["id"])
                    await client.call("DELETE", f"{row.path}/{thing['id']}")
                await asyncio.sleep(LOOK_S)
        await _until(lambda: self.is_idle, "the cloud does not come to rest")

    async def _list(self, client: Client, kind: str) -> list[Any]:
        path, keys = KINDS[kind].path, KINDS[kind].keys
        found = (await client.call("GET", path)).json()[keys]
        mine = [one for one in found if one["id"] not in self.own]
        if kind == "port":
            return [one for one in mine if not one["device_owner"]]
        return [one for one in mine if one.get("visibility") != "public"]

    @property
    def is_idle(self) -> bool:
        """Whether nobody has anything to do."""
        hosts = self.cloud.hosts.values()
        return self.cloud.plane.idle and all(host.agent.loop.idle for host in hosts)

    async def audit(self) -> list[str]:
        """What is leaked or missing: found twice, as `pilvi audit` does."""
        first = await self._look()
        if not first:
            return []
        await asyncio.sleep(3)
        return [one for one in await self._look() if one in first]

    async def _look(self) -> list[str]:
        client = Client(self.way, "auditor", "admin")  # type: ignore[arg-type]
        number = (await client.call("POST", "/audit/v1/audits")).json()["audit"]["id"]
        deadline = time.monotonic() + WAIT_S
        while True:
            found = (await client.call("GET", f"/audit/v1/audits/{number}")).json()["audit"]
            if all(host["state"] == "answered" for host in found["hosts"]):
                return [str(one) for one in found["differences"]]
            assert time.monotonic() < deadline, found["hosts"]
            await asyncio.sleep(LOOK_S)

    def measure(self) -> Sizes:
        """What there is now."""
        gc.collect()
        give_back()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        path = self.cloud.settings.api_dir / "pilvi.db"
        logs = (path, path.with_name("pilvi.db-wal"))
        with sqlite3.connect(path) as db:
            size, count, free = (
                db.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_size", "page_count", "freelist_count")
            )
            names = [row[0] for row in db.execute(_TABLES)]
            rows = {name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
                    for name in names}  # fmt: skip
        db.close()
        return Sizes(
            operations=self.way.done,
            seconds=time.monotonic() - self.began,
            memory_mib=pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20),
            files=sum(1 for _ in Path("/proc/self/fd").iterdir()),
            database_mib=(count - free) * size / (1 << 20),
            file_mib=sum(one.stat().st_size for one in logs if one.exists()) / (1 << 20),
            refused=self.way.refused,
            rows=rows,
        )


_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


async def _until(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, otherwise
        await asyncio.sleep(LOOK_S)


async def _unplug(client: Client, router_id: str) -> None:
    ports = await client.call("GET", f"/network/v2.0/ports?device_id={router_id}")
    for port in ports.json().get("ports", []):
        path = f"/network/v2.0/routers/{router_id}/remove_router_interface"
        await client.call("PUT", path, {"port_id": port["id"]})


@asynccontextmanager
async def opened(folder: Path, **changes: Any) -> AsyncIterator[Soak]:
    """A fake cloud, and nobody in it yet."""
    settings = Settings(state_dir=str(folder), fake=True, **changes)
    async with giving_back(), running_cloud(settings, PASSWORDS) as cloud:
        way = Way(cloud)
        ground = await lay_ground(Client(way, "admin", "admin"))  # type: ignore[arg-type]
        reader = Client(way, "reader")  # type: ignore[arg-type]
        own = set()
        for kind, row in KINDS.items():
            found = (await reader.call("GET", row.path)).json()[row.keys]
            own |= {one["id"] for one in found if kind not in ("server", "volume")}
        yield Soak(cloud, way, ground, frozenset(own))


async def soak_cloud(
    operations: int, told: Callable[[str], None] = print, rest_s: float = REST_S
) -> list[Sizes]:
    """The sizes after each round, and first after the warm-up. Raises when anything is leaked."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder), **KEPT) as soak:
            warm = max(1, int(operations * WARM_SHARE))
            step = max(1, min(ROUND, operations // 10))
            rounds = range(warm, operations + 1, step)
            for done in rounds:
                await soak.play(done)
                if done in (rounds[0], rounds[-1]):
                    await asyncio.sleep(rest_s)
                    await soak.play(soak.way.done + min(LAST, step))
                differences = await soak.audit()
                assert not differences, "\n".join(differences)
                assert not soak.way.failures, "\n".join(soak.way.failures)
                found.append(soak.measure())
                told(found[-1].render())
    return found


def slope(found: list[Sizes], size: Callable[[Sizes], float]) -> float:
    """By how much something grows with each operation: the line nearest to what was found. Pure."""
    middle = sum(one.operations for one in found) / len(found)
    spread = sum((one.operations - middle) ** 2 for one in found)
    return sum((one.operations - middle) * size(one) for one in found) / spread


def grown(found: list[Sizes]) -> dict[str, int]:
    """By how many rows tables are longer at the end than at the beginning. Pure."""
    first, last = found[0].rows, found[-1].rows
    return {name: last[name] - first[name] for name in last if last[name] > first[name]}


def make_figures(operations: int) -> list[Figure]:
    """Soak, and what grew."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    found = asyncio.run(soak_cloud(operations, lambda line: print(line, flush=True)))
    first, last = found[0], found[-1]
    print("tables that grew:", grown(found) or "none")
    name = f"over {last.operations:,} operations"
    rate = (last.operations - first.operations) / (last.seconds - first.seconds)
    memory, files = last.memory_mib - first.memory_mib, last.files - first.files
    database = last.database_mib - first.database_mib
    return [
        Figure(f"memory {name}", memory, "MiB", MEMORY_MIB_MAX, detail=f"({rate:.0f} a second)"),
        Figure(f"open files {name}", files, "files", FILES_MAX),
        Figure(f"database {name}", database, "MiB", DATABASE_MIB_MAX),
    ]


def main(words: Sequence[str] | None = None) -> int:
    """Print the figures; 1 when something grew."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--operations", type=int, default=100_000)
    figures = make_figures(parser.parse_args(words).operations)
    for figure in figures:
        print(figure.render())
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
