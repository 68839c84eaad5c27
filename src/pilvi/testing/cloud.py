"""One fake cloud: control plane, reconcilers and fake hosts on one event loop."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette

from pilvi.bootstrap import ControlPlane
from pilvi.core.db import Database, open_database
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.identity.operations.seed import set_first_passwords
from pilvi.settings import Settings
from pilvi.testing.hosts import READY_S, FakeHost, enrol_fake_host, host_names, running_host
from pilvi.testing.template import ensure_template, lay_template

# Seconds between looks whether the reconcilers rest. Lower: more looks; higher: later to notice.
LOOK_S = 0.005


@dataclass
class FakeCloud:
    """A running control plane, and its hosts that are values in memory."""

    settings: Settings
    db: Database
    plane: ControlPlane
    app: Starlette
    hosts: dict[str, FakeHost] = field(default_factory=dict)
    """Its hosts by name."""

    async def settle(self, timeout_s: float = 10.0) -> None:
        """Wait until no reconciler has anything in work. Raises `TimeoutError`."""
        async with asyncio.timeout(timeout_s):
            while not self.plane.idle:  # noqa: ASYNC110  # the loop has no event for it
                await asyncio.sleep(LOOK_S)


@asynccontextmanager
async def running_cloud(
    settings: Settings, passwords: Mapping[str, str], hosts: int = 1
) -> AsyncIterator[FakeCloud]:
    """A fake cloud in a state folder, made there when there is none; its hosts run meanwhile.

    `passwords` are those of the users admin and demo.
    """
    is_new = not (settings.api_dir / "pilvi.db").exists()
    if is_new:
        lay_template(await ensure_template(settings), settings)
    db = open_database(settings.database, durable=False)
    try:
        async with running_plane(settings, db) as cloud, AsyncExitStack() as stack:
            if is_new:
                hash_of = cloud.plane.passwords.hash
                hashes = {user: hash_of(word) for user, word in passwords.items()}
                async with db.write() as tx:
                    await set_first_passwords(tx, hashes)
            for name in host_names(hosts):
                await add_host(cloud, name, stack)
            yield cloud
    finally:
        await db.close()


def build_cloud(settings: Settings, db: Database) -> FakeCloud:
    """A control plane over an open database, without hosts; nothing runs yet."""
    plane = ControlPlane(settings, db)
    return FakeCloud(settings, db, plane, plane.build_app())


@asynccontextmanager
async def running_plane(settings: Settings, db: Database) -> AsyncIterator[FakeCloud]:
    """A control plane over an open database, without hosts, its reconcilers at work meanwhile."""
    cloud = build_cloud(settings, db)
    async with cloud.plane.running():
        yield cloud


async def add_host(cloud: FakeCloud, name: str, stack: AsyncExitStack) -> FakeHost:
    """Let one more fake host work until the stack is closed."""
    own = await enrol_fake_host(cloud.settings, cloud.db, name)
    host = await stack.enter_async_context(running_host(own, cloud.app, name))
    cloud.hosts[name] = host
    async with asyncio.timeout(READY_S):
        while not await _is_heard(cloud.db, name):  # noqa: ASYNC110  # the report has no event
            await asyncio.sleep(LOOK_S)
    return host


async def _is_heard(db: Database, name: str) -> bool:
    """Whether a host's first report was taken: servers may come to it."""
    async with db.read() as tx:
        return any(host.name == name and host.seen_at for host in await list_hosts(tx))
