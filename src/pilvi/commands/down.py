"""`pilvi down`: stop everything; with --purge, leave nothing behind."""

import asyncio
import os
import shutil
from pathlib import Path

from rich.console import Console

from pilvi.agent.stop import purge_host, stop_host
from pilvi.commands.processes import stop_process
from pilvi.errors import Forbidden
from pilvi.settings import FILE_NAME, Settings, load_settings


def run_down(state_dir: Path, *, purge: bool, console: Console) -> None:
    """Stop agent, API, guests, networks and volumes of the cloud in a folder. Repeatable."""
    if not (state_dir / FILE_NAME).exists():
        console.print(f"no cloud in {state_dir}", highlight=False)
        return
    settings = load_settings(state_dir)
    if settings.fake:
        _stop_fake(settings, purge=purge, console=console)
        return
    if os.geteuid() != 0:
        raise Forbidden("cannot stop a cloud without root")
    for name in ("agent", "api"):
        if stop_process(settings, name):
            console.print(f"stopped the {name}", highlight=False)
    if purge:
        asyncio.run(purge_host(settings))
        shutil.rmtree(settings.state)
        console.print(f"removed everything of the cloud in {state_dir}", highlight=False)
    else:
        asyncio.run(stop_host(settings))
        console.print("stopped the instances, networks and volumes", highlight=False)


def _stop_fake(settings: Settings, *, purge: bool, console: Console) -> None:
    if stop_process(settings, "fake"):
        console.print("stopped the fake cloud", highlight=False)
    if purge:
        shutil.rmtree(settings.state)
        console.print(f"removed everything of the cloud in {settings.state}", highlight=False)
