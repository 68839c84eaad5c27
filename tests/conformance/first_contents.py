"""What tempest wants to find in a fresh cloud: `python -m conformance.first_contents STATE KIND`,
run with Pilvi's own Python."""

import sys
from pathlib import Path

from pilvi.commands.client import CloudClient
from pilvi.commands.guest import build_guest
from pilvi.commands.up import register_image
from pilvi.settings import load_settings

SHARED_TYPE = {"name": "shared", "extra_specs": {"multiattach": "<is> True"}}
# From which a project without a network is given one.
DEFAULT_POOL = {
    "name": "default",
    "prefixes": ["10.240.0.0/16"],
    "default_prefixlen": 26,
    "is_default": True,
    "shared": True,
}


def main(state: str, kind: str) -> None:
    """Images that real guests start from, volumes that servers share, and networks of its own."""
    client = CloudClient(load_settings(Path(state)))
    client.login()
    client.call("POST", "volume", "/types", {"volume_type": SHARED_TYPE})
    client.call("POST", "network", "/subnetpools", {"subnetpool": DEFAULT_POOL})
    outside = client.call("GET", "network", "/networks?router:external=true")["networks"]
    for network in outside:
        body = {"network": {"is_default": True}}
        client.call("PUT", "network", f"/networks/{network['id']}", body)
    if kind == "real":
        for name in ("pilvi-guest", "pilvi-guest-2"):
            register_image(client, name, build_guest())


if __name__ == "__main__":
    main(*sys.argv[1:])
