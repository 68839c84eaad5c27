"""Which module has the commands of which noun; it is read only when the noun is used."""

import importlib

from pilvi.client.command import Command

MODULES = {
    "availability": "places",
    "catalog": "identity",
    "compute": "places",
    "console": "consoles",
    "flavor": "flavors",
    "floating": "floating_ips",
    "hypervisor": "places",
    "image": "images",
    "keypair": "key_pairs",
    "network": "networks",
    "port": "ports",
    "project": "identity",
    "router": "routers",
    "security": "security_groups",
    "server": "servers",
    "subnet": "subnets",
    "token": "identity",
    "user": "identity",
    "volume": "volumes",
}
"""By a command's first word."""


def load_commands(noun: str) -> list[Command]:
    """The commands that begin with a noun; none for a word that is no noun."""
    name = MODULES.get(noun)
    if name is None:
        return []
    module = importlib.import_module(f"pilvi.client.commands.{name}")
    rows: tuple[Command, ...] = module.COMMANDS
    return [row for row in rows if row.words.split()[0] == noun]
