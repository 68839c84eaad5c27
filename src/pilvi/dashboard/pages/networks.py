"""Networks, with their subnets and ports."""

import asyncio
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
    Row,
    Section,
)
from pilvi.dashboard.pages.ports import PORT_COLUMNS
from pilvi.dashboard.render import code, do, link, moment, state
from pilvi.dashboard.resources import Resource

RESOURCE = Resource("/network/v2.0/networks", "networks", "network")
SUBNETS = Resource("/network/v2.0/subnets", "subnets", "subnet")
PORTS = Resource("/network/v2.0/ports", "ports", "port")
_NAME = Field(name="name", label="Name")


async def _create(client: Client, id: str, form: Form) -> Done:
    made = await RESOURCE.create(client, {"name": form["name"]})
    if form["cidr"]:
        subnet = {"name": f"{form['name']}-subnet", "network_id": made["id"], "ip_version": 4}
        if ":" in form["cidr"]:
            subnet["ip_version"] = 6
        async with client.or_delete(at(RESOURCE.root, made["id"])):
            await SUBNETS.create(client, {**subnet, "cidr": form["cidr"]})
    return Done(f"The network {form['name']} was made.", f"networks/{made['id']}")


async def load_sections(client: Client, row: Row) -> Sequence[Section]:
    """The network's subnets and ports."""
    subnets, ports = await asyncio.gather(
        SUBNETS.load_all(client, network_id=row["id"]),
        PORTS.load_all(client, network_id=row["id"]),
    )
    return [
        Section(
            title="Subnets",
            columns=SUBNET_COLUMNS,
            rows=subnets,
            empty="It has no subnet: instances get no address on it.",
            links=[do("Add a subnet", "subnets", "new", network=row["id"])],
        ),
        Section(title="Ports", columns=PORT_COLUMNS, rows=ports, empty="Nothing is on it."),
    ]


SUBNET_COLUMNS = [
    Column("Name", lambda row: link(row["name"] or row["id"], "subnets", row["id"])),
    Column("Range", lambda row: code(row["cidr"])),
    Column("Gateway", lambda row: code(row["gateway_ip"])),
    Column("DHCP", lambda row: row["enable_dhcp"], is_minor=True),
]

NETWORKS = Collection(
    path="networks",
    owner_key="project_id",
    title="Networks",
    noun="network",
    empty="No networks yet: make one, and instances can speak to each other.",
    load=RESOURCE.load,
    find=RESOURCE.find,
    columns=[
        Column("Name", lambda row: link(row["name"] or row["id"], "networks", row["id"])),
        Column("State", lambda row: state(row["status"])),
        Column("Subnets", lambda row: len(row["subnets"])),
        Column("Shared", lambda row: row["shared"], is_minor=True),
        Column("External", lambda row: row["router:external"], is_minor=True),
    ],
    facts=lambda row: [
        ("State", state(row["status"])),
        ("Switched on", row["admin_state_up"]),
        ("Shared", row["shared"]),
        ("External", row["router:external"]),
        ("MTU", row["mtu"]),
        ("Port security", row["port_security_enabled"]),
        ("Description", row["description"]),
        ("Made", moment(row["created_at"])),
        ("Id", code(row["id"])),
    ],
    sections=load_sections,
    create=Action(
        name="new",
        label="Make a network",
        send=_create,
        fields=[
            _NAME,
            Field(
                name="cidr",
                label="Range of its first subnet",
                kind=FieldKind.TEXT,
                is_required=False,
                hint="Such as 10.20.0.0/24. Empty: it has no subnet yet.",
            ),
        ],
    ),
    actions=[
        RESOURCE.rename("network"),
        RESOURCE.delete("network", "networks", "Its subnets go with it."),
    ],
    is_live=True,
)
