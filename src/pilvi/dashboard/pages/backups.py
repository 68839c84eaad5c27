"""Backups of volumes."""

from pilvi.dashboard.client import Client, at
from pilvi.dashboard.describe import Action, Collection, Column, Done, Field, Form
from pilvi.dashboard.render import code, link, moment, state
from pilvi.dashboard.resources import Resource, filled

RESOURCE = Resource("/volume/v3/backups", "backups", "backup", "/detail")


async def _restore(client: Client, id: str, form: Form) -> Done:
    fields = filled({"name": form["name"]})
    made = await client.post(at(RESOURCE.root, id, "restore"), {"restore": fields})
    return Done("The volume is being restored.", f"volumes/{made['restore']['volume_id']}")


BACKUPS = Collection(
    path="backups",
    title="Backups",
    noun="backup",
    empty="No backups yet: make one from the menu of a volume.",
    load=RESOURCE.load,
    find=RESOURCE.find,
    columns=[
        Column("Name", lambda row: link(row["name"] or row["id"], "backups", row["id"])),
        Column("State", lambda row: state(row["status"])),
        Column("Size", lambda row: f"{row['size']} GiB"),
        Column("Only changes", lambda row: row["is_incremental"], is_minor=True),
        Column("Made", lambda row: moment(row["created_at"]), is_minor=True),
    ],
    facts=lambda row: [
        ("State", state(row["status"])),
        ("Size", f"{row['size']} GiB"),
        ("Volume", link(row["volume_id"], "volumes", row["volume_id"])),
        ("Only changes", row["is_incremental"]),
        ("Others build on it", row["has_dependent_backups"]),
        ("What went wrong", row["fail_reason"]),
        ("Made", moment(row["created_at"])),
        ("Id", code(row["id"])),
    ],
    actions=[
        Action(
            name="restore",
            label="Restore",
            send=_restore,
            fields=[
                Field(
                    name="name",
                    label="Name of the new volume",
                    is_required=False,
                    hint="A new volume is made; no other is touched.",
                )
            ],
            explain="What the backup holds is written to a new volume.",
            when=lambda row: row["status"] == "available",
        ),
        RESOURCE.delete("backup", "backups"),
    ],
    is_settled=lambda row: row["status"] in ("available", "error", "error_deleting"),
    is_live=True,
)
