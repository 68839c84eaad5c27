"""`port …`."""

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from pilvi.client.columns import (
    Column,
    dicts,
    lists,
    lists_of_dicts,
    up_or_down,
)
from pilvi.client.command import Argument, Command, Record, flag, many, option
from pilvi.client.commands.networks import ENABLE, either
from pilvi.client.finding import NETWORK, PORT, PROJECT, ROUTER, SECURITY_GROUP, SERVER, SUBNET
from pilvi.client.rows import delete_row, list_row, made, properties, show_row
from pilvi.client.session import Session


def _sub_ports(port: Mapping[str, Any]) -> list[Any]:
    return list((port.get("trunk_details") or {}).get("sub_ports", []))


LISTED = (
    Column("ID", "id"),
    Column("Name", "name"),
    Column("MAC Address", "mac_address"),
    lists_of_dicts("Fixed IP Addresses", "fixed_ips"),
    Column("Status", "status"),
)
LONG = (
    *LISTED,
    lists("Security Groups", "security_groups"),
    Column("Device Owner", "device_owner"),
    lists("Tags", "tags"),
    Column("Trunk subports", _sub_ports, lists_of_dicts("").human),
)
_PLAIN = (
    "created_at",
    "data_plane_status",
    "description",
    "device_id",
    "device_owner",
    "device_profile",
    "dns_domain",
    "dns_name",
    "hardware_offload_type",
    "id",
    "ip_allocation",
    "mac_address",
    "name",
    "network_id",
    "numa_affinity_policy",
    "port_security_enabled",
    "project_id",
    "propagate_uplink_status",
    "pvlan_community",
    "pvlan_type",
    "qos_network_policy_id",
    "qos_policy_id",
    "resource_request",
    "revision_number",
    "status",
    "trunk_details",
    "trusted",
    "updated_at",
)
# Where the openstack client has a column, when not by its name.
_PLACES = {
    "pvlan_community": "pvlan_type ",
    "qos_network_policy_id": "revision_number ",
    "qos_policy_id": "revision_number  ",
}
SHOW = sorted(
    (
        *map(Column, _PLAIN),
        Column("admin_state_up", "", up_or_down),
        lists_of_dicts("allowed_address_pairs"),
        Column("binding_host_id", "binding:host_id"),
        dicts("binding_profile", "binding:profile"),
        dicts("binding_vif_details", "binding:vif_details"),
        Column("binding_vif_type", "binding:vif_type"),
        Column("binding_vnic_type", "binding:vnic_type"),
        lists_of_dicts("dns_assignment"),
        lists_of_dicts("extra_dhcp_opts"),
        lists_of_dicts("fixed_ips"),
        Column("hints", lambda port: port.get("hints") or ""),
        lists("security_group_ids", "security_groups"),
        lists("tags"),
    ),
    key=lambda column: _PLACES.get(column.name, column.name),
)


def _query(session: Session, given: Namespace) -> Mapping[str, Any]:
    device = given.device_id
    if given.server:
        device = SERVER.id_of(session, given.server)
    elif given.router:
        device = ROUTER.id_of(session, given.router)
    addresses = [
        f"{key.replace('-', '_').replace('subnet', 'subnet_id')}={value}"
        for text in given.fixed_ips
        for key, value in properties(text.split(",")).items()
    ]
    return {
        "name": given.name,
        "network_id": given.network and NETWORK.id_of(session, given.network),
        "device_id": device,
        "device_owner": given.device_owner,
        "mac_address": given.mac_address,
        "project_id": given.project and PROJECT.id_of(session, given.project),
        "status": given.status,
        "fixed_ips": addresses or None,
    }


def _wanted(session: Session, given: Namespace) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "name": given.name,
        "description": given.description,
        "admin_state_up": given.enable,
        "mac_address": given.mac_address,
        "device_id": given.device,
        "device_owner": given.device_owner,
        "port_security_enabled": given.port_security,
        "binding:vnic_type": given.vnic_type,
    }
    if given.no_security_group:
        wanted["security_groups"] = []
    elif given.security_groups:
        wanted["security_groups"] = [
            SECURITY_GROUP.id_of(session, name) for name in given.security_groups
        ]
    if given.allowed_addresses:
        wanted["allowed_address_pairs"] = [
            {key.replace("-", "_"): value for key, value in properties(text.split(",")).items()}
            for text in given.allowed_addresses
        ]
    return {key: value for key, value in wanted.items() if value is not None}


def _fixed_ips(session: Session, given: Namespace) -> dict[str, Any]:
    if given.no_fixed_ip:
        return {"fixed_ips": []}
    fixed = []
    for text in given.fixed_ips:
        pairs = properties(text.split(","))
        one = {}
        if "subnet" in pairs:
            one["subnet_id"] = SUBNET.id_of(session, pairs["subnet"])
        if "ip-address" in pairs:
            one["ip_address"] = pairs["ip-address"]
        fixed.append(one)
    return {"fixed_ips": fixed} if fixed else {}


def _create(session: Session, given: Namespace) -> Record:
    network = NETWORK.id_of(session, given.network)
    wanted = {"network_id": network, **_wanted(session, given), **_fixed_ips(session, given)}
    return made(PORT, SHOW, session.call("POST", "network", "/ports", {"port": wanted}))


def _set(session: Session, given: Namespace) -> None:
    id = PORT.id_of(session, given.port)
    wanted = {**_wanted(session, given), **_fixed_ips(session, given)}
    session.call("PUT", "network", f"/ports/{id}", {"port": wanted})


OPTIONS = (
    option("--description", "WORDS", "for people"),
    *ENABLE,
    option("--mac-address", "MAC", "its MAC address"),
    option("--device", "ID", "id of what uses it"),
    option("--device-owner", "NAME", "what uses it"),
    option("--vnic-type", "TYPE", "normal"),
    *either(
        "--enable-port-security",
        "--disable-port-security",
        "port_security",
        ("it is guarded", "it is not guarded"),
    ),
    many("--fixed-ip", "subnet=…,ip-address=…", "repeatable", dest="fixed_ips"),
    flag("--no-fixed-ip", "no address"),
    many("--security-group", "GROUP", "repeatable", dest="security_groups"),
    flag("--no-security-group", "in none"),
    many("--allowed-address", "ip-address=…,mac-address=…", "repeatable", dest="allowed_addresses"),
)
COMMANDS = (
    list_row(
        PORT,
        LISTED,
        LONG,
        _query,
        (
            option("--name", "NAME", "of this name"),
            option("--network", "NETWORK", "of this network"),
            option("--server", "SERVER", "of this server"),
            option("--router", "ROUTER", "of this router"),
            option("--device-id", "ID", "of this device"),
            option("--device-owner", "NAME", "of this kind of device"),
            option("--mac-address", "MAC", "with this MAC address"),
            option("--project", "PROJECT", "of one project"),
            option("--status", "STATUS", "in this status"),
            many("--fixed-ip", "ip-address=…", "with this address", dest="fixed_ips"),
        ),
    ),
    show_row(PORT, SHOW),
    Command(
        "port create",
        "Make a port.",
        _create,
        (
            Argument("name", metavar="<name>", help="name of the new port"),
            option("--network", "NETWORK", "name or id of its network", required=True),
            *OPTIONS,
        ),
        Record,
    ),
    Command(
        "port set",
        "Change a port.",
        _set,
        (
            Argument("port", metavar="<port>", help="name or id"),
            option("--name", "NAME", "a new name"),
            *OPTIONS,
        ),
    ),
    delete_row(PORT),
)
