"""Flavors: the sizes that instances come in. Only admins make and delete them."""

from pilvi.dashboard.client import Client
from pilvi.dashboard.describe import Action, Collection, Column, Done, Field, FieldKind, Form, Row
from pilvi.dashboard.render import code, link
from pilvi.dashboard.resources import Resource

RESOURCE = Resource("/compute/v2.1/flavors", "flavors", "flavor", "/detail")
_NUMBERS = {"vcpus": "vCPUs", "ram": "Memory (MiB)", "disk": "Disk (GiB)"}


async def _create(client: Client, id: str, form: Form) -> Done:
    numbers = {name: int(form[name]) for name in _NUMBERS}
    public = {"os-flavor-access:is_public": bool(form["public"])}
    made = await RESOURCE.create(client, {"name": form["name"], **numbers, **public})
    return Done(f"The flavor {made['name']} was made.")


def _show_extras(row: Row) -> list[str]:
    return [f"{name}={value}" for name, value in sorted(row["extra_specs"].items())]


FLAVORS = Collection(
    path="flavors",
    title="Flavors",
    noun="flavor",
    empty="No flavors yet: an admin makes them.",
    load=RESOURCE.load,
    find=RESOURCE.find,
    columns=[
        Column("Name", lambda row: link(row["name"], "flavors", row["id"])),
        Column("vCPUs", lambda row: row["vcpus"]),
        Column("Memory", lambda row: f"{row['ram']} MiB"),
        Column("Disk", lambda row: f"{row['disk']} GiB"),
        Column("Public", lambda row: row["os-flavor-access:is_public"], is_minor=True),
    ],
    facts=lambda row: [
        ("vCPUs", row["vcpus"]),
        ("Memory", f"{row['ram']} MiB"),
        ("Disk", f"{row['disk']} GiB"),
        ("Second disk", f"{row['OS-FLV-EXT-DATA:ephemeral']} GiB"),
        ("Swap", f"{row['swap'] or 0} MiB"),
        ("Public", row["os-flavor-access:is_public"]),
        ("Extra specs", _show_extras(row)),
        ("Description", row["description"]),
        ("Id", code(row["id"])),
    ],
    create=Action(
        name="new",
        label="Make a flavor",
        send=_create,
        fields=[
            Field(name="name", label="Name"),
            *(
                Field(name=name, label=label, kind=FieldKind.NUMBER)
                for name, label in _NUMBERS.items()
            ),
            Field(
                name="public",
                label="Every project may use it",
                kind=FieldKind.SWITCH,
                value="yes",
                is_required=False,
            ),
        ],
    ),
    actions=[
        RESOURCE.delete("flavor", "flavors", "Instances of this flavor stay as they are."),
    ],
    needs_admin=frozenset({"new", "delete"}),
)
