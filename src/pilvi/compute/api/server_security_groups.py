"""Security groups of a server."""

from typing import Annotated

import msgspec

from pilvi.compute.api.servers import get_called
from pilvi.core.http import Call
from pilvi.network.operations.server_security_groups import add_server_group, remove_server_group


class GroupName(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `addSecurityGroup` and `removeSecurityGroup`."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


async def add_security_group(call: Call[GroupName]) -> None:
    """Put a security group on every port of a server."""
    server, name = await get_called(call), call.payload.name
    project_id = server.project_id
    await add_server_group(call.tx, server_id=server.id, project_id=project_id, name=name)


async def remove_security_group(call: Call[GroupName]) -> None:
    """Take a security group from every port of a server."""
    server, name = await get_called(call), call.payload.name
    project_id = server.project_id
    await remove_server_group(call.tx, server_id=server.id, project_id=project_id, name=name)
