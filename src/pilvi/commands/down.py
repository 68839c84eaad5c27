"""`pilvi down`: stop everything; with --purge, leave nothing behind."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

from rich.console import Console

from pilvi.agent.stop import purge_host, stop_host
from pilvi.commands.keeper import NAME as KEEPER
from pilvi.commands.processes import stop_process
from pilvi.errors import Forbidden
from pilvi.settings import FILE_NAME, Settings, load_settings


def run_down(state_dir: Path, *, purge: bool, console: Console) -> dict[str, Any]:
    """Stop agent, API, guests, networks and volumes of the cloud in a folder. Repeatable.

    Returns {"stopped": names of processes, "removed": whether anything was}.
    """
    if not (state_dir / FILE_NAME).exists():
        console.print(f"no cloud in {state_dir}", highlight=False)
        return {"stopped": [], "removed": False}
    settings = load_settings(state_dir)
    if settings.fake:
        return _stop_fake(settings, purge=purge, console=console)
    if os.geteuid() != 0:
        raise Forbidden("cannot stop a cloud without root")
    stop_process(settings, KEEPER)
    stopped = [name for name in ("agent", "api") if stop_process(settings, name)]
    for name in stopped:
        console.print(f"stopped the {name}", highlight=False)
    if purge:
        asyncio.run(purge_host(settings))
        shutil.rmtree(settings.state)
        console.print(f"removed everything of the cloud in {state_dir}", highlight=False)
    else:
        asyncio.run(stop_host(settings))
        console.print("stopped the instances, networks and volumes", highlight=False)
    return {"stopped": stopped, "removed": purge}


def _stop_fake(settings: Settings, *, purge: bool, console: Console) -> dict[str, Any]:
    did_run = stop_process(settings, "fake")
    if did_run:
        console.print("stopped the fake cloud", highlight=False)
    if purge:
        shutil.rmtree(settings.state)
        console.print(f"removed everything of the cloud in {settings.state}", highlight=False)
    return {"stopped": ["fake"] if did_run else [], "removed": purge}
