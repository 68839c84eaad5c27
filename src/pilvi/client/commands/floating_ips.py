"""`floating ip …`."""

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from pilvi.client.columns import Column, dict_of, words_of_dict
from pilvi.client.command import Argument, Command, Record, flag, option
from pilvi.client.finding import FLOATING_IP, NETWORK, PORT, PROJECT, ROUTER
from pilvi.client.rows import delete_row, list_row, made, show_row
from pilvi.client.session import Session

LISTED = (
    Column("ID", "id"),
    Column("Floating IP Address", "floating_ip_address"),
    Column("Fixed IP Address", "fixed_ip_address"),
    Column("Port", "port_id"),
    Column("Floating Network", "floating_network_id"),
    Column("Project", "project_id"),
)
LONG = (
    *LISTED,
    Column("Router", "router_id"),
    Column("Status", "status"),
    Column("Description", "description"),
    Column("Tags", "tags"),
    Column("DNS Name", "dns_name"),
    Column("DNS Domain", "dns_domain"),
)
_PLAIN = (
    "created_at",
    "description",
    "dns_domain",
    "dns_name",
    "fixed_ip_address",
    "floating_ip_address",
    "floating_network_id",
    "id",
    "port_forwardings",
    "port_id",
    "project_id",
    "qos_policy_id",
    "revision_number",
    "router_id",
    "status",
    "subnet_id",
    "tags",
    "updated_at",
)
SHOW = sorted(
    (
        *map(Column, _PLAIN),
        Column("name", "floating_ip_address"),
        Column("port_details", dict_of("port_details"), words_of_dict),
    ),
    key=lambda column: column.name,
)


def _query(session: Session, given: Namespace) -> Mapping[str, Any]:
    return {
        "floating_network_id": given.network and NETWORK.id_of(session, given.network),
        "port_id": given.port and PORT.id_of(session, given.port),
        "fixed_ip_address": given.fixed_ip_address,
        "floating_ip_address": given.floating_ip_address,
        "status": given.status,
        "project_id": given.project and PROJECT.id_of(session, given.project),
        "router_id": given.router and ROUTER.id_of(session, given.router),
    }


def _create(session: Session, given: Namespace) -> Record:
    wanted: dict[str, Any] = {"floating_network_id": NETWORK.id_of(session, given.network)}
    optional = {
        "port_id": given.port and PORT.id_of(session, given.port),
        "fixed_ip_address": given.fixed_ip_address,
        "floating_ip_address": given.floating_ip_address,
        "description": given.description,
        "subnet_id": given.subnet,
    }
    wanted |= {key: value for key, value in optional.items() if value is not None}
    body = session.call("POST", "network", "/floatingips", {"floatingip": wanted})
    return made(FLOATING_IP, SHOW, body)


def _set(session: Session, given: Namespace) -> None:
    id = FLOATING_IP.id_of(session, given.floating_ip)
    wanted: dict[str, Any] = {}
    if given.port:
        wanted["port_id"] = PORT.id_of(session, given.port)
    if given.fixed_ip_address:
        wanted["fixed_ip_address"] = given.fixed_ip_address
    if given.description is not None:
        wanted["description"] = given.description
    session.call("PUT", "network", f"/floatingips/{id}", {"floatingip": wanted})


def _unset(session: Session, given: Namespace) -> None:
    id = FLOATING_IP.id_of(session, given.floating_ip)
    if given.port:
        session.call("PUT", "network", f"/floatingips/{id}", {"floatingip": {"port_id": None}})


NAME = Argument("floating_ip", metavar="<floating-ip>", help="the address or its id")
PORT_OPTION = option("--port", "PORT", "the port it leads to")
FIXED = option("--fixed-ip-address", "ADDRESS", "the port's address that it stands for")
COMMANDS = (
    list_row(
        FLOATING_IP,
        LISTED,
        LONG,
        _query,
        (
            option("--network", "NETWORK", "of this network"),
            PORT_OPTION,
            FIXED,
            option("--floating-ip-address", "ADDRESS", "this one"),
            option("--status", "STATUS", "in this status"),
            option("--router", "ROUTER", "of this router"),
            option("--project", "PROJECT", "of one project"),
        ),
    ),
    show_row(FLOATING_IP, SHOW),
    Command(
        "floating ip create",
        "Get a floating IP from a network.",
        _create,
        (
            Argument("network", metavar="<network>", help="name or id of the network"),
            PORT_OPTION,
            FIXED,
            option("--floating-ip-address", "ADDRESS", "this one and no other"),
            option("--subnet", "ID", "of this subnet"),
            option("--description", "WORDS", "for people"),
        ),
        Record,
    ),
    Command(
        "floating ip set",
        "Lead a floating IP to a port.",
        _set,
        (NAME, PORT_OPTION, FIXED, option("--description", "WORDS", "for people")),
    ),
    Command(
        "floating ip unset",
        "Let a floating IP lead nowhere.",
        _unset,
        (NAME, flag("--port", "from its port")),
    ),
    delete_row(FLOATING_IP),
)
