"""Stopping all that an agent runs on its host, and removing all that it made.

For `pilvi down`: guests are asked to shut down and then ended as if the host had lost its power,
so that the next start brings back those whose wish is to run.
"""

import asyncio
import contextlib
import shutil
import time

from pilvi.agent.ports.linux.purge import purge as purge_networks
from pilvi.agent.vms.local_vm import Button, Ended, Process
from pilvi.agent.vms.qemu import QemuVms
from pilvi.agent.volumes.tgt import end_service
from pilvi.agent.volumes.tgt import purge as purge_volumes
from pilvi.errors import PilviError
from pilvi.settings import Settings

# Seconds that guests may take to shut down. Lower: their caches are cut off; higher: a guest that
# does not listen delays the end.
GRACE_S = 10.0
LOOK_S = 0.1


async def stop_host(settings: Settings, *, grace_s: float = GRACE_S) -> None:
    """End every process of this cloud on this host; what is on disk stays. Repeatable."""
    vms = QemuVms(settings)
    await _shut_down(vms, grace_s)
    for server_id in vms.list_vms():
        # A guest that turned itself off before stays off.
        if (await vms.observe(server_id)).process is not Process.NONE:
            await vms.end_process(server_id, Ended.LOST)
    await asyncio.to_thread(purge_networks, settings)
    end_service(settings)


async def purge_host(settings: Settings) -> None:
    """Remove everything of this cloud on this host but the state directory. Repeatable."""
    vms = QemuVms(settings)
    for server_id in vms.list_vms():
        await vms.remove(server_id)
    await asyncio.to_thread(purge_networks, settings)
    purge_volumes(settings)
    shutil.rmtree(settings.agent_dir, ignore_errors=True)


async def _shut_down(vms: QemuVms, grace_s: float) -> None:
    """Ask every running guest to shut down and wait for them together."""
    waiting = []
    for server_id in vms.list_vms():
        with contextlib.suppress(PilviError, OSError):
            if (await vms.observe(server_id)).process is Process.RUNNING:
                await vms.press(server_id, Button.POWER)
                waiting.append(server_id)
    deadline = time.monotonic() + grace_s
    while waiting and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_S)
        waiting = [id for id in waiting if (await vms.observe(id)).process is Process.RUNNING]
