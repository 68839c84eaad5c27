"""Snapshots of volumes."""

from pilvi.dashboard.client import Client, at
from pilvi.dashboard.describe import Action, Collection, Column, Done, Field, Form
from pilvi.dashboard.render import code, link, moment, state
from pilvi.dashboard.resources import Resource

RESOURCE = Resource("/volume/v3/snapshots", "snapshots", "snapshot", "/detail")


async def _make_volume(client: Client, id: str, form: Form) -> Done:
    fields = {"snapshot_id": id, "name": form["name"]}
    made = await client.post("/volume/v3/volumes", {"volume": fields})
    return Done("The volume is being made.", f"volumes/{made['volume']['id']}")


async def _revert(client: Client, id: str, form: Form) -> Done:
    snapshot = await RESOURCE.find(client, id)
    path = at("/volume/v3/volumes", snapshot["volume_id"], "action")
    await client.post(path, {"revert": {"snapshot_id": id}})
    return Done("The volume goes back to its snapshot.", f"volumes/{snapshot['volume_id']}")


SNAPSHOTS = Collection(
    path="snapshots",
    title="Snapshots",
    noun="snapshot",
    empty="No snapshots yet: make one from the menu of a volume.",
    load=RESOURCE.load,
    find=RESOURCE.find,
    columns=[
        Column("Name", lambda row: link(row["name"] or row["id"], "snapshots", row["id"])),
        Column("State", lambda row: state(row["status"])),
        Column("Size", lambda row: f"{row['size']} GiB"),
        Column("Volume", lambda row: link(row["volume_id"][:8], "volumes", row["volume_id"])),
        Column("Made", lambda row: moment(row["created_at"]), is_minor=True),
    ],
    facts=lambda row: [
        ("State", state(row["status"])),
        ("Size", f"{row['size']} GiB"),
        ("Volume", link(row["volume_id"], "volumes", row["volume_id"])),
        ("Description", row["description"]),
        ("Made", moment(row["created_at"])),
        ("Id", code(row["id"])),
    ],
    actions=[
        RESOURCE.rename("snapshot"),
        Action(
            name="volume",
            label="Make a volume",
            send=_make_volume,
            fields=[Field(name="name", label="Name of the volume")],
            when=lambda row: row["status"] == "available",
        ),
        Action(
            name="revert",
            label="Put the volume back",
            send=_revert,
            explain="What the volume has now is lost: it becomes as it was at this snapshot.",
            is_dangerous=True,
            when=lambda row: row["status"] == "available",
        ),
        RESOURCE.delete("snapshot", "snapshots"),
    ],
    is_settled=lambda row: row["status"] in ("available", "error", "error_deleting"),
    is_live=True,
)
