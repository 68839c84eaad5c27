"""Security groups of a whole server: of every port that it has. In the caller's transaction."""

from pilvi.core.db import Transaction
from pilvi.errors import Conflict, InvalidRequest, NotFound
from pilvi.network.model.port import Port
from pilvi.network.operations.security_groups import resolve_groups
from pilvi.network.operations.wakes import touch_members, touch_ports
from pilvi.network.store import ports


async def add_server_group(tx: Transaction, *, server_id: str, project_id: str, name: str) -> None:
    """Put a group, by id or name, on every port of a server. Repeatable.

    Raises `NotFound` for an unknown group, `Conflict` when the server has no port that could
    have one.
    """
    group_id = await _find_group(tx, project_id, name)
    able = [p for p in await ports.list_ports_of_server(tx, server_id) if p.port_security_enabled]
    if not able:
        raise Conflict("cannot add the security group: the server has no port with port security")
    for port in able:
        await _replace(tx, port, {*port.group_ids, group_id}, group_id)


async def remove_server_group(
    tx: Transaction, *, server_id: str, project_id: str, name: str
) -> None:
    """Take a group, by id or name, from every port of a server. Raises `NotFound`."""
    group_id = await _find_group(tx, project_id, name)
    having = [p for p in await ports.list_ports_of_server(tx, server_id) if group_id in p.group_ids]
    if not having:
        raise NotFound(f"cannot find the security group '{name}' on this server")
    for port in having:
        await _replace(tx, port, set(port.group_ids) - {group_id}, group_id)


async def _find_group(tx: Transaction, project_id: str, name: str) -> str:
    try:
        (group_id,) = await resolve_groups(tx, project_id, [name])
    except InvalidRequest as error:
        raise NotFound(error.message) from error
    return group_id


async def _replace(tx: Transaction, port: Port, group_ids: set[str], changed: str) -> None:
    if group_ids == set(port.group_ids):
        return
    await ports.replace_groups(tx, port.id, group_ids)
    await touch_ports(tx, port.id)
    await touch_members(tx, changed)
