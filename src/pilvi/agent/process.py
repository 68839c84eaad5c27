"""The agent as a process: its lock, its signals, and its parts, real or fake."""

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from pilvi.agent.client import ControlPlane
from pilvi.agent.drivers import FakeDrivers, build_fake_parts, build_real_parts
from pilvi.agent.facts import Inventory
from pilvi.agent.loop import Agent
from pilvi.errors import Conflict
from pilvi.settings import Settings

FAKE_INVENTORY = Inventory(hostname="fake-host", vcpus=16, memory_mib=64 * 1024)


@contextlib.contextmanager
def hold_lock(settings: Settings) -> Iterator[None]:
    """Be the only agent of this state directory. Raises `Conflict` when another one is.

    The kernel gives the lock back when the process ends, however it ends.
    """
    settings.agent_dir.mkdir(parents=True, exist_ok=True, mode=0o711)
    path: Path = settings.agent_dir / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"cannot start the agent: another one runs with {settings.state_dir}"
            raise Conflict(message) from None
        yield
    finally:
        os.close(descriptor)


async def run_agent(settings: Settings, *, ready: Callable[[], None] | None = None) -> None:
    """Run this host's agent until SIGTERM or SIGINT; guests, networks and volumes run on."""
    with hold_lock(settings):
        control_plane = ControlPlane(settings)
        agent = build_agent(settings, control_plane)
        task = asyncio.create_task(agent.run(ready))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            await asyncio.wait([task])
            await control_plane.close()
        if not task.cancelled():
            task.result()


def build_agent(settings: Settings, control_plane: ControlPlane) -> Agent:
    """The agent that the settings ask for: with real drivers, or with fake ones."""
    if settings.fake:
        return build_fake_agent(settings, control_plane)
    return Agent(
        settings,
        control_plane,
        lambda context: build_real_parts(context, control_plane),
    )


def build_fake_agent(
    settings: Settings,
    control_plane: ControlPlane,
    *,
    hostname: str = FAKE_INVENTORY.hostname,
    drivers: FakeDrivers | None = None,
) -> Agent:
    """An agent whose host is values in memory; it speaks the real contract."""
    inventory = Inventory(hostname, FAKE_INVENTORY.vcpus, FAKE_INVENTORY.memory_mib)
    return Agent(
        settings,
        control_plane,
        lambda context: build_fake_parts(context, control_plane, drivers),
        inventory=inventory,
    )
