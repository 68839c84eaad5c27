"""Instances: their list, the page of each, and the form that launches one."""

import asyncio
import base64
import re
from collections.abc import Sequence
from typing import Any

from pilvi.dashboard.client import Client, Refused, at
from pilvi.dashboard.describe import (
    Action,
    Cell,
    CellKind,
    Collection,
    Column,
    Done,
    Field,
    FieldKind,
    Form,
    Row,
    Section,
    Shown,
)
from pilvi.dashboard.pages import choices
from pilvi.dashboard.pages.instance_actions import ACTIONS, RESOURCE, is_settled
from pilvi.dashboard.pages.stories import tell_story
from pilvi.dashboard.pages.usage import UsageMeter
from pilvi.dashboard.render import code, do, link, moment, state
from pilvi.dashboard.resources import filled, number

# Lines of the serial line that the page of an instance shows.
CONSOLE_LINES = 60
# ECMA-48's control sequences, and control characters other than tabs and ends of lines.
_CONTROLS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")


async def launch(client: Client, id: str, form: Form) -> Done:
    """Ask for an instance, or for several of a kind."""
    fields: dict[str, Any] = {
        "name": form["name"],
        "flavorRef": form["flavor"],
        "key_name": form["key_pair"],
        "networks": [{"uuid": one} for one in form["networks"]],
        "security_groups": [{"name": one} for one in form["security_groups"]],
        "availability_zone": form["zone"],
        "user_data": base64.b64encode(form["user_data"].encode()).decode(),
        # As many as were asked for, or none: compute makes fewer when the quota is short.
        "min_count": number(form["count"]) or 1,
        "max_count": number(form["count"]) or 1,
    }
    if gib := number(form["volume_gib"]):
        disk = {"uuid": form["image"], "source_type": "image", "destination_type": "volume"}
        keeps = {"boot_index": 0, "volume_size": gib, "delete_on_termination": True}
        fields["block_device_mapping_v2"] = [{**disk, **keeps}]
    else:
        fields["imageRef"] = form["image"]
    body = filled(fields)
    body.setdefault("networks", "auto")
    made = await client.post(RESOURCE.root, {"server": body})
    several = fields["max_count"] > 1
    to = "instances" if several else f"instances/{made['server']['id']}"
    return Done(f"{form['name']} is being launched.", to)


LAUNCH = Action(
    name="new",
    label="Launch an instance",
    send=launch,
    in_steps=True,
    fields=[
        Field(name="name", label="Name", group="Details"),
        Field(name="count", label="How many", kind=FieldKind.NUMBER, value="1", group="Details"),
        Field(
            name="image",
            label="Image",
            kind=FieldKind.CARDS,
            choices=choices.list_images,
            group="Source",
        ),
        Field(
            name="volume_gib",
            label="Boot from a new volume (GiB)",
            kind=FieldKind.NUMBER,
            hint="Empty: the disk is on the instance's host and goes with the instance.",
            is_required=False,
            group="Source",
        ),
        Field(
            name="flavor",
            label="Flavor",
            kind=FieldKind.CARDS,
            choices=choices.list_flavors,
            group="Flavor",
        ),
        Field(
            name="networks",
            label="Networks",
            kind=FieldKind.CHECKS,
            choices=choices.list_networks,
            is_required=False,
            hint="None: the project's own network is taken.",
            group="Network",
        ),
        Field(
            name="security_groups",
            label="Security groups",
            kind=FieldKind.CHECKS,
            choices=choices.list_security_groups,
            is_required=False,
            hint="None: the group default.",
            group="Network",
        ),
        Field(name="zone", label="Availability zone", is_required=False, group="Network"),
        Field(
            name="key_pair",
            label="Key pair",
            kind=FieldKind.SELECT,
            choices=choices.list_key_pairs,
            is_required=False,
            hint="Its public key is given to the guest.",
            group="Access",
        ),
        Field(
            name="user_data",
            label="User data",
            kind=FieldKind.LONG,
            is_required=False,
            hint="A cloud-init document or a script that the guest runs at its first start.",
            group="Access",
        ),
    ],
)


def list_addresses(row: Row) -> Sequence[Cell]:
    """Addresses of an instance, each with its network. Pure."""
    found = []
    for network, addresses in row["addresses"].items():
        for one in addresses:
            kind = "floating" if one.get("OS-EXT-IPS:type") == "floating" else network
            found.append(code(one["addr"], kind))
    return found


def _print_flavor(row: Row) -> str:
    flavor = row["flavor"]
    size = f"{flavor['vcpus']} vCPU, {flavor['ram']} MiB, {flavor['disk']} GiB"
    return f"{flavor['original_name']} ({size})"


def show_state(row: Row) -> Sequence[Cell]:
    """The state, and what is being done. Pure."""
    task = row["OS-EXT-STS:task_state"]
    return [Cell(row["status"], CellKind.STATE, note=task or "")]


