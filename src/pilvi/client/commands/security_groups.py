"""`security group …` and `security group rule …`."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from pilvi.client.columns import Column, words_of_dicts
from pilvi.client.command import Argument, Command, Record, Table, flag, option
from pilvi.client.commands.networks import either
from pilvi.client.finding import PROJECT, RULE, SECURITY_GROUP
from pilvi.client.rows import delete_row, list_row, made, show_row
from pilvi.client.session import Session
from pilvi.errors import InvalidRequest

ANYWHERE = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}
LISTED = (
    Column("ID", "id"),
    Column("Name", "name"),
    Column("Description", "description"),
    Column("Project", "project_id"),
    Column("Tags", "tags"),
    Column("Shared", "shared"),
)
# Of a group's rules, people are shown what differs from one to the other.
_HIDDEN = ("project_id", "tenant_id", "security_group_id", "tags", "description")


def _rule_words(rules: Sequence[Mapping[str, Any]]) -> str:
    return words_of_dicts(
        [
            {key: value for key, value in rule.items() if value and key not in _HIDDEN}
            for rule in rules
        ]
    )


SHOW = (
    Column("created_at"),
    Column("description"),
    Column("id"),
    Column("is_shared", "shared"),
    Column("name"),
    Column("project_id"),
    Column("revision_number"),
    Column("rules", "security_group_rules", _rule_words),
    Column("stateful"),
    Column("tags"),
    Column("updated_at"),
)


def _range(rule: Mapping[str, Any]) -> str:
    return str(rule.get("remote_ip_prefix") or ANYWHERE.get(str(rule.get("ethertype")), ""))


def _ports(rule: Mapping[str, Any]) -> str:
    low, high = rule.get("port_range_min"), rule.get("port_range_max")
    if str(rule.get("protocol")).startswith(("icmp", "ipv6-icmp")):
        words = [] if low is None else [f"type={low}"]
        return ":".join(words + ([] if high is None else [f"code={high}"]))
    return "" if low is None and high is None else f"{low}:{high}"


RULES = (
    Column("ID", "id"),
    Column("IP Protocol", "protocol"),
    Column("Ethertype", "ethertype"),
    Column("IP Range", _range),
    Column("Port Range", _ports),
    Column("Direction", "direction"),
    Column("Remote Security Group", "remote_group_id"),
    Column("Remote Address Group", "remote_address_group_id"),
)
SHOW_RULE = (
    Column("created_at"),
    Column("description"),
    Column("direction"),
    Column("ether_type", "ethertype"),
    Column("id"),
    Column("port_range_max"),
    Column("port_range_min"),
    Column("project_id"),
    Column("protocol"),
    Column("remote_address_group_id"),
    Column("remote_group_id"),
    Column("remote_ip_prefix"),
    Column("revision_number"),
    Column("security_group_id"),
    Column("updated_at"),
)


def _query(session: Session, given: Namespace) -> Mapping[str, Any]:
    return {"project_id": given.project and PROJECT.id_of(session, given.project)}


def _create(session: Session, given: Namespace) -> Record:
    words = given.name if given.description is None else given.description
    wanted: dict[str, Any] = {"name": given.name, "description": words}
    if given.stateful is not None:
        wanted["stateful"] = given.stateful
    body = session.call("POST", "network", "/security-groups", {"security_group": wanted})
    return made(SECURITY_GROUP, SHOW, body)


def _set(session: Session, given: Namespace) -> None:
    id = SECURITY_GROUP.id_of(session, given.group)
    wanted = {"name": given.name, "description": given.description, "stateful": given.stateful}
    wanted = {key: value for key, value in wanted.items() if value is not None}
    body = {"security_group": wanted}
    session.call("PUT", "network", f"/security-groups/{id}", body)


def _list_rules(session: Session, given: Namespace) -> Table:
    query: dict[str, Any] = {"protocol": given.protocol, "direction": given.direction}
    columns = list(RULES)
    if given.group:
        query["security_group_id"] = SECURITY_GROUP.find(session, given.group)["id"]
    else:
        columns.append(Column("Security Group", "security_group_id"))
    return Table(columns, RULE.list(session, query))


def _create_rule(session: Session, given: Namespace) -> Record:
    version = given.ethertype
    wanted: dict[str, Any] = {
        "security_group_id": SECURITY_GROUP.find(session, given.group)["id"],
        "direction": given.direction,
        "ethertype": {"ipv4": "IPv4", "ipv6": "IPv6"}[version.lower()] if version else "IPv4",
    }
    protocol = None if given.protocol in (None, "any") else given.protocol.lower()
    if protocol in ("icmpv6", "ipv6-icmp") and not version:
        wanted["ethertype"] = "IPv6"
    if protocol:
        wanted["protocol"] = protocol
    if given.dst_port:
        low, _, high = given.dst_port.partition(":")
        wanted["port_range_min"], wanted["port_range_max"] = _number(low), _number(high or low)
    if given.icmp_type is not None:
        wanted["port_range_min"] = given.icmp_type
    if given.icmp_code is not None:
        wanted["port_range_max"] = given.icmp_code
    if given.remote_group:
        wanted["remote_group_id"] = SECURITY_GROUP.find(session, given.remote_group)["id"]
    elif given.remote_ip:
        if not version:
            wanted["ethertype"] = "IPv6" if ":" in given.remote_ip else "IPv4"
        wanted["remote_ip_prefix"] = given.remote_ip
    elif given.direction == "ingress":
        wanted["remote_ip_prefix"] = ANYWHERE[wanted["ethertype"]]
    if given.description:
        wanted["description"] = given.description
    body = {"security_group_rule": wanted}
    return made(RULE, SHOW_RULE, session.call("POST", "network", "/security-group-rules", body))


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidRequest(f"cannot read the port '{text}': write PORT or FIRST:LAST") from None


GROUP = Argument("group", metavar="<group>", help="name or id of the security group")
STATEFUL = either(
    "--stateful", "--stateless", "stateful", ("answers may pass", "each direction for itself")
)
DIRECTION = (
    Argument(
        "--ingress",
        dest="direction",
        action="store_const",
        const="ingress",
        default="ingress",
        help="what comes in (so without an option)",
    ),
    Argument(
        "--egress", dest="direction", action="store_const", const="egress", help="what goes out"
    ),
)
COMMANDS = (
    list_row(
        SECURITY_GROUP, LISTED, (), _query, (option("--project", "PROJECT", "of one project"),)
    ),
    show_row(SECURITY_GROUP, SHOW),
    Command(
        "security group create",
        "Make a security group.",
        _create,
        (
            Argument("name", metavar="<name>", help="name of the new group"),
            option("--description", "WORDS", "for people"),
            *STATEFUL,
        ),
        Record,
    ),
    Command(
        "security group set",
        "Change a security group.",
        _set,
        (
            GROUP,
            option("--name", "NAME", "a new name"),
            option("--description", "WORDS", "a new description"),
            *STATEFUL,
        ),
    ),
    delete_row(SECURITY_GROUP),
    Command(
        "security group rule list",
        "List rules, of one group or all.",
        _list_rules,
        (
            Argument("group", metavar="<group>", nargs="?", help="name or id of the group"),
            option("--protocol", "PROTOCOL", "of this protocol"),
            Argument(
                "--ingress",
                dest="direction",
                action="store_const",
                const="ingress",
                default=None,
                help="for what comes in",
            ),
            Argument(
                "--egress",
                dest="direction",
                action="store_const",
                const="egress",
                help="for what goes out",
            ),
            flag("--long", "as without it"),
        ),
        Table,
    ),
    show_row(RULE, SHOW_RULE),
    Command(
        "security group rule create",
        "Let something pass.",
        _create_rule,
        (
            GROUP,
            *DIRECTION,
            Argument("--protocol", "--proto", help="tcp, udp, icmp, …"),
            option("--dst-port", "PORT[:PORT]", "to these ports"),
            option("--icmp-type", "NUMBER", "of this type", type=int),
            option("--icmp-code", "NUMBER", "of this code", type=int),
            option("--remote-ip", "CIDR", "from or to there"),
            option("--remote-group", "GROUP", "from or to this group's ports"),
            option("--ethertype", "IPv4|IPv6", "of this version"),
            option("--description", "WORDS", "for people"),
        ),
        Record,
    ),
    delete_row(RULE),
)
