"""`server list`, `show`, `create`, `delete`, `set`."""

from argparse import Namespace
from base64 import b64encode
from pathlib import Path
from typing import Any

from pilvi.client.command import Argument, Command, Record, Table, flag, many, option
from pilvi.client.commands import server_actions, server_parts
from pilvi.client.commands.server_columns import (
    HOST_STATUS,
    LONG,
    ON_DEMAND,
    PROJECT_ID,
    SHORT,
    name_images,
    record,
)
from pilvi.client.finding import (
    FLAVOR,
    IMAGE,
    NETWORK,
    PORT,
    PROJECT,
    SERVER,
    SNAPSHOT,
    USER,
    VOLUME,
)
from pilvi.client.rows import for_each, properties
from pilvi.client.session import Session
from pilvi.client.waiting import wait_gone, wait_status
from pilvi.errors import InvalidRequest

NAME = Argument("server", metavar="<server>", help="name or id of the server")
NAMES = Argument("servers", metavar="<server>", nargs="+", help="names or ids of servers")


def _list(session: Session, given: Namespace) -> Table:
    query: dict[str, Any] = {
        "name": given.name,
        "status": given.status,
        "ip": given.ip,
        "ip6": given.ip6,
        "host": given.host,
        "deleted": given.deleted or None,
        "limit": given.limit,
        "marker": given.marker and SERVER.id_of(session, given.marker),
        "flavor": given.flavor and FLAVOR.id_of(session, given.flavor),
        "image": given.image and IMAGE.id_of(session, given.image),
        "user_id": given.user and USER.id_of(session, given.user),
        "tags": ",".join(given.tags) or None,
        "key_name": given.key_name,
    }
    if given.project:
        query["project_id"] = PROJECT.id_of(session, given.project)
    is_all = bool(given.all_projects or given.project)
    if is_all:
        query["all_tenants"] = True
    if given.limit is None:
        servers = SERVER.list(session, query)
    else:
        servers = session.get("compute", "/servers/detail", query)["servers"]
    name_images(session, servers, lookup=not given.no_name_lookup)
    columns = list(LONG if given.long else SHORT)
    if is_all:
        columns.append(PROJECT_ID)
    wanted = {name.lower().strip().replace(" ", "_") for name in given.columns}
    there = {column.name for column in columns}
    for column in ON_DEMAND:
        name = column.name.lower().replace(" ", "_")
        if name in wanted and column.name not in there:
            columns.append(column)
    if given.long and any(server.get("host_status") is not None for server in servers):
        columns.append(HOST_STATUS)
    return Table(columns, servers)


def _show(session: Session, given: Namespace) -> Record:
    found = SERVER.find(session, given.server)
    return record(session, found)


def _create(session: Session, given: Namespace) -> Record:
    least = 1 if given.min is None else given.min
    most = least if given.max is None else given.max
    if least > most:
        raise InvalidRequest(f"cannot launch at least {least} and at most {most}: raise --max")
    server: dict[str, Any] = {
        "name": given.server_name,
        "flavorRef": FLAVOR.id_of(session, given.flavor),
        "min_count": least,
        "max_count": most,
        "networks": _nics(session, given),
        **_boot_source(session, given),
    }
    optional = {
        "key_name": given.key_name,
        "availability_zone": given.availability_zone,
        "description": given.description,
        "metadata": properties(given.properties) or None,
        "tags": given.tags or None,
        "config_drive": True if given.config_drive else None,
        "security_groups": [{"name": name} for name in given.security_groups] or None,
        "user_data": _user_data(given.user_data),
        "hypervisor_hostname": given.hypervisor_hostname,
        "host": given.host,
    }
    server |= {key: value for key, value in optional.items() if value is not None}
    body: dict[str, Any] = {"server": server}
    if given.hints:
        body["os:scheduler_hints"] = properties(given.hints)
    made = session.call("POST", "compute", "/servers", body)["server"]
    if given.wait:
        found = wait_status(session, SERVER, made["id"], {"active"})
    else:
        found = SERVER.get(session, made["id"])
    return record(session, found)


