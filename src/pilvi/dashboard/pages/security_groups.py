"""Security groups and their rules: what may enter and leave."""

from collections.abc import Sequence
from typing import Any

from pilvi.dashboard.client import Client, Refused, at
from pilvi.dashboard.describe import (
    Action,
    Choice,
    Collection,
    Column,
    Done,
    Field,
    FieldKind,
    Form,
    Row,
    Section,
)
from pilvi.dashboard.pages import choices
from pilvi.dashboard.render import code, do, link, moment
from pilvi.dashboard.resources import Resource, filled, number

RESOURCE = Resource(
    "/network/v2.0/security-groups", "security_groups", "security_group", is_own=True
)
_RULES = "/network/v2.0/security-group-rules"


async def _create(client: Client, id: str, form: Form) -> Done:
    made = await RESOURCE.create(client, dict(form))
    return Done(f"The group {form['name']} was made.", f"security-groups/{made['id']}")


async def _add_rule(client: Client, id: str, form: Form) -> Done:
    fields: dict[str, Any] = {
        "security_group_id": id,
        "direction": form["direction"],
        "ethertype": form["family"],
        "protocol": form["protocol"],
        "remote_ip_prefix": form["range"],
        "remote_group_id": form["group"],
    }
    low, high = read_ports(form["ports"])
    if low is not None:
        fields |= {"port_range_min": low, "port_range_max": high}
    await client.post(_RULES, {"security_group_rule": filled(fields)})
    return Done("The rule was added; it holds for instances that run as well.")


def read_ports(text: str) -> tuple[int | None, int | None]:
    """First and last of the ports that were typed. Raises `Refused`. Pure."""
    first, _, last = text.replace(":", "-").partition("-")
    numbers = [number(word.strip()) for word in (first, last or first)]
    if text and None in numbers:
        raise Refused(400, f"cannot read '{text}' as ports: type one, such as 22, or 8000-8080")
    return numbers[0], numbers[1]


async def _remove_rule(client: Client, id: str, form: Form) -> Done:
    await client.delete(at(_RULES, form["rule"]))
    return Done("The rule was removed.")


async def load_sections(client: Client, row: Row) -> Sequence[Section]:
    """The rules, those for what enters first."""
    rules = sorted(row["security_group_rules"], key=lambda rule: rule["direction"] != "ingress")
    return [
        Section(
            title="Rules",
            columns=_COLUMNS,
            rows=rules,
            empty="No rule: nothing may enter or leave.",
            links=[do("Add a rule", "security-groups", row["id"], "add-rule")],
        )
    ]


def print_ports(rule: Row) -> str:
    """The ports of a rule. Pure."""
    low, high = rule["port_range_min"], rule["port_range_max"]
    if low is None:
        return "any"
    return str(low) if low == high else f"{low} – {high}"


def _remote(rule: Row) -> str:
    if rule["remote_group_id"]:
        return f"group {rule['remote_group_id'][:8]}"
    return str(rule["remote_ip_prefix"] or "anywhere")


async def list_directions(client: Client) -> Sequence[Choice]:
    """Which way."""
    return [Choice("ingress", "What enters"), Choice("egress", "What leaves")]


async def list_families(client: Client) -> Sequence[Choice]:
    """Of which kind of address."""
    return [Choice("IPv4", "IPv4"), Choice("IPv6", "IPv6")]


async def list_protocols(client: Client) -> Sequence[Choice]:
    """Protocols that rules name most."""
    return [Choice(name, name.upper()) for name in ("tcp", "udp", "icmp")]


_COLUMNS = [
    Column("Direction", lambda row: "in" if row["direction"] == "ingress" else "out"),
    Column("Protocol", lambda row: row["protocol"] or "any"),
    Column("Ports", print_ports),
    Column("Remote", _remote),
    Column("Family", lambda row: row["ethertype"], is_minor=True),
    Column(
        "",
        lambda row: do(
            "Remove", "security-groups", row["security_group_id"], "remove-rule", rule=row["id"]
        ),
    ),
]
_RULE_FIELDS = [
    Field(name="direction", label="Direction", kind=FieldKind.CARDS, choices=list_directions),
    Field(name="family", label="Family", kind=FieldKind.CARDS, choices=list_families),
    Field(
        name="protocol",
        label="Protocol",
        kind=FieldKind.SELECT,
        choices=list_protocols,
        is_required=False,
        hint="Empty: every protocol.",
    ),
    Field(
        name="ports",
        label="Ports",
        is_required=False,
        hint="One, such as 22, or a range, such as 8000-8080. Empty: all.",
    ),
    Field(
        name="range",
        label="Remote addresses",
        is_required=False,
        hint="Such as 198.51.100.0/24. Empty: all.",
    ),
    Field(
        name="group",
        label="Or members of a group",
        kind=FieldKind.SELECT,
        choices=choices.list_security_groups,
        is_required=False,
    ),
]

SECURITY_GROUPS = Collection(
    path="security-groups",
    owner_key="project_id",
    title="Security groups",
    noun="security group",
    empty="No security groups yet.",
    load=RESOURCE.load,
    find=RESOURCE.find,
    columns=[
        Column("Name", lambda row: link(row["name"], "security-groups", row["id"])),
        Column("Description", lambda row: row["description"]),
        Column("Rules", lambda row: len(row["security_group_rules"])),
    ],
    facts=lambda row: [
        ("Description", row["description"]),
        ("Made", moment(row["created_at"])),
        ("Id", code(row["id"])),
    ],
    sections=load_sections,
    create=Action(
        name="new",
        label="Make a security group",
        send=_create,
        fields=[
            Field(name="name", label="Name"),
            Field(name="description", label="Description", is_required=False),
        ],
    ),
    actions=[
        Action(name="add-rule", label="Add a rule", send=_add_rule, fields=_RULE_FIELDS),
        Action(
            name="remove-rule",
            label="Remove a rule",
            send=_remove_rule,
            fields=[Field(name="rule", kind=FieldKind.HIDDEN)],
            explain="What only this rule lets through is stopped.",
            is_dangerous=True,
            when=lambda row: False,
        ),
        RESOURCE.rename("security group"),
        RESOURCE.delete("security group", "security-groups"),
    ],
)