def list_facts(row: Row) -> list[tuple[str, Shown]]:
    """What an instance is. Pure."""
    facts: list[tuple[str, Shown]] = [
        ("State", show_state(row)),
        ("Addresses", list_addresses(row)),
        ("Flavor", _print_flavor(row)),
        ("Image", _show_image(row)),
        ("Key pair", row["key_name"]),
        ("Availability zone", row["OS-EXT-AZ:availability_zone"]),
        ("Made", moment(row["created"])),
        ("Id", code(row["id"])),
        ("Locked", row["locked"]),
    ]
    if host := row.get("OS-EXT-SRV-ATTR:host"):
        facts.append(("Host", host))
    return facts


def _show_image(row: Row) -> Shown:
    image = row["image"]
    if not image:
        return "boots from a volume"
    return link(row.get("image_name") or image["id"], "images", image["id"])


async def find(client: Client, id: str) -> Row:
    """One instance, with the name of its image while there is one. Raises `Refused`."""
    row = await RESOURCE.find(client, id)
    image = row["image"] and await _look("name", client, at("/image/v2/images", row["image"]["id"]))
    return {**row, "image_name": image or ""}


async def _look(name: str, client: Client, path: str, inside: str = "") -> str:
    """A name for a page; none when the thing cannot be seen."""
    try:
        found = await client.get(path)
    except Refused:
        return ""
    return str((found[inside] if inside else found)[name] or "")


async def load_sections(client: Client, row: Row) -> Sequence[Section]:
    """Disks, ports, the story, and the end of the console log."""
    id = row["id"]
    root = at(RESOURCE.root, id)
    disks, ports, (urgent, story), log = await asyncio.gather(
        client.get(f"{root}/os-volume_attachments"),
        client.get("/network/v2.0/ports", {"device_id": id}),
        tell_story(client, RESOURCE.root, id),
        read_console(client, id),
    )
    attached = disks["volumeAttachments"]
    volumes = [at("/volume/v3/volumes", one["volumeId"]) for one in attached]
    names = await asyncio.gather(*(_look("name", client, path, "volume") for path in volumes))
    return [
        *urgent,
        Section(
            title="Volumes",
            columns=_DISKS,
            rows=[
                {**one, "server": id, "name": name}
                for one, name in zip(attached, names, strict=True)
            ],
            empty="No volume is attached.",
            links=[do("Attach a volume", "instances", id, "attach-volume")],
        ),
        Section(
            title="Ports",
            columns=_PORTS,
            rows=[{**one, "server": id} for one in ports["ports"]],
            empty="It is on no network.",
            links=[do("Attach a network", "instances", id, "attach-network")],
        ),
        *story,
        Section(title="Console log", text=log, empty=say_quiet(row)),
    ]


def say_quiet(row: Row) -> str:
    """What stands in place of an empty console log. Pure."""
    if row["status"] == "BUILD":
        return "It is being built; its console can be opened once it is active."
    return "The serial line has said nothing yet. A guest that boots takes a moment."


async def read_console(client: Client, id: str) -> str:
    """The end of what the serial line said; a sentence where it cannot be had."""
    wanted = {"os-getConsoleOutput": {"length": CONSOLE_LINES}}
    try:
        found = await client.post(at(RESOURCE.root, id, "action"), wanted)
    except Refused as refusal:
        return refusal.message
    return readable(str(found["output"] or ""))


def readable(text: str) -> str:
    """What a terminal would show of a text: without what only moves or colours. Pure."""
    return _CONTROLS.sub("", text)


_DISKS = [
    Column("Volume", lambda row: link(row["name"] or row["volumeId"], "volumes", row["volumeId"])),
    Column("Device", lambda row: code(row["device"])),
    Column("Goes with the instance", lambda row: row["delete_on_termination"]),
    Column(
        "",
        lambda row: do(
            "Detach", "instances", row["server"], "detach-volume", volume=row["volumeId"]
        ),
    ),
]
_PORTS = [
    Column("Port", lambda row: link(row["name"] or row["id"][:8], "ports", row["id"])),
    Column("Addresses", lambda row: [code(ip["ip_address"]) for ip in row["fixed_ips"]]),
    Column("MAC", lambda row: code(row["mac_address"]), is_minor=True),
    Column("State", lambda row: state(row["status"])),
    Column(
        "", lambda row: do("Detach", "instances", row["server"], "detach-network", port=row["id"])
    ),
]

INSTANCES = Collection(
    path="instances",
    title="Instances",
    noun="instance",
    empty="No instances yet: launch the first, and type into its console.",
    load=RESOURCE.load,
    find=find,
    columns=[
        Column("Name", lambda row: link(row["name"], "instances", row["id"])),
        Column("State", show_state),
        Column("Addresses", list_addresses),
        Column("Flavor", lambda row: row["flavor"]["original_name"], is_minor=True),
        Column("Made", lambda row: moment(row["created"]), is_minor=True),
    ],
    facts=list_facts,
    sections=load_sections,
    open_meter=UsageMeter,
    create=LAUNCH,
    actions=ACTIONS,
    filters=[Field(name="name", label="Find by name")],
    is_settled=is_settled,
    is_live=True,
)
