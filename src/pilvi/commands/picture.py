"""`pilvi picture`: asks every service, as any admin's client can, for what is drawn."""

import msgspec

from pilvi.commands.client import CloudClient
from pilvi.picture.style import STANDALONE
from pilvi.picture.svg import render_svg
from pilvi.picture.system import System, read_room, read_used_bytes
from pilvi.picture.text import render_text
from pilvi.settings import Settings


def read_system(client: CloudClient) -> System:
    """Ask every service for what it has."""
    servers = client.call("GET", "compute", "/servers/detail?all_tenants=1")["servers"]
    disks = client.call("GET", "compute", "/pilvi-disks?all_tenants=1")["servers"]
    usages = client.call("GET", "placement", "/pilvi-usages")["resource_providers"]
    return System(
        images=client.call("GET", "image", "/images")["images"],
        hosts=client.call("GET", "compute", "/os-hypervisors/detail")["hypervisors"],
        servers=sorted(servers, key=lambda server: str(server["name"])),
        volumes=client.call("GET", "volume", "/volumes/detail?all_tenants=1")["volumes"],
        used_bytes=read_used_bytes(disks),
        room=read_room(usages),
    )


def draw_system(settings: Settings, *, as_text: bool, as_json: bool = False) -> str:
    """The running cloud as SVG, as text for a terminal, or as the values it is drawn of."""
    client = CloudClient(settings)
    client.login()
    system = read_system(client)
    if as_json:
        return msgspec.json.encode(system).decode()
    return render_text(system) if as_text else render_svg(system, STANDALONE)
