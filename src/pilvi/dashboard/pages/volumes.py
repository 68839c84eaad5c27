"""Volumes, and what they are attached to."""

from collections.abc import Sequence
from typing import Any

from pilvi.dashboard.client import Client, at
from pilvi.dashboard.describe import (
    Action,
    Collection,
    Column,
    Done,
    Field,
    FieldKind,
    Form,
    Row,
    Section,
)
from pilvi.dashboard.pages import choices
from pilvi.dashboard.pages.stories import tell_story
from pilvi.dashboard.render import code, do, link, moment, state
from pilvi.dashboard.resources import Resource, number

RESOURCE = Resource("/volume/v3/volumes", "volumes", "volume", "/detail")
_RESTING = {"available", "in-use", "error", "reserved", "error_deleting", "error_extending"}
_RESTING |= {"error_restoring", "maintenance", "error_backing-up"}


async def _create(client: Client, id: str, form: Form) -> Done:
    made = await RESOURCE.create(
        client,
        {
            "name": form["name"],
            "description": form["description"],
            "size": number(form["size"]),
            "volume_type": form["type"],
            "imageRef": form["image"],
            "snapshot_id": form["snapshot"],
        },
    )
    return Done("The volume is being made.", f"volumes/{made['id']}")


async def _act(client: Client, id: str, word: str, fields: Any) -> Any:
    return await client.post(at(RESOURCE.root, id, "action"), {word: fields})


async def _extend(client: Client, id: str, form: Form) -> Done:
    await _act(client, id, "os-extend", {"new_size": number(form["size"])})
    return Done("The volume is being made larger.")


async def _attach(client: Client, id: str, form: Form) -> Done:
    path = at("/compute/v2.1/servers", form["instance"], "os-volume_attachments")
    await client.post(path, {"volumeAttachment": {"volumeId": id}})
    return Done("The volume is being attached.")


async def _detach(client: Client, id: str, form: Form) -> Done:
    path = at("/compute/v2.1/servers", form["instance"], "os-volume_attachments", id)
    await client.delete(path)
    return Done("The volume is being detached.")


async def _snapshot(client: Client, id: str, form: Form) -> Done:
    fields = {"volume_id": id, "name": form["name"], "force": True}
    made = await client.post("/volume/v3/snapshots", {"snapshot": fields}, version="volume 3.65")
    return Done("The snapshot is being made.", f"snapshots/{made['snapshot']['id']}")


async def _back_up(client: Client, id: str, form: Form) -> Done:
    fields = {"volume_id": id, "name": form["name"], "force": True}
    fields["incremental"] = bool(form["incremental"])
    made = await client.post("/volume/v3/backups", {"backup": fields})
    return Done("The backup is being made.", f"backups/{made['backup']['id']}")


async def _to_image(client: Client, id: str, form: Form) -> Done:
    fields = {"image_name": form["name"], "disk_format": "qcow2", "container_format": "bare"}
    await _act(client, id, "os-volume_upload_image", fields)
    return Done(f"The image {form['name']} is being made.", "images")


async def load_sections(client: Client, row: Row) -> Sequence[Section]:
    """The instances that it is attached to, and its story."""
    urgent, story = await tell_story(client, RESOURCE.root, row["id"])
    return [
        *urgent,
        Section(
            title="Attachments",
            columns=_ATTACHMENTS,
            rows=[{**one, "volume": row["id"]} for one in row["attachments"]],
            empty="It is attached to no instance.",
        ),
        *story,
    ]


_ATTACHMENTS = [
    Column("Instance", lambda row: link(row["server_id"], "instances", row["server_id"])),
    Column("Device", lambda row: code(row["device"])),
    Column("Since", lambda row: moment(row["attached_at"]), is_minor=True),
    Column(
        "", lambda row: do("Detach", "volumes", row["volume"], "detach", instance=row["server_id"])
    ),
]
_NAME = Field(name="name", label="Name")
_SIZE = Field(name="size", label="Size (GiB)", kind=FieldKind.NUMBER)


