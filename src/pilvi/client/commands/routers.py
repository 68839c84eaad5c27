"""`router …`."""

import json
from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Any

from pilvi.client.columns import Column, lists, up_or_down
from pilvi.client.command import Argument, Command, Record, flag, many, option
from pilvi.client.commands.networks import ENABLE
from pilvi.client.commands.subnets import route_words
from pilvi.client.finding import NETWORK, PORT, PROJECT, ROUTER, SUBNET
from pilvi.client.rows import delete_row, list_row, made, properties
from pilvi.client.session import Session

LISTED = (
    Column("ID", "id"),
    Column("Name", "name"),
    Column("Status", "status"),
    Column("State", "admin_state_up", up_or_down),
    Column("Project", "project_id"),
    Column("Distributed", "distributed"),
    Column("HA", "ha"),
)
LONG = (
    *LISTED,
    Column("Routes", "routes", route_words),
    Column("External gateway info", "external_gateway_info", json.dumps),
    lists("Availability zones", "availability_zones"),
    lists("Tags", "tags"),
)
_PLAIN = (
    "created_at",
    "description",
    "distributed",
    "enable_ndp_proxy",
    "flavor_id",
    "ha",
    "id",
    "name",
    "project_id",
    "revision_number",
    "status",
    "updated_at",
)
SHOW = sorted(
    (
        *map(Column, _PLAIN),
        Column("admin_state_up", "", up_or_down),
        Column("external_gateway_info", "", json.dumps),
        Column("routes", "", route_words),
        lists("availability_zone_hints"),
        lists("availability_zones"),
        lists("tags"),
    ),
    key=lambda column: column.name,
)


def _query(session: Session, given: Namespace) -> Mapping[str, Any]:
    project = given.project and PROJECT.id_of(session, given.project)
    return {"name": given.name, "project_id": project}


def _show(session: Session, given: Namespace) -> Record:
    router = ROUTER.find(session, given.router)
    inside = [
        {
            "port_id": port["id"],
            "ip_address": one.get("ip_address"),
            "subnet_id": one.get("subnet_id"),
        }
        for port in PORT.list(session, {"device_id": router["id"]})
        if port["device_owner"] != "network:router_gateway"
        for one in port["fixed_ips"]
    ]
    interfaces = Column("interfaces_info", "", json.dumps)
    columns = sorted([*SHOW, interfaces], key=lambda column: column.name)
    return Record(columns, {**router, "interfaces_info": inside})


def _wanted(session: Session, given: Namespace) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "name": given.name,
        "description": given.description,
        "admin_state_up": given.enable,
    }
    found = {key: value for key, value in wanted.items() if value is not None}
    if given.external_gateway:
        gateway: dict[str, Any] = {"network_id": NETWORK.id_of(session, given.external_gateway)}
        if given.snat is not None:
            gateway["enable_snat"] = given.snat
        fixed = []
        for text in given.fixed_ips:
            pairs = properties(text.split(","))
            if "subnet" in pairs:
                pairs["subnet_id"] = SUBNET.id_of(session, pairs.pop("subnet"))
            if "ip-address" in pairs:
                pairs["ip_address"] = pairs.pop("ip-address")
            fixed.append(pairs)
        if fixed:
            gateway["external_fixed_ips"] = fixed
        found["external_gateway_info"] = gateway
    return found


def _create(session: Session, given: Namespace) -> Record:
    wanted = _wanted(session, given)
    return made(ROUTER, SHOW, session.call("POST", "network", "/routers", {"router": wanted}))


def _set(session: Session, given: Namespace) -> None:
    id = ROUTER.id_of(session, given.router)
    wanted = _wanted(session, given)
    if given.routes or given.no_route:
        before = [] if given.no_route else ROUTER.get(session, id)["routes"]
        more = [properties(text.split(",")) for text in given.routes]
        wanted["routes"] = before + [
            {"destination": route.get("destination"), "nexthop": route.get("gateway")}
            for route in more
        ]
    session.call("PUT", "network", f"/routers/{id}", {"router": wanted})


def _unset(session: Session, given: Namespace) -> None:
    id = ROUTER.id_of(session, given.router)
    if given.external_gateway:
        body: dict[str, Any] = {"router": {"external_gateway_info": {}}}
        session.call("PUT", "network", f"/routers/{id}", body)


def _interface(verb: str, what: str) -> Callable[[Session, Namespace], None]:
    kind = SUBNET if what == "subnet" else PORT

    def run(session: Session, given: Namespace) -> None:
        id = ROUTER.id_of(session, given.router)
        body = {f"{what}_id": kind.id_of(session, given.other)}
        session.call("PUT", "network", f"/routers/{id}/{verb}_router_interface", body)

    return run


NAME = Argument("router", metavar="<router>", help="name or id of the router")
SNAT = (
    Argument(
        "--enable-snat",
        dest="snat",
        action="store_true",
        default=None,
        help="guests without an address of their own reach outside",
    ),
    Argument("--disable-snat", dest="snat", action="store_false", default=None, help="they do not"),
)
OPTIONS = (
    option("--description", "WORDS", "for people"),
    *ENABLE,
    option("--external-gateway", "NETWORK", "the network that leads outside"),
    *SNAT,
    many("--fixed-ip", "subnet=…,ip-address=…", "of the gateway; repeatable", dest="fixed_ips"),
)
COMMANDS = (
    list_row(
        ROUTER,
        LISTED,
        LONG,
        _query,
        (
            option("--name", "NAME", "of this name"),
            option("--project", "PROJECT", "of one project"),
        ),
    ),
    Command("router show", "Show one router.", _show, (NAME,), Record),
    Command(
        "router create",
        "Make a router.",
        _create,
        (Argument("name", metavar="<name>", help="name of the new router"), *OPTIONS),
        Record,
    ),
    Command(
        "router set",
        "Change a router.",
        _set,
        (
            NAME,
            option("--name", "NAME", "a new name"),
            *OPTIONS,
            many("--route", "destination=…,gateway=…", "repeatable", dest="routes"),
            flag("--no-route", "forget the routes there are"),
        ),
    ),
    Command(
        "router unset",
        "Take a router's gateway away.",
        _unset,
        (NAME, flag("--external-gateway", "the way outside")),
    ),
    delete_row(ROUTER),
    *(
        Command(
            f"router {verb} {what}",
            sentence,
            _interface(verb, what),
            (NAME, Argument("other", metavar=f"<{what}>", help=f"name or id of the {what}")),
        )
        for verb, what, sentence in (
            ("add", "subnet", "Connect a router with a subnet."),
            ("add", "port", "Connect a router through a port."),
            ("remove", "subnet", "Cut a router off a subnet."),
            ("remove", "port", "Cut a router off a port."),
        )
    ),
)
