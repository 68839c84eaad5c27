"""`pilvi tour`: the life of one instance on the running cloud, drawn after every stage.

Guests are spoken to as any user can: user data tells them what to do, and their console log
says what they saw.
"""

import base64
import socket
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from pilvi.commands.client import CloudClient
from pilvi.commands.guest import build_guest
from pilvi.commands.picture import read_system
from pilvi.commands.up import (
    GUEST_IMAGE,
    READY_LINE,
    launch,
    read_console,
    register_image,
    wait_console,
)
from pilvi.errors import Conflict, Internal, InvalidRequest, NotFound, PilviError
from pilvi.picture.text import render_text
from pilvi.settings import Settings

EPHEMERAL_FLAVOR = "p1.nano.eph"
SSH_PORT = 22
ANSWER_S = 20.0

# The guest writes a mark on its own disk, tells what it sees, and goes on telling.
SCRIPT = """\
#!/bin/sh
echo "TOUR: state holds: $(ls /state | grep '^tour' | tr '\\n' ' ')"
echo {mark} > /state/tour-{mark}; sync
echo "TOUR: wrote {mark}"
for disk in vdb vdc; do
  [ -e /dev/$disk ] && echo "TOUR: $disk begins with: $(od -An -tx1 -N8 /dev/$disk | tr -d ' ')"
done
[ -e /dev/vdc ] && printf 'kept data' | dd of=/dev/vdc conv=fsync 2>/dev/null
(had=
while :; do
  has=$(ls /dev/vd[a-z] | tr '\\n' ' ')
  [ "$has" = "$had" ] || echo "TOUR: disks: $has" > /dev/console
  had=$has; sleep 1
done) &
"""


@dataclass(slots=True)
class Tour:
    """What the tour has made so far; all of it is removed at the end."""

    client: CloudClient
    console: Console
    image_id: str = ""
    servers: dict[str, str] = field(default_factory=dict)
    volumes: dict[str, str] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    floating_ips: list[str] = field(default_factory=list)
    security_group_ids: list[str] = field(default_factory=list)

    def draw(self) -> None:
        """Print the picture of the whole system."""
        picture = render_text(read_system(self.client))
        self.console.print(textwrap.indent(picture, "    "), highlight=False, markup=False)

    def say(self, words: str) -> None:
        """Print what just became true."""
        self.console.print(f"  ✓ {words}", highlight=False, markup=False)

    def act(self, name: str, action: dict[str, Any], wanted: str) -> None:
        """Ask a server for an action and wait until its status is `wanted`."""
        path = f"/servers/{self.servers[name]}"
        self.client.call("POST", "compute", path + "/action", action)
        self.client.wait_status("compute", path, wanted)


def run_tour(settings: Settings, console: Console) -> list[dict[str, Any]]:
    """Walk all ten stages; whatever happens, remove what the tour made.

    Returns {"stage": its words, "seconds": how long} of each. Raises `InvalidRequest` on a fake
    cloud.
    """
    if settings.fake:
        raise InvalidRequest(
            "cannot walk the tour on a fake cloud: its guests run nothing; start a real one with "
            "'bin/up'"
        )
    client = CloudClient(settings)
    client.login()
    tour = Tour(client, console)
    done: list[dict[str, Any]] = []
    try:
        for number, stage in enumerate(STAGES, start=1):
            began = time.monotonic()
            console.print(f"\n[bold]{number}. {stage.__doc__}[/bold]", highlight=False)
            stage(tour)
            tour.draw()
            seconds = time.monotonic() - began
            done.append({"stage": stage.__doc__, "seconds": round(seconds, 3)})
            console.print(f"  ({seconds:.1f} s)", highlight=False)
    finally:
        _remove_all(tour)
    console.print("\nThe tour is over; nothing of it is left.", highlight=False)
    return done


def _user_data(mark: str) -> str:
    return base64.b64encode(SCRIPT.format(mark=mark).encode()).decode()


def _launch(tour: Tour, name: str, image_id: str, **fields: Any) -> None:
    mark = name.removeprefix("tour-")
    fields.setdefault("user_data", _user_data(mark))
    tour.servers[name] = launch(tour.client, name, image_id, **fields)


def _wait_up(tour: Tour, name: str) -> str:
    tour.client.wait_status("compute", f"/servers/{tour.servers[name]}", "ACTIVE")
    return wait_console(tour.client, tour.servers[name], READY_LINE)


def _line(output: str, start: str) -> str:
    # A shell's prompt may stand before what a background job prints.
    lines = [
        start + line.partition(start)[2].rstrip() for line in output.splitlines() if start in line
    ]
    if not lines:
        raise Internal(f"cannot find '{start}' on the console")
    return lines[-1]


