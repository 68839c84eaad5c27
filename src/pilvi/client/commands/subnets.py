"""`subnet …`."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from pilvi.client.columns import Column, lists, words_of_dicts
from pilvi.client.command import Argument, Command, Record, many, option
from pilvi.client.commands.networks import either
from pilvi.client.finding import NETWORK, PROJECT, SUBNET
from pilvi.client.rows import delete_row, list_row, made, properties, show_row
from pilvi.client.session import Session


def _pool_words(pools: Sequence[Mapping[str, str]]) -> str:
    return ",".join(f"{pool['start']}-{pool['end']}" for pool in pools)


def _in_order(values: Sequence[str]) -> str:
    return ", ".join(values)


def route_words(routes: Sequence[Mapping[str, str]]) -> str:
    """Routes as the option --host-route takes them. Pure."""
    renamed = {"nexthop": "gateway"}
    return words_of_dicts(
        [{renamed.get(key, key): value for key, value in route.items()} for route in routes]
    )


LISTED = (
    Column("ID", "id"),
    Column("Name", "name"),
    Column("Network", "network_id"),
    Column("Subnet", "cidr"),
)
LONG = (
    *LISTED,
    Column("Project", "project_id"),
    Column("DHCP", "enable_dhcp"),
    Column("Name Servers", "dns_nameservers", _in_order),
    Column("Allocation Pools", "allocation_pools", _pool_words),
    Column("Host Routes", "host_routes", route_words),
    Column("IP Version", "ip_version"),
    Column("Gateway", "gateway_ip"),
    lists("Service Types", "service_types"),
    lists("Tags", "tags"),
)
_PLAIN = (
    "cidr",
    "created_at",
    "description",
    "dns_publish_fixed_ip",
    "enable_dhcp",
    "gateway_ip",
    "id",
    "ip_version",
    "ipv6_address_mode",
    "ipv6_ra_mode",
    "name",
    "network_id",
    "project_id",
    "revision_number",
    "segment_id",
    "subnetpool_id",
    "updated_at",
)
SHOW = sorted(
    (
        *map(Column, _PLAIN),
        Column("allocation_pools", "", _pool_words),
        Column("dns_nameservers", "", _in_order),
        Column("host_routes", "", route_words),
        lists("service_types"),
        lists("tags"),
    ),
    key=lambda column: column.name,
)


def _query(session: Session, given: Namespace) -> Mapping[str, Any]:
    return {
        "name": given.name,
        "ip_version": given.ip_version,
        "enable_dhcp": given.dhcp,
        "network_id": given.network and NETWORK.id_of(session, given.network),
        "project_id": given.project and PROJECT.id_of(session, given.project),
        "cidr": given.subnet_range,
    }


def _wanted(given: Namespace) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "name": given.name,
        "description": given.description,
        "enable_dhcp": given.dhcp,
        "dns_nameservers": given.dns_nameservers or None,
    }
    pools = [properties(text.split(",")) for text in given.allocation_pools]
    routes = [properties(text.split(",")) for text in given.host_routes]
    wanted["allocation_pools"] = pools or None
    wanted["host_routes"] = [
        {"destination": route.get("destination"), "nexthop": route.get("gateway")}
        for route in routes
    ] or None
    found = {key: value for key, value in wanted.items() if value is not None}
    if given.gateway == "none":
        found["gateway_ip"] = None
    elif given.gateway not in (None, "auto"):
        found["gateway_ip"] = given.gateway
    return found


def _create(session: Session, given: Namespace) -> Record:
    wanted = {
        **_wanted(given),
        "network_id": NETWORK.id_of(session, given.network),
        "ip_version": given.ip_version,
    }
    optional = {
        "cidr": given.subnet_range,
        "subnetpool_id": given.subnet_pool,
        "prefixlen": given.prefix_length,
        "ipv6_ra_mode": given.ipv6_ra_mode,
        "ipv6_address_mode": given.ipv6_address_mode,
    }
    wanted |= {key: value for key, value in optional.items() if value is not None}
    return made(SUBNET, SHOW, session.call("POST", "network", "/subnets", {"subnet": wanted}))


def _set(session: Session, given: Namespace) -> None:
    id = SUBNET.id_of(session, given.subnet)
    session.call("PUT", "network", f"/subnets/{id}", {"subnet": _wanted(given)})


DHCP = either("--dhcp", "--no-dhcp", "dhcp", ("with DHCP", "without DHCP"))
OPTIONS = (
    option("--description", "WORDS", "for people"),
    option("--gateway", "ADDRESS", "of the way out; auto or none"),
    *DHCP,
    many("--dns-nameserver", "ADDRESS", "repeatable", dest="dns_nameservers"),
    many("--allocation-pool", "start=…,end=…", "repeatable", dest="allocation_pools"),
    many("--host-route", "destination=…,gateway=…", "repeatable", dest="host_routes"),
)
MODES = ("dhcpv6-stateful", "dhcpv6-stateless", "slaac")
COMMANDS = (
    list_row(
        SUBNET,
        LISTED,
        LONG,
        _query,
        (
            option("--name", "NAME", "of this name"),
            option("--network", "NETWORK", "of this network"),
            option("--project", "PROJECT", "of one project"),
            option("--ip-version", "4|6", "of this version", type=int),
            option("--subnet-range", "CIDR", "of this range"),
            *DHCP,
        ),
    ),
    show_row(SUBNET, SHOW),
    Command(
        "subnet create",
        "Make a subnet.",
        _create,
        (
            Argument("name", metavar="<name>", help="name of the new subnet"),
            option("--network", "NETWORK", "name or id of its network", required=True),
            option("--subnet-range", "CIDR", "its range"),
            option("--subnet-pool", "POOL", "id of the pool that gives the range"),
            option("--prefix-length", "BITS", "of the pool's range", type=int),
            option("--ip-version", "4|6", "4 without it", type=int, default=4),
            Argument("--ipv6-ra-mode", choices=MODES, help="who announces"),
            Argument("--ipv6-address-mode", choices=MODES, help="who gives addresses"),
            *OPTIONS,
        ),
        Record,
    ),
    Command(
        "subnet set",
        "Change a subnet.",
        _set,
        (
            Argument("subnet", metavar="<subnet>", help="name or id"),
            option("--name", "NAME", "a new name"),
            *OPTIONS,
        ),
    ),
    delete_row(SUBNET),
)
