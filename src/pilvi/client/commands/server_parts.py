"""What a server has: volumes, ports, addresses, security groups, events."""

from argparse import Namespace
from typing import Any

from pilvi.client.columns import Column
from pilvi.client.command import Argument, Command, Record, Table, Thing, flag, option
from pilvi.client.finding import FLOATING_IP, NETWORK, PORT, SERVER, VOLUME
from pilvi.client.session import Session
from pilvi.errors import Conflict, NotFound

NAME = Argument("server", metavar="<server>", help="name or id of the server")
ATTACHMENT = (
    Column("Device", "device"),
    Column("Server ID", "serverId"),
    Column("Volume ID", "volumeId"),
    Column("Tag", "tag"),
    Column("Delete On Termination?", "delete_on_termination"),
    Column("Attachment ID", "attachment_id"),
    Column("BlockDeviceMapping UUID", "bdm_uuid"),
)
ATTACHED = (
    Column("ID", "volumeId"),
    Column("Server ID", "serverId"),
    Column("Volume ID", "volumeId"),
    Column("Device", "device"),
    Column("Tag", "tag"),
    Column("Delete On Termination", "delete_on_termination"),
)
EVENTS = (
    Column("Request ID", "request_id"),
    Column("Server ID", "instance_uuid"),
    Column("Action", "action"),
    Column("Start Time", "start_time"),
)
LONG_EVENTS = (
    *EVENTS,
    Column("Message", "message"),
    Column("Project ID", "project_id"),
    Column("User ID", "user_id"),
)


def _other(what: str, words: str = "") -> Argument:
    return Argument(what.replace("-", "_"), metavar=f"<{what}>", help=words or f"the {what}")


def _add_volume(session: Session, given: Namespace) -> Record:
    id = SERVER.id_of(session, given.server)
    wanted: dict[str, Any] = {"volumeId": VOLUME.id_of(session, given.volume)}
    if given.device:
        wanted["device"] = given.device
    if given.tag:
        wanted["tag"] = given.tag
    if given.enable_delete_on_termination:
        wanted["delete_on_termination"] = True
    path = f"/servers/{id}/os-volume_attachments"
    made = session.call("POST", "compute", path, {"volumeAttachment": wanted})
    return Record(ATTACHED, made["volumeAttachment"])


def _remove_volume(session: Session, given: Namespace) -> None:
    id, volume = SERVER.id_of(session, given.server), VOLUME.id_of(session, given.volume)
    session.call("DELETE", "compute", f"/servers/{id}/os-volume_attachments/{volume}")


def _list_volumes(session: Session, given: Namespace) -> Table:
    path = f"/servers/{SERVER.id_of(session, given.server)}/os-volume_attachments"
    return Table(ATTACHMENT, session.get("compute", path)["volumeAttachments"])


def _ports(session: Session, server_id: str) -> list[Thing]:
    return PORT.list(session, {"device_id": server_id})


def _add_floating_ip(session: Session, given: Namespace) -> None:
    """Put the address on the first port that takes it: others have no way to its network."""
    id = SERVER.id_of(session, given.server)
    floating = FLOATING_IP.find(session, given.ip_address)
    ports = _ports(session, id)
    if given.fixed_ip_address:
        ports = [port for port in ports if _has(port, given.fixed_ip_address)]
    if not ports:
        raise NotFound(f"cannot find a port of the server '{given.server}' for the address")
    refused = None
    for port in ports:
        wanted: dict[str, Any] = {"port_id": port["id"]}
        if given.fixed_ip_address:
            wanted["fixed_ip_address"] = given.fixed_ip_address
        try:
            session.call("PUT", "network", f"/floatingips/{floating['id']}", {"floatingip": wanted})
        except (NotFound, Conflict) as error:
            refused = refused or error
        else:
            return
    assert refused is not None
    raise refused


def _has(port: Thing, address: str) -> bool:
    return any(one["ip_address"] == address for one in port["fixed_ips"])