def show_images(tour: Tour) -> None:
    """Images are templates: the store holds one."""
    tour.image_id = register_image(tour.client, GUEST_IMAGE, build_guest())
    image = tour.client.call("GET", "image", f"/images/{tour.image_id}")
    tour.say(f"{image['name']}: {image['size']} bytes, {image['os_hash_algo']} known")


def launch_two(tour: Tour) -> None:
    """Any number of instances from one image."""
    for name in ("tour-one", "tour-two"):
        _launch(tour, name, tour.image_id)
    for name in ("tour-one", "tour-two"):
        _wait_up(tour, name)
        tour.say(f"{name} is up")


def compare_copies(tour: Tour) -> None:
    """Each runs from a copy: what one writes, the other does not see."""
    for name in ("tour-one", "tour-two"):
        output = wait_console(tour.client, tour.servers[name], "TOUR: wrote")
        tour.say(
            f"{name}: {_line(output, 'TOUR: state holds')}; then {_line(output, 'TOUR: wrote')}"
        )


def make_flavor(tour: Tour) -> None:
    """Flavors: an admin adds one and takes it away."""
    fields = {
        "name": "tour.flavor",
        "vcpus": 1,
        "ram": 128,
        "disk": 1,
        "OS-FLV-EXT-DATA:ephemeral": 1,
    }
    flavor = tour.client.call("POST", "compute", "/flavors", {"flavor": fields})["flavor"]
    tour.say(f"made {flavor['name']}: 1 vCPU, 128 MiB, 1 GiB root, 1 GiB ephemeral")
    tour.client.call("DELETE", "compute", f"/flavors/{flavor['id']}")
    tour.say("deleted it again")


def launch_with_disks(tour: Tour) -> None:
    """Launch: vda from the image, vdb ephemeral, vdc a volume through iSCSI."""
    fields = {"name": "tour-volume", "size": 1}
    volume = tour.client.call("POST", "volume", "/volumes", {"volume": fields})["volume"]
    tour.volumes["tour-volume"] = volume["id"]
    tour.client.wait_status("volume", f"/volumes/{volume['id']}", "available")
    mapping = [
        {
            "uuid": tour.image_id,
            "source_type": "image",
            "destination_type": "local",
            "boot_index": 0,
            "delete_on_termination": True,
        },
        {
            "uuid": volume["id"],
            "source_type": "volume",
            "destination_type": "volume",
            "boot_index": -1,
        },
    ]
    _launch(
        tour,
        "tour-three",
        tour.image_id,
        flavor=EPHEMERAL_FLAVOR,
        block_device_mapping_v2=mapping,
    )
    output = _wait_up(tour, "tour-three")
    for disk in ("vda", "vdb", "vdc"):
        tour.say(_line(output, f"GUEST: block {disk}"))


def read_boot(tour: Tour) -> None:
    """It runs: address by DHCP, metadata, user data."""
    output = wait_console(tour.client, tour.servers["tour-three"], "TOUR: wrote")
    for start in ("GUEST: dhcp-ok", "GUEST: metadata", "GUEST: ec2", "TOUR: vdb begins"):
        tour.say(_line(output, start))


def come_and_go(tour: Tour) -> None:
    """Resources come and go: a volume and a public address."""
    _plug_volume(tour)
    server_id = tour.servers["tour-three"]
    port = tour.client.call("GET", "network", f"/ports?device_id={server_id}")["ports"][0]
    _open_ssh(tour, port)
    networks = tour.client.call("GET", "network", "/networks?router:external=true")["networks"]
    body = {"floatingip": {"floating_network_id": networks[0]["id"], "port_id": port["id"]}}
    floating = tour.client.call("POST", "network", "/floatingips", body)["floatingip"]
    tour.floating_ips.append(floating["id"])
    address = floating["floating_ip_address"]
    tour.client.wait("the floating IP to answer", lambda: _answers(address) or None, ANSWER_S)
    tour.say(f"{address} answers from outside the tenant network")
    body = {"floatingip": {"port_id": None}}
    tour.client.call("PUT", "network", f"/floatingips/{floating['id']}", body)
    tour.client.wait("it to fall silent", lambda: None if _answers(address) else True, ANSWER_S)
    tour.say(f"{address} is taken away and no longer answers")


def _plug_volume(tour: Tour) -> None:
    server_id = tour.servers["tour-three"]
    fields = {"name": "tour-extra", "size": 1}
    volume = tour.client.call("POST", "volume", "/volumes", {"volume": fields})["volume"]
    tour.volumes["tour-extra"] = volume["id"]
    path = f"/volumes/{volume['id']}"
    tour.client.wait_status("volume", path, "available")
    attach = f"/servers/{server_id}/os-volume_attachments"
    body = {"volumeAttachment": {"volumeId": volume["id"]}}
    tour.client.call("POST", "compute", attach, body)
    tour.client.wait_status("volume", path, "in-use")
    output = wait_console(tour.client, server_id, "/dev/vdd")
    tour.say(f"plugged in: {_line(output, 'TOUR: disks')}")
    tour.client.call("DELETE", "compute", f"{attach}/{volume['id']}")
    tour.client.wait_status("volume", path, "available")

    def look() -> str | None:
        line = _line(read_console(tour.client, server_id), "TOUR: disks")
        return None if "vdd" in line else line

    tour.say(f"unplugged: {tour.client.wait('the guest to miss vdd', look)}")


