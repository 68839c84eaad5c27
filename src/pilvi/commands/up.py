"""`pilvi up`: from nothing to a running cloud with one instance, saying what it does."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from pilvi.agent.vms.boot import read_boot
from pilvi.commands.client import CloudClient
from pilvi.commands.clouds import CLOUD_NAMES, clouds_path
from pilvi.commands.guest import build_guest
from pilvi.commands.processes import find_process, read_log_end, start_keeper, start_process
from pilvi.core.http.serving import listen
from pilvi.errors import Forbidden, InvalidRequest, NotFound, Unavailable
from pilvi.settings import FILE_NAME, Settings, load_settings, save_settings

GUEST_IMAGE = "pilvi-guest"
GUEST_FLAVOR = "p1.nano"
FIRST_SERVER = "hello"
READY_LINE = "GUEST: READY"

# Seconds until the API answers, the host reports, the first guest is up. Lower: a slow machine
# fails; higher: a broken start is noticed late.
API_S = 30.0
HOST_S = 60.0
GUEST_S = 240.0


class Stages:
    """Prints each stage with the seconds it took, and keeps them for the end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """One stage; a long one shows that it goes on."""
        began = time.monotonic()
        with self._console.status(f"{name} …"):
            yield
        self.seconds[name] = time.monotonic() - began
        self._console.print(f"{self.seconds[name]:7.1f} s  {name}", highlight=False)


def choose_settings(state_dir: Path, changes: dict[str, Any]) -> Settings:
    """The settings of the cloud in a folder: kept ones, or new ones with `changes`.

    Raises `InvalidRequest` for a change of a setting that is fixed once the cloud exists.
    """
    if not (state_dir / FILE_NAME).exists():
        return Settings(state_dir=str(state_dir.absolute()), **changes)
    kept = load_settings(state_dir)
    for name, value in changes.items():
        if getattr(kept, name) != value:
            raise InvalidRequest(
                f"cannot change {name} to {value}: this cloud was made with "
                f"{getattr(kept, name)}; edit {state_dir / FILE_NAME} or use another --state-dir"
            )
    return kept


def run_up(settings: Settings, *, first_server: bool, console: Console) -> dict[str, float]:
    """Start what does not run and print how to use it. Repeatable.

    Returns the seconds of each stage. Raises `Unavailable` for a port that is taken, and for what
    does not start.
    """
    if os.geteuid() != 0:
        raise Forbidden("cannot start a cloud without root: it makes networks and processes")
    if find_process(settings, "api") is None:
        # Settings are fixed once they are saved: another port can be chosen until then.
        listen(settings.listen_host, settings.listen_port).close()
    stages = Stages(console)
    save_settings(settings)
    running = find_process(settings, "api") and find_process(settings, "agent")
    if not running:
        with stages.stage("preparing the state directory, the database and the API"):
            _start_api(settings)
        start_process(settings, "agent")
    client = CloudClient(settings)
    with stages.stage("waiting for this host to report"):
        client.login()
        _wait_for_host(settings, client)
    start_keeper(settings)
    if first_server:
        _first_server(settings, client, stages)
    _print_end(settings, stages, console)
    return stages.seconds


def describe_cloud(settings: Settings) -> dict[str, Any]:
    """Where a cloud is and how to use it, for programs. Pure."""
    return {
        "url": settings.base_url,
        "auth_url": f"{settings.base_url}/identity/v3",
        "dashboard": f"{settings.base_url}/dashboard",
        "clouds_file": str(clouds_path(settings)),
        "clouds": dict(CLOUD_NAMES),
    }


def _start_api(settings: Settings) -> None:
    start_process(settings, "api")
    deadline = time.monotonic() + API_S
    while time.monotonic() < deadline:
        if find_process(settings, "api") is None:
            words = read_log_end(settings, "api")
            raise Unavailable(f"cannot start the API; its log ends with:\n{words}")
        if _answers(settings):
            return
        time.sleep(0.02)
    raise Unavailable(f"cannot reach the API at {settings.base_url} after {API_S:.0f} s")


def _answers(settings: Settings) -> bool:
    try:
        with socket.create_connection((settings.listen_host, settings.listen_port), timeout=1):
            pass
        url = settings.base_url + "/identity/v3"
        # Whether it answers at all is asked here; clients check the certificate.
        return httpx.get(url, verify=False, timeout=2).status_code == 200  # noqa: S501
    except (OSError, httpx.TransportError):
        return False


