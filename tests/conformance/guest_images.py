"""Puts the two images into a real cloud that tempest starts servers from; run with Pilvi's own
Python."""

import sys
from pathlib import Path

from pilvi.commands.client import CloudClient
from pilvi.commands.guest import build_guest
from pilvi.commands.up import register_image
from pilvi.settings import load_settings

if __name__ == "__main__":
    client = CloudClient(load_settings(Path(sys.argv[1])))
    client.login()
    for name in ("pilvi-guest", "pilvi-guest-2"):
        register_image(client, name, build_guest())
