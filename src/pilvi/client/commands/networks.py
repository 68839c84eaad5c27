"""`network …`."""

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from pilvi.client.columns import Column, lists, up_or_down
from pilvi.client.command import Argument, Command, Record, option
from pilvi.client.finding import NETWORK, PROJECT
from pilvi.client.rows import delete_row, list_row, made, show_row
from pilvi.client.session import Session


def _external_words(value: Any) -> str:
    return "External" if value else "Internal"


LISTED = (Column("ID", "id"), Column("Name", "name"), lists("Subnets", "subnets"))
LONG = (
    *LISTED[:2],
    Column("Status", "status"),
    Column("Project", "project_id"),
    Column("State", "admin_state_up", up_or_down),
    Column("Shared", "shared"),
    LISTED[2],
    Column("Network Type", "provider:network_type"),
    Column("Router Type", "router:external", _external_words),
    lists("Availability Zones", "availability_zones"),
    lists("Tags", "tags"),
)
_PLAIN = (
    "created_at",
    "description",
    "dns_domain",
    "id",
    "ipv4_address_scope",
    "ipv6_address_scope",
    "is_default",
    "is_vlan_qinq",
    "is_vlan_transparent",
    "mtu",
    "name",
    "port_security_enabled",
    "project_id",
    "provider:network_type",
    "provider:physical_network",
    "provider:segmentation_id",
    "pvlan",
    "qos_policy_id",
    "revision_number",
    "segments",
    "shared",
    "status",
    "updated_at",
)
SHOW = sorted(
    (
        *map(Column, _PLAIN),
        Column("admin_state_up", "", up_or_down),
        Column("router:external", "", _external_words),
        lists("availability_zone_hints"),
        lists("availability_zones"),
        lists("subnets"),
        lists("tags"),
    ),
    key=lambda column: column.name,
)


def _query(session: Session, given: Namespace) -> Mapping[str, Any]:
    return {
        "name": given.name,
        "router:external": given.external,
        "shared": given.share,
        "status": given.status,
        "project_id": given.project and PROJECT.id_of(session, given.project),
    }


def _wanted(session: Session, given: Namespace) -> dict[str, Any]:
    wanted = {
        "name": given.name,
        "description": given.description,
        "admin_state_up": given.enable,
        "shared": given.share,
        "router:external": given.external,
        "mtu": given.mtu,
        "port_security_enabled": given.port_security,
        "provider:network_type": given.provider_network_type,
        "provider:physical_network": given.provider_physical_network,
        "provider:segmentation_id": given.provider_segment,
    }
    return {key: value for key, value in wanted.items() if value is not None}


def _create(session: Session, given: Namespace) -> Record:
    wanted = {"admin_state_up": True, **_wanted(session, given)}
    if given.project:
        wanted["project_id"] = PROJECT.id_of(session, given.project)
    return made(NETWORK, SHOW, session.call("POST", "network", "/networks", {"network": wanted}))


def _set(session: Session, given: Namespace) -> None:
    id = NETWORK.id_of(session, given.network)
    session.call("PUT", "network", f"/networks/{id}", {"network": _wanted(session, given)})


def either(yes: str, no: str, dest: str, words: tuple[str, str]) -> tuple[Argument, Argument]:
    """Two options of which one says yes, the other no."""
    return (
        Argument(yes, dest=dest, action="store_true", default=None, help=words[0]),
        Argument(no, dest=dest, action="store_false", default=None, help=words[1]),
    )


ENABLE = either("--enable", "--disable", "enable", ("it carries traffic", "it carries none"))
SHARE = either("--share", "--no-share", "share", ("for all projects", "for its own project"))
EXTERNAL = either("--external", "--internal", "external", ("leads outside", "leads nowhere"))
OPTIONS = (
    option("--description", "WORDS", "for people"),
    *ENABLE,
    *SHARE,
    *EXTERNAL,
    option("--mtu", "BYTES", "longest packet", type=int),
    *either(
        "--enable-port-security",
        "--disable-port-security",
        "port_security",
        ("ports are guarded", "ports are not guarded"),
    ),
    option("--provider-network-type", "TYPE", "flat, vlan, vxlan (admin)"),
    option("--provider-physical-network", "NAME", "on which wire (admin)"),
    option("--provider-segment", "ID", "with which number (admin)", type=int),
)
COMMANDS = (
    list_row(
        NETWORK,
        LISTED,
        LONG,
        _query,
        (
            *EXTERNAL,
            *SHARE,
            option("--name", "NAME", "of this name"),
            option("--status", "STATUS", "in this status"),
            option("--project", "PROJECT", "of one project"),
        ),
    ),
    show_row(NETWORK, SHOW),
    Command(
        "network create",
        "Make a network.",
        _create,
        (
            Argument("name", metavar="<name>", help="name of the new network"),
            option("--project", "PROJECT", "for this project (admin)"),
            *OPTIONS,
        ),
        Record,
    ),
    Command(
        "network set",
        "Change a network.",
        _set,
        (
            Argument("network", metavar="<network>", help="name or id"),
            option("--name", "NAME", "a new name"),
            *OPTIONS,
        ),
    ),
    delete_row(NETWORK),
)