def _wait_for_host(settings: Settings, client: CloudClient) -> None:
    def look() -> bool | None:
        if find_process(settings, "agent") is None:
            words = read_log_end(settings, "agent")
            raise Unavailable(f"cannot start the agent; its log ends with:\n{words}")
        found = client.call("GET", "compute", "/os-hypervisors/detail")["hypervisors"]
        return True if any(h["state"] == "up" and h["status"] == "enabled" for h in found) else None

    client.wait("this host to report", look, HOST_S)


def _first_server(settings: Settings, client: CloudClient, stages: Stages) -> None:
    with stages.stage("building the test image"):
        path = build_guest()
    with stages.stage("registering the test image"):
        image_id = register_image(client, GUEST_IMAGE, path)
    with stages.stage(f"booting the instance '{FIRST_SERVER}'"):
        server = client.find("compute", "servers", FIRST_SERVER)
        server_id = server["id"] if server else launch(client, FIRST_SERVER, image_id)
        server = client.call("GET", "compute", f"/servers/{server_id}")["server"]
        if server["status"] == "SHUTOFF" and server["OS-EXT-STS:task_state"] is None:
            client.call("POST", "compute", f"/servers/{server_id}/action", {"os-start": None})
        client.wait_status("compute", f"/servers/{server_id}", "ACTIVE", GUEST_S)
    with stages.stage("waiting for its console to say that it is up"):
        _wait_booted(settings, client, server_id)
        wait_console(client, server_id, READY_LINE)


def _wait_booted(settings: Settings, client: CloudClient, server_id: str) -> None:
    """Return once the guest's present process has brought it up.

    After `pilvi down`, the API's console log holds earlier boots, and its status is that of before
    until the agent has looked.
    """

    def look() -> bool | None:
        return READY_LINE in read_boot(settings, server_id) or None

    client.wait(f"'{FIRST_SERVER}' to boot", look, GUEST_S)


def register_image(client: CloudClient, name: str, path: Path) -> str:
    """The id of the active image of that name, uploaded when missing. Repeatable."""
    image = client.find("image", "images", name)
    if image is not None and image["status"] == "active":
        return str(image["id"])
    if image is None:
        fields = {
            "name": name,
            "disk_format": "qcow2",
            "container_format": "bare",
            "visibility": "public",
            "min_disk": 1,
            "min_ram": 96,
        }
        image = client.call("POST", "image", "/images", fields)
    client.upload(image["id"], path)
    client.wait_status("image", f"/images/{image['id']}", "active")
    return str(image["id"])


def find_flavor(client: CloudClient, name: str) -> str:
    """The id of a flavor. Raises `NotFound`."""
    flavor = client.find("compute", "flavors", name)
    if flavor is None:
        raise NotFound(f"cannot find the flavor '{name}'")
    return str(flavor["id"])


def launch(client: CloudClient, name: str, image_id: str, **fields: Any) -> str:
    """Ask for a server and return its id."""
    flavor = find_flavor(client, fields.pop("flavor", GUEST_FLAVOR))
    server = {"name": name, "imageRef": image_id, "flavorRef": flavor, "networks": "auto"}
    body = {"server": {**server, **fields}}
    return str(client.call("POST", "compute", "/servers", body)["server"]["id"])


def read_console(client: CloudClient, server_id: str) -> str:
    """What a server's console has printed."""
    action: dict[str, Any] = {"os-getConsoleOutput": {}}
    body = client.call("POST", "compute", f"/servers/{server_id}/action", action)
    return str(body["output"])


def wait_console(client: CloudClient, server_id: str, text: str) -> str:
    """The console's output once it holds `text`."""

    def look() -> str | None:
        output = read_console(client, server_id)
        return output if text in output else None

    return client.wait(f"the console to say '{text}'", look, GUEST_S)


def _print_end(settings: Settings, stages: Stages, console: Console) -> None:
    total = sum(stages.seconds.values())
    lines = [
        "",
        f"The cloud is up ({total:.1f} s).",
        f"  Dashboard:  {settings.base_url}/dashboard",
        f"  API:        {settings.base_url}  (identity: {settings.base_url}/identity/v3)",
        f"  Passwords:  {clouds_path(settings)}  (clouds 'pilvi' and 'pilvi-demo')",
        "Try next:",
        "  bin/pilvi server list",
        "  bin/pilvi tour",
        '  eval "$(bin/pilvi env)"   # and then any OpenStack client',
    ]
    console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
