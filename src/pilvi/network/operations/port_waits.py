"""What a port that is not as wished waits for. In the caller's transaction."""

from pilvi.core.db import Transaction
from pilvi.host_api.contract import Kind
from pilvi.hosts.model.host import HostId
from pilvi.hosts.operations.assignments import find_held
from pilvi.hosts.operations.reasons import explain
from pilvi.network.model.port import Port, PortStatus
from pilvi.network.store.ports import list_ports_of_server


async def find_trouble(tx: Transaction, port: Port, lease_s: float) -> str:
    """What a port that belongs on a host and is not ACTIVE waits for; empty for all others."""
    if port.host_id is None or port.status is PortStatus.ACTIVE:
        return ""
    reason = await explain(
        tx, await find_held(tx, Kind.PORT, port.id, HostId(port.host_id)), lease_s
    )
    return reason.words if reason is not None else ""


async def list_server_troubles(
    tx: Transaction, server_id: str, lease_s: float
) -> list[tuple[str, str]]:
    """The ports of a server that are not as wished, each with what it waits for."""
    found = []
    for port in await list_ports_of_server(tx, server_id):
        words = await find_trouble(tx, port, lease_s)
        if words:
            found.append((str(port.id), words))
    return found
