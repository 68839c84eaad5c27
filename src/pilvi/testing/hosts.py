"""Fake hosts: the real agent over fake drivers, speaking the true host contract in memory."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import msgspec
from starlette.applications import Starlette

from pilvi.agent.client import ControlPlane as ControlPlaneClient
from pilvi.agent.dial import Socket
from pilvi.agent.drivers import FakeDrivers
from pilvi.agent.loop import Agent
from pilvi.agent.process import build_fake_agent
from pilvi.core.db import Database
from pilvi.errors import Unavailable
from pilvi.hosts.operations.hosts import enrol_host
from pilvi.settings import Settings
from pilvi.testing.sockets import dial_app

# Seconds until a fake host says that it works. Lower: a busy machine fails; higher: a fault in an
# agent's start is noticed late.
READY_S = 30.0


class HostLink(httpx.AsyncBaseTransport):
    """The way from a host to its control plane, which a test can cut."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self._way = httpx.ASGITransport(app=app)
        self.is_cut = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one request. Raises as a broken network does while it is cut."""
        if self.is_cut:
            raise httpx.ConnectError("the test cut the link")
        response = await self._way.handle_async_request(request)
        if self.is_cut:
            raise httpx.ReadError("the test cut the link")
        return response

    async def dial(self, path: str, headers: Mapping[str, str]) -> Socket:
        """Open a WebSocket. Raises as a broken network does while it is cut."""
        if self.is_cut:
            raise Unavailable("cannot reach the control plane: the test cut the link")
        return await dial_app(self._app, path, headers)


@dataclass
class FakeHost:
    """One host of a fake cloud."""

    name: str
    agent: Agent
    drivers: FakeDrivers
    link: HostLink = field(repr=False)


def host_names(count: int) -> list[str]:
    """The names of a cloud's fake hosts. Pure."""
    return [f"fake{number}" for number in range(1, count + 1)]


async def enrol_fake_host(settings: Settings, db: Database, name: str) -> Settings:
    """Make a host known to the control plane; returns the settings its agent runs with."""
    own = msgspec.structs.replace(settings, state_dir=str(settings.fake_hosts_dir / name))
    own.agent_dir.mkdir(parents=True, exist_ok=True)
    credential = secrets.token_urlsafe(32)
    async with db.write() as tx:
        await enrol_host(tx, name, credential)
    path = own.agent_dir / "credential"
    path.touch(mode=0o600)
    path.write_text(credential)
    return own


@asynccontextmanager
async def running_host(settings: Settings, app: Starlette, name: str) -> AsyncIterator[FakeHost]:
    """The agent of an enrolled fake host, at work meanwhile."""
    link = HostLink(app)
    client = ControlPlaneClient(settings, transport=link, dial=link.dial)
    drivers = FakeDrivers.make(settings)
    agent = build_fake_agent(settings, client, hostname=name, drivers=drivers)
    ready = asyncio.Event()
    task = asyncio.create_task(agent.run(ready.set), name=f"agent of {name}")
    try:
        async with asyncio.timeout(READY_S):
            await ready.wait()
        yield FakeHost(name, agent, drivers, link)
    finally:
        task.cancel()
        await asyncio.wait([task])
        await client.close()
