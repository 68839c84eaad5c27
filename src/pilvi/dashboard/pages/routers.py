"""Routers: their gateway, and the subnets that they join."""

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
    Shown,
)
from pilvi.dashboard.pages import choices
from pilvi.dashboard.render import code, do, link, moment, state
from pilvi.dashboard.resources import Resource

RESOURCE = Resource("/network/v2.0/routers", "routers", "router", is_own=True)
_PORTS = Resource("/network/v2.0/ports", "ports", "port")


async def _create(client: Client, id: str, form: Form) -> Done:
    fields: dict[str, Any] = {"name": form["name"]}
    if form["network"]:
        fields["external_gateway_info"] = {"network_id": form["network"]}
    made = await RESOURCE.create(client, fields)
    return Done(f"The router {form['name']} was made.", f"routers/{made['id']}")


async def _set_gateway(client: Client, id: str, form: Form) -> Done:
    chosen = {"network_id": form["network"]} if form["network"] else None
    await RESOURCE.update(client, id, {"external_gateway_info": chosen})
    return Done("The router's gateway was changed.")


async def _add_subnet(client: Client, id: str, form: Form) -> Done:
    path = at(RESOURCE.root, id, "add_router_interface")
    await client.put(path, {"subnet_id": form["subnet"]})
    return Done("The subnet is joined.")


async def _remove_port(client: Client, id: str, form: Form) -> Done:
    path = at(RESOURCE.root, id, "remove_router_interface")
    await client.put(path, {"port_id": form["port"]})
    return Done("The subnet is not joined any more.")


def _show_gateway(row: Row) -> Shown:
    gateway = row["external_gateway_info"]
    if not gateway:
        return "none"
    addresses = [code(one["ip_address"]) for one in gateway["external_fixed_ips"]]
    return [link("external network", "networks", gateway["network_id"]), *addresses]


async def load_sections(client: Client, row: Row) -> Sequence[Section]:
    """What the router is joined to."""
    ports = await _PORTS.load_all(client, device_id=row["id"])
    inner = [one for one in ports if "gateway" not in one["device_owner"]]
    return [
        Section(
            title="Joined subnets",
            columns=_COLUMNS,
            rows=[{**one, "router": row["id"]} for one in inner],
            empty="It joins no subnet.",
            links=[do("Join a subnet", "routers", row["id"], "join")],
        )
    ]


_COLUMNS = [
    Column("Port", lambda row: link(row["name"] or row["id"][:8], "ports", row["id"])),
    Column("Network", lambda row: link(row["network_id"][:8], "networks", row["network_id"])),
    Column("Address", lambda row: [code(ip["ip_address"]) for ip in row["fixed_ips"]]),
    Column("State", lambda row: state(row["status"])),
    Column("", lambda row: do("Part", "routers", row["router"], "part", port=row["id"])),
]
_GATEWAY = Field(
    name="network",
    label="External network",
    kind=FieldKind.CARDS,
    choices=choices.list_external_networks,
    is_required=False,
)

ROUTERS = Collection(
    path="routers",
    title="Routers",
    noun="router",
    empty="No routers yet: one joins your networks to the outside.",
    load=RESOURCE.load,
    find=RESOURCE.find,
    columns=[
        Column("Name", lambda row: link(row["name"] or row["id"], "routers", row["id"])),
        Column("State", lambda row: state(row["status"])),
        Column("Gateway", _show_gateway),
    ],
    facts=lambda row: [
        ("State", state(row["status"])),
        ("Switched on", row["admin_state_up"]),
        ("Gateway", _show_gateway(row)),
        ("Description", row["description"]),
        ("Made", moment(row["created_at"])),
        ("Id", code(row["id"])),
    ],
    sections=load_sections,
    create=Action(
        name="new",
        label="Make a router",
        send=_create,
        fields=[Field(name="name", label="Name"), _GATEWAY],
    ),
    actions=[
        Action(
            name="gateway",
            label="Change the gateway",
            send=_set_gateway,
            fields=[_GATEWAY],
            first_values=lambda row: {
                "network": (row["external_gateway_info"] or {}).get("network_id", "")
            },
        ),
        Action(
            name="join",
            label="Join a subnet",
            send=_add_subnet,
            fields=[
                Field(
                    name="subnet",
                    label="Subnet",
                    kind=FieldKind.CARDS,
                    choices=choices.list_subnets,
                )
            ],
        ),
        Action(
            name="part",
            label="Part from a subnet",
            send=_remove_port,
            fields=[Field(name="port", kind=FieldKind.HIDDEN)],
            explain="What is on the subnet cannot be reached through this router any more.",
            is_dangerous=True,
            when=lambda row: False,
        ),
        RESOURCE.rename("router"),
        RESOURCE.delete("router", "routers"),
    ],
    is_live=True,
)
