"""What the servers on a host use of it, by project."""

from pilvi.compute.store.servers import read_server, select_servers
from pilvi.compute.store.tables import servers
from pilvi.core.db import Transaction


async def list_use(tx: Transaction, host_id: str) -> dict[str, tuple[int, int, int]]:
    """Virtual CPUs, memory in MiB and disk in GiB of the flavors on a host, by project."""
    query = select_servers().where(servers.c.host_id == host_id, servers.c.deleted_at.is_(None))
    found: dict[str, tuple[int, int, int]] = {}
    for row in await tx.all(query.order_by(servers.c.project_id)):
        server = read_server(row)
        vcpus, memory_mib, disk_gib = found.get(server.project_id, (0, 0, 0))
        found[server.project_id] = (
            vcpus + server.flavor.vcpus,
            memory_mib + server.flavor.memory_mib,
            disk_gib + server.flavor.disk_gib + server.flavor.ephemeral_gib,
        )
    return found