def _boot_source(session: Session, given: Namespace) -> dict[str, Any]:
    """What a server boots from. Raises `InvalidRequest` where that is not one thing."""
    named = [name for name in ("image", "volume", "snapshot") if getattr(given, name)]
    if len(named) != 1:
        raise InvalidRequest("cannot tell what to boot: give one of --image, --volume, --snapshot")
    if given.image and not given.boot_from_volume:
        return {"imageRef": IMAGE.id_of(session, given.image)}
    kind = {"image": IMAGE, "volume": VOLUME, "snapshot": SNAPSHOT}[named[0]]
    mapping: dict[str, Any] = {
        "uuid": kind.id_of(session, getattr(given, named[0])),
        "source_type": named[0],
        "destination_type": "volume",
        "boot_index": 0,
        "delete_on_termination": given.delete_on_termination,
    }
    if given.boot_from_volume:
        mapping["volume_size"] = given.boot_from_volume
    return {"block_device_mapping_v2": [mapping]}


def _nics(session: Session, given: Namespace) -> Any:
    if given.no_network:
        return "none"
    nics: list[dict[str, str]] = []
    for text in given.nics:
        if text in ("auto", "none"):
            return text
        pairs = properties(text.split(","))
        nic = {}
        if "net-id" in pairs:
            nic["uuid"] = NETWORK.id_of(session, pairs["net-id"])
        if "port-id" in pairs:
            nic["port"] = PORT.id_of(session, pairs["port-id"])
        if fixed := pairs.get("v4-fixed-ip") or pairs.get("v6-fixed-ip"):
            nic["fixed_ip"] = fixed
        nics.append(nic)
    nics += [{"uuid": NETWORK.id_of(session, name)} for name in given.networks]
    nics += [{"port": PORT.id_of(session, name)} for name in given.ports]
    return nics or "auto"


def _user_data(file: str | None) -> str | None:
    if file is None:
        return None
    try:
        return b64encode(Path(file).read_bytes()).decode()
    except OSError as error:
        raise InvalidRequest(f"cannot read the user data {file}: {error.strerror}") from error


def _delete(session: Session, given: Namespace) -> None:
    def delete(text: str) -> None:
        id = SERVER.id_of(session, text)
        if given.force:
            session.call("POST", "compute", f"/servers/{id}/action", {"forceDelete": None})
        else:
            session.call("DELETE", "compute", f"/servers/{id}")
        if given.wait:
            wait_gone(session, SERVER, id)

    for_each(given.servers, "delete server", delete)


def _set(session: Session, given: Namespace) -> None:
    id = SERVER.id_of(session, given.server)
    changed = {"name": given.name, "description": given.description, "hostname": given.hostname}
    changed = {key: value for key, value in changed.items() if value is not None}
    if changed:
        session.call("PUT", "compute", f"/servers/{id}", {"server": changed})
    if given.properties:
        body = {"metadata": properties(given.properties)}
        session.call("POST", "compute", f"/servers/{id}/metadata", body)
    for tag in given.tags:
        session.call("PUT", "compute", f"/servers/{id}/tags/{tag}")


def _unset(session: Session, given: Namespace) -> None:
    id = SERVER.id_of(session, given.server)
    for key in given.properties:
        session.call("DELETE", "compute", f"/servers/{id}/metadata/{key}")
    for tag in given.tags:
        session.call("DELETE", "compute", f"/servers/{id}/tags/{tag}")
    if given.description:
        session.call("PUT", "compute", f"/servers/{id}", {"server": {"description": ""}})


