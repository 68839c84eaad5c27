"""clouds.yaml of a fake cloud that a test runs, for commands that read it."""

import yaml

from pilvi.commands.clouds import CLOUD_NAMES, clouds_path
from pilvi.testing.login import PASSWORDS
from pilvi.testing.server import CloudServer


def write_clouds(server: CloudServer) -> None:
    """Let commands log in to a running fake cloud as its first users."""
    clouds = {
        name: {
            "auth": {"username": user, "password": PASSWORDS[user], "project_name": "demo"},
        }
        for user, name in CLOUD_NAMES.items()
    }
    clouds_path(server.settings).write_text(yaml.safe_dump({"clouds": clouds}))
