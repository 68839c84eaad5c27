"""What rules say of the hosts for a server: its zone, its group, the aggregates of the hosts."""

from collections import Counter
from collections.abc import Sequence

from pilvi.compute.model import aggregate, server_group
from pilvi.compute.model.flavor import Flavor
from pilvi.compute.model.server import Server
from pilvi.compute.store import aggregates, server_groups
from pilvi.core.db import Transaction
from pilvi.scheduler import Candidate, HostRequest


async def compose_request(
    tx: Transaction,
    server: Server,
    flavor: Flavor,
    candidates: Sequence[Candidate],
    forced_host: str | None = None,
) -> HostRequest:
    """What a server of a flavor needs of a host, and which hosts rules forbid to it."""
    host_ids = [one.host_id for one in candidates]
    refused = aggregate.refuse_hosts(
        await aggregates.list_aggregates(tx), flavor.extra_specs, host_ids
    )
    attraction: dict[str, int] = {}
    group = await server_groups.find_group_of(tx, server.id)
    if group is not None:
        members = (await server_groups.list_members(tx, [group.id]))[group.id]
        others = [host_id for id, host_id in members if id != server.id and host_id is not None]
        placed = dict(Counter(others))
        refused |= server_group.refuse_hosts(group, placed, host_ids)
        attraction = server_group.attract(group, placed)
    return HostRequest(
        vcpus=flavor.vcpus,
        memory_mib=flavor.memory_mib,
        disk_gib=flavor.resources.get("DISK_GB", 0),
        availability_zone=server.availability_zone,
        forced_host=forced_host,
        refused=refused,
        attraction=attraction,
    )
