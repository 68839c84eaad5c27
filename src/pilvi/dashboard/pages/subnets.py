"""Subnets: ranges of addresses on networks."""

from pilvi.dashboard.client import Client
from pilvi.dashboard.describe import Action, Collection, Column, Done, Field, FieldKind, Form, Row
from pilvi.dashboard.pages import choices
from pilvi.dashboard.pages.networks import SUBNET_COLUMNS, SUBNETS
from pilvi.dashboard.render import code, link
from pilvi.dashboard.resources import filled


async def _create(client: Client, id: str, form: Form) -> Done:
    is_six = ":" in form["cidr"]
    fields = filled(
        {
            "name": form["name"],
            "network_id": form["network"],
            "cidr": form["cidr"],
            "ip_version": 6 if is_six else 4,
            "gateway_ip": form["gateway"],
            "dns_nameservers": split(form["dns"]),
        }
    )
    made = await SUBNETS.create(client, {**fields, "enable_dhcp": bool(form["dhcp"])})
    return Done("The subnet was made.", f"networks/{made['network_id']}")


def split(text: str) -> list[str]:
    """Words between commas, spaces or new lines. Pure."""
    return text.replace(",", " ").split()


async def _edit(client: Client, id: str, form: Form) -> Done:
    fields = {"name": form["name"], "dns_nameservers": split(form["dns"])}
    await SUBNETS.update(client, id, {**fields, "enable_dhcp": bool(form["dhcp"])})
    return Done("The subnet was changed.")


def _pools(row: Row) -> list[str]:
    return [f"{pool['start']} – {pool['end']}" for pool in row["allocation_pools"]]


_NAME = Field(name="name", label="Name", is_required=False)
_DNS = Field(
    name="dns",
    label="Name servers",
    is_required=False,
    hint="Addresses, with commas between them.",
)
_DHCP = Field(name="dhcp", label="Give addresses by DHCP", kind=FieldKind.SWITCH, is_required=False)

SUBNETS_PAGE = Collection(
    path="subnets",
    owner_key="project_id",
    title="Subnets",
    noun="subnet",
    empty="No subnets yet: a network with one gives its instances addresses.",
    load=SUBNETS.load,
    find=SUBNETS.find,
    columns=[
        *SUBNET_COLUMNS,
        Column("Network", lambda row: link(row["network_id"][:8], "networks", row["network_id"])),
    ],
    facts=lambda row: [
        ("Network", link(row["network_id"], "networks", row["network_id"])),
        ("Range", code(row["cidr"])),
        ("Gateway", code(row["gateway_ip"])),
        ("Addresses given out", _pools(row)),
        ("DHCP", row["enable_dhcp"]),
        ("Name servers", [code(one) for one in row["dns_nameservers"]]),
        ("Id", code(row["id"])),
    ],
    create=Action(
        name="new",
        label="Add a subnet",
        send=_create,
        fields=[
            Field(
                name="network",
                label="Network",
                kind=FieldKind.SELECT,
                choices=choices.list_own_networks,
            ),
            Field(name="cidr", label="Range", hint="Such as 10.20.0.0/24 or fd00:20::/64."),
            _NAME,
            Field(
                name="gateway",
                label="Gateway",
                is_required=False,
                hint="Empty: the first address of the range.",
            ),
            _DNS,
            Field(
                name="dhcp",
                label="Give addresses by DHCP",
                kind=FieldKind.SWITCH,
                value="yes",
                is_required=False,
            ),
        ],
    ),
    actions=[
        Action(
            name="edit",
            label="Edit",
            send=_edit,
            fields=[_NAME, _DNS, _DHCP],
            first_values=lambda row: {
                "name": row["name"],
                "dns": ", ".join(row["dns_nameservers"]),
                "dhcp": row["enable_dhcp"],
            },
        ),
        SUBNETS.delete("subnet", "networks"),
    ],
)
