"""Removing all of one cloud, also when nothing is known of what it wished."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.linux.fabric import Fabric
from pilvi.agent.ports.linux.machine import Machine
from pilvi.agent.ports.names import CloudNames
from pilvi.settings import Settings


def networks_dir(settings: Settings) -> Path:
    """Where the files of DHCP and metadata are."""
    return settings.agent_dir / "networks"


def purge(settings: Settings) -> None:
    """Remove every namespace, process, uplink, table and file of this cloud. Repeatable.

    The machine's forwarding goes back to what it was before the first cloud. Another cloud is
    never touched, also when its prefix starts alike. Blocks its caller, and works in a thread of
    its own because rtnetlink's sockets cannot be used inside a running event loop.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(_purge, settings).result()


def _purge(settings: Settings) -> None:
    names = CloudNames(settings.name_prefix)
    fabric = Fabric(names.fabric)
    try:
        Machine(names, fabric).remove()
    finally:
        fabric.close()
    for namespace in namespaces.list_names():
        if names.owns(namespace):
            namespaces.remove(namespace)
    namespaces.forget_run_dir()
    if networks_dir(settings).is_dir():
        with suppress(FileNotFoundError):
            shutil.rmtree(networks_dir(settings))