WAIT = flag("--wait", "return when it is done")
LIST_OPTIONS = (
    flag("--long", "more columns"),
    flag("--all-projects", "of every project (admin)"),
    option("--project", "PROJECT", "of one project (admin)"),
    option("--user", "USER", "of one user (admin)"),
    option("--name", "REGEX", "whose name matches"),
    option("--status", "STATUS", "in this status"),
    option("--ip", "REGEX", "with an IPv4 address that matches"),
    option("--ip6", "REGEX", "with an IPv6 address that matches"),
    option("--host", "HOST", "on this host (admin)"),
    option("--flavor", "FLAVOR", "of this flavor"),
    option("--image", "IMAGE", "of this image"),
    option("--key-name", "KEY", "with this key pair (admin)"),
    many("--tags", "TAG", "with this tag; repeatable"),
    flag("--deleted", "those that are deleted (admin)"),
    option("--limit", "COUNT", "at most this many", type=int),
    option("--marker", "SERVER", "those after this one"),
    Argument("-n", "--no-name-lookup", action="store_true", help="ids in place of image names"),
)
CREATE_OPTIONS = (
    Argument("server_name", metavar="<server-name>", help="name of the new server"),
    option("--flavor", "FLAVOR", "name or id of the flavor", required=True),
    option("--image", "IMAGE", "boot from this image"),
    option("--volume", "VOLUME", "boot from this volume"),
    option("--snapshot", "SNAPSHOT", "boot from a volume made of this snapshot"),
    option("--boot-from-volume", "GIB", "put the image on a new volume of this size", type=int),
    flag("--delete-on-termination", "delete that volume together with the server"),
    many("--network", "NETWORK", "a network to be on; repeatable", dest="networks"),
    many("--port", "PORT", "a port to use; repeatable", dest="ports"),
    many("--nic", "net-id=…,v4-fixed-ip=…", "a network or port with more said", dest="nics"),
    flag("--no-network", "on no network"),
    option("--key-name", "KEY", "the key pair that may log in"),
    many("--security-group", "GROUP", "name or id; repeatable", dest="security_groups"),
    many("--property", "KEY=VALUE", "metadata; repeatable", dest="properties"),
    many("--tag", "TAG", "repeatable", dest="tags"),
    many("--hint", "KEY=VALUE", "for the scheduler; repeatable", dest="hints"),
    option("--user-data", "FILE", "what the guest is given at its first boot"),
    option("--availability-zone", "ZONE", "where to run"),
    option("--host", "HOST", "on which host to run (admin)"),
    option("--hypervisor-hostname", "HOST", "on which hypervisor to run (admin)"),
    option("--description", "WORDS", "for people"),
    Argument(
        "--config-drive", "--use-config-drive", action="store_true", help="metadata on a drive"
    ),
    option("--min", "COUNT", "launch at least this many", type=int),
    option("--max", "COUNT", "launch at most this many", type=int),
    WAIT,
)
SET_OPTIONS = (
    NAME,
    option("--name", "NAME", "a new name"),
    option("--description", "WORDS", "a new description"),
    option("--hostname", "NAME", "a new host name in the metadata"),
    many("--property", "KEY=VALUE", "metadata; repeatable", dest="properties"),
    many("--tag", "TAG", "repeatable", dest="tags"),
)
UNSET_OPTIONS = (
    NAME,
    many("--property", "KEY", "metadata to remove; repeatable", dest="properties"),
    many("--tag", "TAG", "to remove; repeatable", dest="tags"),
    flag("--description", "remove the description"),
)
COMMANDS = (
    Command("server list", "List servers.", _list, LIST_OPTIONS, Table),
    Command("server show", "Show one server.", _show, (NAME,), Record),
    Command("server create", "Launch a server.", _create, CREATE_OPTIONS, Record),
    Command(
        "server delete",
        "Delete servers.",
        _delete,
        (NAMES, flag("--force", "also where soft deletion is on"), WAIT),
    ),
    Command("server set", "Change a server's name, metadata or tags.", _set, SET_OPTIONS),
    Command("server unset", "Remove metadata or tags of a server.", _unset, UNSET_OPTIONS),
    *server_actions.COMMANDS,
    *server_parts.COMMANDS,
)
