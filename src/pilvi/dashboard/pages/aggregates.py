"""Aggregates: groups of hosts; for admins."""

from collections.abc import Sequence

from pilvi.dashboard.client import Client, at
from pilvi.dashboard.describe import (
    Action,
    Collection,
    Column,
    Done,
    Field,
    FieldKind,
    Form,
    Paging,
    Row,
    Section,
)
from pilvi.dashboard.pages import choices
from pilvi.dashboard.render import code, join, link, moment
from pilvi.dashboard.resources import Resource, filled

RESOURCE = Resource("/compute/v2.1/os-aggregates", "aggregates", "aggregate")


async def load(client: Client, paging: Paging) -> Sequence[Row]:
    """All aggregates: their list has no parts."""
    found = await client.get(RESOURCE.root)
    rows: Sequence[Row] = found["aggregates"]
    return rows


async def _create(client: Client, id: str, form: Form) -> Done:
    fields = filled({"name": form["name"], "availability_zone": form["zone"]})
    made = await RESOURCE.create(client, fields)
    return Done(f"The aggregate {form['name']} was made.", f"aggregates/{made['id']}")


def _host_action(name: str, label: str, word: str) -> Action:
    async def send(client: Client, id: str, form: Form) -> Done:
        await client.post(at(RESOURCE.root, id, "action"), {word: {"host": form["host"]}})
        return Done("The aggregate's hosts were changed.")

    host = Field(name="host", label="Host", kind=FieldKind.CARDS, choices=choices.list_hosts)
    return Action(name=name, label=label, send=send, fields=[host])


async def _set_metadata(client: Client, id: str, form: Form) -> Done:
    change = {"metadata": {form["key"]: form["value"] or None}}
    await client.post(at(RESOURCE.root, id, "action"), {"set_metadata": change})
    return Done("The metadata was changed.")


async def load_sections(client: Client, row: Row) -> Sequence[Section]:
    """Its metadata."""
    pairs = [{"key": key, "value": value} for key, value in sorted(row["metadata"].items())]
    return [Section(title="Metadata", columns=_PAIRS, rows=pairs, empty="It has none.")]


_PAIRS = [
    Column("Key", lambda row: code(row["key"])),
    Column("Value", lambda row: row["value"]),
]

AGGREGATES = Collection(
    path="aggregates",
    title="Aggregates",
    noun="aggregate",
    empty="No aggregates yet: one groups hosts, or makes them an availability zone.",
    load=load,
    find=RESOURCE.find,
    is_paged=False,
    columns=[
        Column("Name", lambda row: link(row["name"], "aggregates", str(row["id"]))),
        Column("Availability zone", lambda row: row["availability_zone"]),
        Column("Hosts", lambda row: join(row["hosts"])),
    ],
    facts=lambda row: [
        ("Availability zone", row["availability_zone"]),
        ("Hosts", list(row["hosts"])),
        ("Made", moment(row["created_at"])),
    ],
    sections=load_sections,
    create=Action(
        name="new",
        label="Make an aggregate",
        send=_create,
        fields=[
            Field(name="name", label="Name"),
            Field(name="zone", label="Availability zone", is_required=False),
        ],
    ),
    actions=[
        _host_action("add-host", "Add a host", "add_host"),
        _host_action("remove-host", "Take out a host", "remove_host"),
        Action(
            name="metadata",
            label="Set metadata",
            send=_set_metadata,
            fields=[
                Field(name="key", label="Key"),
                Field(name="value", label="Value", is_required=False, hint="Empty: removed."),
            ],
        ),
        RESOURCE.delete("aggregate", "aggregates"),
    ],
)
