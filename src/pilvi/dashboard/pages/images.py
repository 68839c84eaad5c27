"""Images: from a file, from the web, their properties, and who may use them."""

import asyncio
from collections.abc import Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from pilvi.dashboard.client import Client, at
from pilvi.dashboard.describe import (
    Action,
    Choice,
    Collection,
    Column,
    Done,
    Field,
    FieldKind,
    Form,
    Paging,
    Row,
    Section,
    Shown,
)
from pilvi.dashboard.pages.stories import tell_story
from pilvi.dashboard.render import code, do, link, moment, size, state
from pilvi.dashboard.visit import Visit

ROOT = "/image/v2/images"
# What an image says of itself besides its properties.
_OWN = {
    *("id", "name", "status", "visibility", "owner", "protected", "os_hidden", "disk_format"),
    *("container_format", "min_disk", "min_ram", "size", "virtual_size", "checksum", "tags"),
    *("os_hash_algo", "os_hash_value", "created_at", "updated_at", "self", "file", "schema"),
    *("stores", "locations", "direct_url"),
}


async def load(client: Client, paging: Paging) -> Sequence[Row]:
    """Some of the images that the project may use, after those that it is offered."""
    offered = {"visibility": "shared", "member_status": "pending"}
    found, pending = await asyncio.gather(
        client.get(ROOT, paging.params()), client.get(ROOT, offered)
    )
    others = [one for one in pending["images"] if one["owner"] != client.project_id]
    new = [] if paging.marker else others
    return [*({**one, "is_offered": True} for one in new), *found["images"]]


async def find(client: Client, id: str) -> Row:
    """One image. Raises `Refused`."""
    row: Row = await client.get(at(ROOT, id))
    return row


async def receive_file(visit: Visit) -> Response:
    """Pass a file on to the image service piece by piece, as it comes."""
    path = at(ROOT, visit.request.path_params["id"]) + "/file"
    await visit.client.upload(path, visit.request.stream())
    visit.form = {}
    response = JSONResponse({})
    visit.cookies.keep_note(response, "The file is there; the image can be booted.")
    return response


async def list_formats(client: Client) -> Sequence[Choice]:
    """Formats of disks."""
    notes = {"qcow2": "what most cloud images are", "raw": "the bytes of the disk", "iso": "a CD"}
    return [Choice(name, name, note) for name, note in notes.items()]


async def list_visibilities(client: Client) -> Sequence[Choice]:
    """Who may use an image."""
    found = [
        Choice("private", "Private", "this project"),
        Choice("shared", "Shared", "this project and those that it is shared with"),
        Choice("community", "Community", "every project that knows its id"),
    ]
    return [*found, Choice("public", "Public", "everybody")] if client.is_admin else found


async def _create(client: Client, id: str, form: Form) -> Done:
    fields = {name: form[name] for name in ("name", "disk_format", "visibility")}
    made = await client.post(ROOT, {**fields, "container_format": "bare"})
    if not form["url"]:
        return Done("Now choose its file.", f"images/{made['id']}/file")
    method = {"name": "web-download", "uri": form["url"]}
    async with client.or_delete(at(ROOT, made["id"])):
        await client.post(at(ROOT, made["id"], "import"), {"method": method})
    return Done("The image is being fetched.", f"images/{made['id']}")


async def _edit(client: Client, id: str, form: Form) -> Done:
    changes: list[dict[str, Any]] = [
        {"op": "replace", "path": f"/{name}", "value": form[name]}
        for name in ("name", "visibility")
    ]
    changes.append({"op": "replace", "path": "/protected", "value": bool(form["protected"])})
    for name in ("min_disk", "min_ram"):
        changes.append({"op": "replace", "path": f"/{name}", "value": int(form[name] or 0)})
    await client.patch(at(ROOT, id), changes)
    return Done("The image was changed.")


async def _set_property(client: Client, id: str, form: Form) -> Done:
    path = "/" + form["property"].replace("~", "~0").replace("/", "~1")
    change = {"op": "add", "path": path, "value": form["value"]}
    await client.patch(at(ROOT, id), [change if form["value"] else {"op": "remove", "path": path}])
    return Done(f"The property {form['property']} was {'set' if form['value'] else 'removed'}.")


async def _share(client: Client, id: str, form: Form) -> Done:
    await client.post(at(ROOT, id, "members"), {"member": form["member"]})
    return Done("The image is shared; the other project accepts it or not.")


async def _unshare(client: Client, id: str, form: Form) -> Done:
    await client.delete(at(ROOT, id, "members", form["member"]))
    return Done("The image is not shared with that project any more.")


async def _answer(client: Client, id: str, form: Form) -> Done:
    path = at(ROOT, id, "members", client.project_id)
    await client.put(path, {"status": "accepted"})
    return Done("The image is now in this project's list.")


async def _delete(client: Client, id: str, form: Form) -> Done:
    await client.delete(at(ROOT, id))
    return Done("The image was deleted.", "images")


async def _nothing(client: Client, id: str, form: Form) -> Done:
    return Done("Choose a file; the page's script sends it.", f"images/{id}/file")