def _remove_floating_ip(session: Session, given: Namespace) -> None:
    floating = FLOATING_IP.find(session, given.ip_address)
    ids = {port["id"] for port in _ports(session, SERVER.id_of(session, given.server))}
    if floating.get("port_id") not in ids:
        raise NotFound(f"cannot find {given.ip_address} on the server '{given.server}'")
    body = {"floatingip": {"port_id": None}}
    session.call("PUT", "network", f"/floatingips/{floating['id']}", body)


def _change_group(action: str) -> Any:
    def run(session: Session, given: Namespace) -> None:
        id = SERVER.id_of(session, given.server)
        body = {action: {"name": given.group}}
        session.call("POST", "compute", f"/servers/{id}/action", body)

    return run


def _attach(wanted: dict[str, Any], session: Session, server: str) -> None:
    path = f"/servers/{SERVER.id_of(session, server)}/os-interface"
    session.call("POST", "compute", path, {"interfaceAttachment": wanted})


def _add_port(session: Session, given: Namespace) -> None:
    _attach({"port_id": PORT.id_of(session, given.port)}, session, given.server)


def _add_network(session: Session, given: Namespace) -> None:
    _attach({"net_id": NETWORK.id_of(session, given.network)}, session, given.server)


def _remove_port(session: Session, given: Namespace) -> None:
    id, port = SERVER.id_of(session, given.server), PORT.id_of(session, given.port)
    session.call("DELETE", "compute", f"/servers/{id}/os-interface/{port}")


def _remove_network(session: Session, given: Namespace) -> None:
    id, network = SERVER.id_of(session, given.server), NETWORK.id_of(session, given.network)
    for port in _ports(session, id):
        if port["network_id"] == network:
            session.call("DELETE", "compute", f"/servers/{id}/os-interface/{port['id']}")


def _list_events(session: Session, given: Namespace) -> Table:
    id = SERVER.id_of(session, given.server)
    found = session.get("compute", f"/servers/{id}/os-instance-actions")["instanceActions"]
    return Table(LONG_EVENTS if given.long else EVENTS, found)


VOLUME_NAME = _other("volume", "name or id of the volume")
PORT_NAME = _other("port", "name or id of the port")
NETWORK_NAME = _other("network", "name or id of the network")
GROUP_NAME = _other("group", "name or id of the security group")
ADDRESS = _other("ip-address", "the floating IP address, or its id")
COMMANDS = (
    Command(
        "server add volume",
        "Attach a volume.",
        _add_volume,
        (
            NAME,
            VOLUME_NAME,
            option("--device", "DEVICE", "the guest's name for it"),
            option("--tag", "TAG", "for the metadata"),
            flag("--enable-delete-on-termination", "delete it together with the server"),
        ),
        Record,
    ),
    Command("server remove volume", "Detach a volume.", _remove_volume, (NAME, VOLUME_NAME)),
    Command("server volume list", "List the volumes of a server.", _list_volumes, (NAME,), Table),
    Command(
        "server add floating ip",
        "Give a server a floating IP.",
        _add_floating_ip,
        (NAME, ADDRESS, option("--fixed-ip-address", "ADDRESS", "for this one of its own")),
    ),
    Command(
        "server remove floating ip",
        "Take a floating IP from a server.",
        _remove_floating_ip,
        (NAME, ADDRESS),
    ),
    Command(
        "server add security group",
        "Put a server into a security group.",
        _change_group("addSecurityGroup"),
        (NAME, GROUP_NAME),
    ),
    Command(
        "server remove security group",
        "Take a server out of a security group.",
        _change_group("removeSecurityGroup"),
        (NAME, GROUP_NAME),
    ),
    Command("server add port", "Give a server a port.", _add_port, (NAME, PORT_NAME)),
    Command("server remove port", "Take a port from a server.", _remove_port, (NAME, PORT_NAME)),
    Command(
        "server add network", "Connect a server with a network.", _add_network, (NAME, NETWORK_NAME)
    ),
    Command(
        "server remove network",
        "Cut a server off a network.",
        _remove_network,
        (NAME, NETWORK_NAME),
    ),
    Command(
        "server event list",
        "List what was done to a server.",
        _list_events,
        (NAME, flag("--long", "more columns")),
        Table,
    ),
)
