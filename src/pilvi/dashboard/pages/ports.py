"""Ports: what is on a network, with its addresses."""

from collections.abc import Sequence

from pilvi.dashboard.client import Client
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
    Shown,
)
from pilvi.dashboard.pages import choices
from pilvi.dashboard.pages.stories import tell_story
from pilvi.dashboard.render import code, link, moment, state
from pilvi.dashboard.resources import Resource

RESOURCE = Resource("/network/v2.0/ports", "ports", "port", is_own=True)


def _show_use(row: Row) -> Shown:
    owner = row["device_owner"]
    if owner.startswith("compute:") and row["device_id"]:
        return link("instance", "instances", row["device_id"])
    return str(owner).removeprefix("network:").replace("_", " ") or "nothing"


PORT_COLUMNS = [
    Column("Port", lambda row: link(row["name"] or row["id"][:8], "ports", row["id"])),
    Column("Addresses", lambda row: [code(ip["ip_address"]) for ip in row["fixed_ips"]]),
    Column("Used by", _show_use),
    Column("MAC", lambda row: code(row["mac_address"]), is_minor=True),
    Column("State", lambda row: state(row["status"])),
]


async def _create(client: Client, id: str, form: Form) -> Done:
    fields: dict[str, object] = {"network_id": form["network"], "name": form["name"]}
    if form["address"]:
        fields["fixed_ips"] = [{"ip_address": form["address"]}]
    made = await RESOURCE.create(client, fields)
    return Done("The port was made.", f"ports/{made['id']}")


async def _edit(client: Client, id: str, form: Form) -> Done:
    fields = {"name": form["name"], "security_groups": form["groups"]}
    await RESOURCE.update(client, id, {**fields, "admin_state_up": bool(form["up"])})
    return Done("The port was changed.")


async def load_sections(client: Client, row: Row) -> Sequence[Section]:
    """Its story."""
    urgent, story = await tell_story(client, RESOURCE.root, row["id"])
    return [*urgent, *story]


_NAME = Field(name="name", label="Name", is_required=False)

PORTS = Collection(
    path="ports",
    owner_key="project_id",
    title="Ports",
    noun="port",
    empty="No ports yet: they come with instances and routers, or you make one.",
    load=RESOURCE.load,
    find=RESOURCE.find,
    columns=PORT_COLUMNS,
    facts=lambda row: [
        ("State", state(row["status"])),
        ("Switched on", row["admin_state_up"]),
        ("Network", link(row["network_id"], "networks", row["network_id"])),
        ("Addresses", [code(ip["ip_address"]) for ip in row["fixed_ips"]]),
        ("MAC", code(row["mac_address"])),
        ("Used by", _show_use(row)),
        (
            "Security groups",
            [link(one[:8], "security-groups", one) for one in row["security_groups"]],
        ),
        ("Port security", row["port_security_enabled"]),
        ("Made", moment(row["created_at"])),
        ("Id", code(row["id"])),
    ],
    sections=load_sections,
    create=Action(
        name="new",
        label="Make a port",
        send=_create,
        fields=[
            Field(
                name="network",
                label="Network",
                kind=FieldKind.CARDS,
                choices=choices.list_networks,
            ),
            _NAME,
            Field(
                name="address",
                label="Address",
                is_required=False,
                hint="Empty: the next free one.",
            ),
        ],
    ),
    actions=[
        Action(
            name="edit",
            label="Edit",
            send=_edit,
            fields=[
                _NAME,
                Field(
                    name="groups",
                    label="Security groups",
                    kind=FieldKind.CHECKS,
                    choices=choices.list_security_groups,
                    is_required=False,
                ),
                Field(name="up", label="Switched on", kind=FieldKind.SWITCH, is_required=False),
            ],
            first_values=lambda row: {
                "name": row["name"],
                "groups": row["security_groups"],
                "up": row["admin_state_up"],
            },
        ),
        RESOURCE.delete("port", "ports"),
    ],
    is_live=True,
)