def _open_ssh(tour: Tour, port: dict[str, Any]) -> None:
    group = {"security_group": {"name": "tour-ssh", "description": "ssh from everywhere"}}
    made = tour.client.call("POST", "network", "/security-groups", group)["security_group"]
    tour.security_group_ids.append(made["id"])
    rule = {
        "security_group_id": made["id"],
        "direction": "ingress",
        "protocol": "tcp",
        "port_range_min": SSH_PORT,
        "port_range_max": SSH_PORT,
    }
    tour.client.call("POST", "network", "/security-group-rules", {"security_group_rule": rule})
    groups = [*port["security_groups"], made["id"]]
    body = {"port": {"security_groups": groups}}
    tour.client.call("PUT", "network", f"/ports/{port['id']}", body)


def _answers(address: str) -> bool:
    try:
        with socket.create_connection((address, SSH_PORT), timeout=2) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def snapshot(tour: Tour) -> None:
    """Snapshot of a running instance: a new image, and a new instance from it."""
    path = f"/servers/{tour.servers['tour-one']}"
    action = {"createImage": {"name": "tour-snapshot"}}
    body = tour.client.call("POST", "compute", path + "/action", action)
    tour.images["tour-snapshot"] = body["image_id"]
    tour.client.wait_status("image", f"/images/{body['image_id']}", "active")
    tour.say("the image tour-snapshot is active; tour-one stayed up")
    _launch(tour, "tour-four", body["image_id"])
    _wait_up(tour, "tour-four")
    output = wait_console(tour.client, tour.servers["tour-four"], "TOUR: wrote")
    tour.say(f"tour-four: {_line(output, 'TOUR: state holds')}")


def change_power(tour: Tour) -> None:
    """Stop, start, reboot, pause, unpause."""
    steps: list[tuple[str, dict[str, Any], str]] = [
        ("stopped", {"os-stop": None}, "SHUTOFF"),
        ("started", {"os-start": None}, "ACTIVE"),
        ("rebooted by itself", {"reboot": {"type": "SOFT"}}, "ACTIVE"),
        ("reset", {"reboot": {"type": "HARD"}}, "ACTIVE"),
        ("paused", {"pause": None}, "PAUSED"),
        ("unpaused", {"unpause": None}, "ACTIVE"),
    ]
    for word, action, wanted in steps:
        tour.act("tour-two", action, wanted)
        tour.say(f"tour-two is {word}: {wanted}")


def end(tour: Tour) -> None:
    """The end: everything is given back except the volume."""
    for name, server_id in tour.servers.items():
        tour.client.call("DELETE", "compute", f"/servers/{server_id}")
        tour.client.wait_gone("compute", f"/servers/{server_id}")
        tour.say(f"{name} is gone")
    tour.servers.clear()
    path = f"/volumes/{tour.volumes['tour-volume']}"
    tour.client.wait_status("volume", path, "available")
    tour.say("tour-volume is available, its data kept")


STAGES: tuple[Callable[[Tour], None], ...] = (
    show_images,
    launch_two,
    compare_copies,
    make_flavor,
    launch_with_disks,
    read_boot,
    come_and_go,
    snapshot,
    change_power,
    end,
)


def _remove_all(tour: Tour) -> None:
    """Remove what the tour made. Repeatable; goes on when something is gone already."""
    made: list[tuple[str, str]] = [("network", f"/floatingips/{id}") for id in tour.floating_ips]
    made += [("compute", f"/servers/{id}") for id in tour.servers.values()]
    made += [("volume", f"/volumes/{id}") for id in tour.volumes.values()]
    made += [("image", f"/images/{id}") for id in tour.images.values()]
    made += [("network", f"/security-groups/{id}") for id in tour.security_group_ids]
    for service, path in made:
        _remove(tour, service, path)


def _remove(tour: Tour, service: str, path: str) -> None:
    deadline = time.monotonic() + ANSWER_S
    while True:
        try:
            tour.client.call("DELETE", service, path)
        except Conflict:
            # Still in use by something that is going away itself.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
            continue
        except NotFound:
            return
        except PilviError as error:
            tour.console.print(f"  left over: {service} {path}: {error}", highlight=False)
            return
        tour.client.wait_gone(service, path)
        return
