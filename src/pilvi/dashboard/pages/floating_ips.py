"""Floating IPs: addresses of an external network that lead to ports."""

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
    Shown,
)
from pilvi.dashboard.pages import choices
from pilvi.dashboard.render import code, link, moment, state
from pilvi.dashboard.resources import Resource

RESOURCE = Resource("/network/v2.0/floatingips", "floatingips", "floatingip", is_own=True)


async def _create(client: Client, id: str, form: Form) -> Done:
    fields = {"floating_network_id": form["network"], "port_id": form["port"]}
    made = await RESOURCE.create(client, fields)
    return Done(f"{made['floating_ip_address']} is yours.")


async def _lead(client: Client, id: str, form: Form) -> Done:
    await RESOURCE.update(client, id, {"port_id": form["port"] or None})
    return Done("The floating IP was changed.")


async def _release(client: Client, id: str, form: Form) -> Done:
    await RESOURCE.update(client, id, {"port_id": None})
    return Done("The floating IP leads nowhere now.")


def _is_used(row: Row) -> bool:
    return bool(row["port_id"])


def _show_state(row: Row) -> Shown:
    return state(row["status"]) if row["port_id"] else "not in use"


_PORT = Field(
    name="port",
    label="Port that it leads to",
    kind=FieldKind.CARDS,
    choices=choices.list_ports,
    is_required=False,
)

FLOATING_IPS = Collection(
    path="floating-ips",
    title="Floating IPs",
    noun="floating IP",
    empty="No floating IPs yet: with one, an instance is reached from outside.",
    load=RESOURCE.load,
    find=RESOURCE.find,
    name_of=lambda row: str(row["floating_ip_address"]),
    columns=[
        Column("Address", lambda row: link(row["floating_ip_address"], "floating-ips", row["id"])),
        Column("State", _show_state),
        Column("Leads to", lambda row: code(row["fixed_ip_address"] or "")),
        Column("Made", lambda row: moment(row["created_at"]), is_minor=True),
    ],
    facts=lambda row: [
        ("State", _show_state(row)),
        ("Leads to", code(row["fixed_ip_address"] or "")),
        ("Port", link(row["port_id"], "ports", row["port_id"]) if row["port_id"] else "none"),
        (
            "Network",
            link(row["floating_network_id"], "networks", row["floating_network_id"]),
        ),
        ("Made", moment(row["created_at"])),
        ("Id", code(row["id"])),
    ],
    create=Action(
        name="new",
        label="Get a floating IP",
        send=_create,
        fields=[
            Field(
                name="network",
                label="From",
                kind=FieldKind.CARDS,
                choices=choices.list_external_networks,
            ),
            _PORT,
        ],
    ),
    actions=[
        Action(
            name="lead",
            label="Lead it to a port",
            send=_lead,
            fields=[_PORT],
            first_values=lambda row: {"port": row["port_id"] or ""},
        ),
        Action(
            name="release",
            label="Take it off its port",
            send=_release,
            explain="Open connections through it break.",
            when=_is_used,
        ),
        RESOURCE.delete("floating IP", "floating-ips", "Somebody else may get the address next."),
    ],
    is_live=True,
)