async def load_sections(client: Client, row: Row) -> Sequence[Section]:
    """Properties, the projects that the image is shared with, and its story."""
    urgent, story = await tell_story(client, ROOT, row["id"])
    properties = [
        {"name": name, "value": value, "image": row["id"]}
        for name, value in sorted(row.items())
        if name not in _OWN
    ]
    sections = [
        *urgent,
        Section(
            title="Properties",
            columns=_PROPERTIES,
            rows=properties,
            empty="It has no properties.",
            links=[do("Set a property", "images", row["id"], "property")],
        ),
    ]
    if row["visibility"] == "shared":
        found = await asyncio.gather(client.get(at(ROOT, row["id"], "members")))
        sections.append(
            Section(
                title="Shared with",
                columns=_MEMBERS,
                rows=found[0]["members"],
                empty="It is shared with no project.",
                links=[do("Share", "images", row["id"], "share")],
            )
        )
    return [*sections, *story]


def list_facts(row: Row) -> list[tuple[str, Shown]]:
    """What an image is. Pure."""
    return [
        ("State", state(row["status"])),
        ("Visibility", row["visibility"]),
        ("Format", row["disk_format"]),
        ("Size", size(row["size"])),
        ("Disk in the guest", size(row["virtual_size"])),
        ("Needs at least", f"{row['min_disk']} GiB disk, {row['min_ram']} MiB memory"),
        ("Protected", row["protected"]),
        ("Made", moment(row["created_at"])),
        ("Id", code(row["id"])),
        ("SHA-512", code(row.get("os_hash_value") or "")),
    ]


def _show_visibility(row: Row) -> Shown:
    if row.get("is_offered"):
        return [row["visibility"], do("Accept", "images", row["id"], "accept")]
    return str(row["visibility"])


_PROPERTIES = [
    Column("Name", lambda row: code(row["name"])),
    Column("Value", lambda row: str(row["value"])),
    Column("", lambda row: do("Change", "images", row["image"], "property", property=row["name"])),
]
_MEMBERS = [
    Column("Project", lambda row: code(row["member_id"])),
    Column("Answer", lambda row: state(row["status"])),
    Column(
        "", lambda row: do("End", "images", row["image_id"], "unshare", member=row["member_id"])
    ),
]
_NAME = Field(name="name", label="Name")
_VISIBILITY = Field(
    name="visibility", label="Who may use it", kind=FieldKind.CARDS, choices=list_visibilities
)
_CREATE = Action(
    name="new",
    label="Add an image",
    send=_create,
    fields=[
        _NAME,
        Field(name="disk_format", label="Format", kind=FieldKind.CARDS, choices=list_formats),
        _VISIBILITY,
        Field(
            name="url",
            label="Address to fetch it from",
            is_required=False,
            hint="Empty: you choose a file on your computer on the next page.",
        ),
    ],
)

IMAGES = Collection(
    path="images",
    owner_key="owner",
    title="Images",
    noun="image",
    empty="No images yet: add one, and instances can boot it.",
    load=load,
    find=find,
    columns=[
        Column("Name", lambda row: link(row["name"] or row["id"], "images", row["id"])),
        Column("State", lambda row: state(row["status"])),
        Column("Visibility", _show_visibility),
        Column("Format", lambda row: row["disk_format"], is_minor=True),
        Column("Size", lambda row: size(row["size"])),
        Column("Made", lambda row: moment(row["created_at"]), is_minor=True),
    ],
    facts=list_facts,
    sections=load_sections,
    create=_CREATE,
    actions=[
        Action(
            name="file",
            label="Send its file",
            send=_nothing,
            fields=[Field(name="file", label="File", kind=FieldKind.FILE)],
            when=lambda row: row["status"] == "queued",
        ),
        Action(
            name="edit",
            label="Edit",
            send=_edit,
            fields=[
                _NAME,
                _VISIBILITY,
                Field(name="min_disk", label="Least disk (GiB)", kind=FieldKind.NUMBER),
                Field(name="min_ram", label="Least memory (MiB)", kind=FieldKind.NUMBER),
                Field(
                    name="protected",
                    label="Protect it from deletion",
                    kind=FieldKind.SWITCH,
                    is_required=False,
                ),
            ],
            first_values=lambda row: {
                "name": row["name"] or "",
                "visibility": row["visibility"],
                "min_disk": row["min_disk"],
                "min_ram": row["min_ram"],
                "protected": row["protected"],
            },
        ),
        Action(
            name="property",
            label="Set a property",
            send=_set_property,
            fields=[
                Field(name="property", label="Name"),
                Field(name="value", label="Value", is_required=False, hint="Empty: it is removed."),
            ],
        ),
        Action(
            name="share",
            label="Share",
            send=_share,
            fields=[Field(name="member", label="Id of the project")],
            when=lambda row: row["visibility"] == "shared",
        ),
        Action(
            name="unshare",
            label="End sharing",
            send=_unshare,
            fields=[Field(name="member", kind=FieldKind.HIDDEN)],
            explain="That project cannot use the image any more; instances that run stay.",
            is_dangerous=True,
            when=lambda row: False,
        ),
        Action(
            name="accept",
            label="Accept the shared image",
            send=_answer,
            explain="The image of another project comes into this project's list.",
            when=lambda row: False,
        ),
        Action(
            name="delete",
            label="Delete",
            send=_delete,
            explain="This deletes the image. Instances that were made of it stay.",
            is_dangerous=True,
            when=lambda row: not row["protected"],
        ),
    ],
    is_settled=lambda row: row["status"] not in ("saving", "importing", "uploading"),
    is_live=True,
)
