"""Network cards of servers. In the caller's transaction."""

from pilvi.compute.model.action import Actor
from pilvi.compute.model.allowed import Action, require
from pilvi.compute.model.server import Server
from pilvi.compute.operations.servers import change_desired, record_action
from pilvi.core.db import Transaction
from pilvi.core.http import Caller
from pilvi.errors import InvalidRequest, NotFound
from pilvi.network.model import NetworkRequest, ServerPort
from pilvi.network.model.port import AskedIp
from pilvi.network.operations.port_changes import update_port
from pilvi.network.operations.ports import (
    add_port,
    attach_port,
    bind_ports,
    check_requests,
    list_server_ports,
)


async def list_ports(tx: Transaction, server: Server) -> list[ServerPort]:
    """The ports of a server; one that is on its way out until its guest has let go."""
    return (await list_server_ports(tx, [server.id])).get(server.id, [])


async def get_port(tx: Transaction, server: Server, port_id: str) -> ServerPort:
    """One port of a server. Raises `NotFound`."""
    for port in await list_ports(tx, server):
        if port.port_id == port_id:
            return port
    raise NotFound(f"cannot find the port '{port_id}' on server {server.id}")


async def attach_interface(
    tx: Transaction, server: Server, request: NetworkRequest | None, by: Actor
) -> ServerPort:
    """Give a server a port that is there, or one made on a network (None: the project's own)."""
    require(Action.ATTACH_INTERFACE, server, is_admin=by.is_admin)
    assert server.host_id is not None
    asked = None if request is None else [request]
    checked = await check_requests(tx, server.project_id, asked, None, is_admin=by.is_admin)
    if not checked:
        raise InvalidRequest("cannot attach a network card: the project has no network; make one")
    if checked[0].port_id is not None:
        port_id: str = (await attach_port(tx, server.id, checked[0].port_id)).id
    else:
        made = await add_port(
            tx,
            server_id=server.id,
            project_id=server.project_id,
            hostname=server.hostname,
            request=checked[0],
            security_groups=list(server.security_groups),
        )
        port_id = made.id
    await bind_ports(tx, server.id, server.host_id)
    await record_action(tx, server, Action.ATTACH_INTERFACE, by)
    await change_desired(tx, server)
    return await get_port(tx, server, port_id)


async def detach_interface(tx: Transaction, server: Server, port_id: str, by: Actor) -> None:
    """Take a port from a server: first from its guest, then it is released. Repeatable."""
    await get_port(tx, server, port_id)
    if port_id in server.leaving_ports:
        return
    require(Action.DETACH_INTERFACE, server, is_admin=by.is_admin)
    await record_action(tx, server, Action.DETACH_INTERFACE, by)
    await change_desired(tx, server, leaving_ports=(*server.leaving_ports, port_id))


async def add_fixed_ip(tx: Transaction, caller: Caller, server: Server, network_id: str) -> None:
    """Give a server one more address of a network that it has a port on. Raises `NotFound`."""
    require(Action.ATTACH_INTERFACE, server, is_admin=caller.is_admin)
    for port in await list_ports(tx, server):
        if port.network_id == network_id and port.fixed_ips:
            asked = [AskedIp(subnet_id=one[0], address=one[1]) for one in port.fixed_ips]
            asked.append(AskedIp(subnet_id=port.fixed_ips[0][0]))
            await update_port(tx, caller, port.port_id, {"fixed_ips": asked})
            await change_desired(tx, server)
            return
    raise NotFound(f"cannot find a port of server {server.id} on network '{network_id}'")


async def remove_fixed_ip(tx: Transaction, caller: Caller, server: Server, address: str) -> None:
    """Take an address from a server. Raises `InvalidRequest` for one that it does not have."""
    require(Action.DETACH_INTERFACE, server, is_admin=caller.is_admin)
    for port in await list_ports(tx, server):
        kept = [
            AskedIp(subnet_id=one[0], address=one[1]) for one in port.fixed_ips if one[1] != address
        ]
        if len(kept) < len(port.fixed_ips):
            await update_port(tx, caller, port.port_id, {"fixed_ips": kept})
            await change_desired(tx, server)
            return
    raise InvalidRequest(f"cannot find the fixed IP '{address}' on server {server.id}")
