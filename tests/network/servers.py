"""Servers as far as networks know them: what compute asks for, in one transaction each."""

import uuid
from collections.abc import Sequence

from network.neutron import Neutron
from pilvi.network.model.port import Port
from pilvi.network.model.request import NetworkRequest, ServerPort
from pilvi.network.operations import ports


async def launch(
    neutron: Neutron,
    host_id: str | None,
    *requests: NetworkRequest,
    groups: Sequence[str] | None = None,
    server_id: str | None = None,
) -> tuple[str, list[Port]]:
    """A server of demo with its ports claimed (no request: on private), and bound to a host."""
    id = server_id or str(uuid.uuid4())
    project_id = neutron.cloud.project_ids["demo"]
    private = await neutron.named("networks", "private")
    wanted = list(requests) or [NetworkRequest(network_id=private["id"])]
    async with neutron.cloud.db.write() as tx:
        claimed = await ports.claim_ports(
            tx,
            server_id=id,
            project_id=project_id,
            hostname="guest",
            requests=wanted,
            security_groups=groups,
        )
        if host_id is not None:
            await ports.bind_ports(tx, id, host_id)
    return id, claimed


async def release(neutron: Neutron, server_id: str) -> bool:
    """Whether nothing of the server's ports is left."""
    async with neutron.cloud.db.write() as tx:
        return await ports.release_ports(tx, server_id)


async def server_ports(neutron: Neutron, server_id: str) -> list[ServerPort]:
    """A server's ports as compute shows them."""
    async with neutron.cloud.db.read() as tx:
        return (await ports.list_server_ports(tx, [server_id]))[server_id]