def _is_available(row: Row) -> bool:
    return str(row["status"]) == "available"


def _is_whole(row: Row) -> bool:
    return row["status"] in ("available", "in-use")


VOLUMES = Collection(
    path="volumes",
    title="Volumes",
    noun="volume",
    empty="No volumes yet: a volume is a disk that outlives its instance.",
    load=RESOURCE.load,
    find=RESOURCE.find,
    columns=[
        Column("Name", lambda row: link(row["name"] or row["id"], "volumes", row["id"])),
        Column("State", lambda row: state(row["status"])),
        Column("Size", lambda row: f"{row['size']} GiB"),
        Column("Type", lambda row: row["volume_type"], is_minor=True),
        Column(
            "Attached to",
            lambda row: [
                link(one["server_id"][:8], "instances", one["server_id"], note=one["device"])
                for one in row["attachments"]
            ],
        ),
        Column("Made", lambda row: moment(row["created_at"]), is_minor=True),
    ],
    facts=lambda row: [
        ("State", state(row["status"])),
        ("Size", f"{row['size']} GiB"),
        ("Type", row["volume_type"]),
        ("Bootable", row["bootable"]),
        ("Description", row["description"]),
        ("Made", moment(row["created_at"])),
        ("Id", code(row["id"])),
    ],
    sections=load_sections,
    create=Action(
        name="new",
        label="Make a volume",
        send=_create,
        fields=[
            Field(name="name", label="Name", is_required=False),
            Field(name="description", label="Description", is_required=False),
            Field(
                name="size",
                label="Size (GiB)",
                kind=FieldKind.NUMBER,
                value="1",
                is_required=False,
                hint="Empty, with a snapshot: as large as it.",
            ),
            Field(
                name="type",
                label="Type",
                kind=FieldKind.SELECT,
                choices=choices.list_volume_types,
                is_required=False,
            ),
            Field(
                name="image",
                label="Filled with an image",
                kind=FieldKind.SELECT,
                choices=choices.list_images,
                is_required=False,
            ),
            Field(
                name="snapshot",
                label="Filled with a snapshot",
                kind=FieldKind.SELECT,
                choices=choices.list_snapshots,
                is_required=False,
            ),
        ],
    ),
    actions=[
        RESOURCE.rename("volume"),
        Action(
            name="attach",
            label="Attach",
            send=_attach,
            fields=[
                Field(
                    name="instance",
                    label="Instance",
                    kind=FieldKind.CARDS,
                    choices=choices.list_instances,
                )
            ],
            when=_is_available,
        ),
        Action(
            name="detach",
            label="Detach",
            send=_detach,
            fields=[Field(name="instance", kind=FieldKind.HIDDEN)],
            explain="Unmount it in the guest first, so that nothing unwritten is lost.",
            first_values=lambda row: {
                "instance": (row["attachments"] or [{"server_id": ""}])[0]["server_id"]
            },
            when=lambda row: bool(row["attachments"]),
        ),
        Action(
            name="extend",
            label="Make larger",
            send=_extend,
            fields=[_SIZE],
            first_values=lambda row: {"size": row["size"] + 1},
            when=_is_whole,
        ),
        Action(
            name="snapshot",
            label="Make a snapshot",
            send=_snapshot,
            fields=[_NAME],
            when=_is_whole,
        ),
        Action(
            name="backup",
            label="Back up",
            send=_back_up,
            fields=[
                _NAME,
                Field(
                    name="incremental",
                    label="Only what changed since the last backup",
                    kind=FieldKind.SWITCH,
                    is_required=False,
                ),
            ],
            when=_is_whole,
        ),
        Action(
            name="image",
            label="Make an image",
            send=_to_image,
            fields=[Field(name="name", label="Name of the image")],
            when=_is_available,
        ),
        RESOURCE.delete("volume", "volumes"),
    ],
    is_settled=lambda row: row["status"] in _RESTING,
    is_live=True,
)
