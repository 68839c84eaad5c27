"""The network that a project is given when it asks for one. In the caller's transaction.

What belongs to it is known by its names, which say so; a project that renames them keeps them.
"""

from pilvi.core.db import Transaction
from pilvi.core.http import Caller
from pilvi.errors import Conflict, NotFound
from pilvi.network.model.network import Network
from pilvi.network.model.subnetpool import SubnetPool
from pilvi.network.operations.networks import create_network, delete_network
from pilvi.network.operations.ownership import choose_project
from pilvi.network.operations.router_interfaces import add_router_interface, remove_router_interface
from pilvi.network.operations.routers import create_router, delete_router
from pilvi.network.operations.subnets import create_subnet
from pilvi.network.store import networks, routers, subnetpools, subnets
from pilvi.network.store.listing import Listing

NETWORK_NAME = "auto_allocated_network"
ROUTER_NAME = "auto_allocated_router"
_SUBNET_NAME = {4: "auto_allocated_subnet_v4", 6: "auto_allocated_subnet_v6"}


def choose_topology_project(caller: Caller, asked: str) -> str:
    """The project that is meant; `null` is the caller's own. Raises `Forbidden`. Pure."""
    return choose_project(caller, None if asked in ("null", "None") else asked)


async def _find(tx: Transaction, project_id: str) -> Network | None:
    values = {"name": [NETWORK_NAME], "project_id": [project_id]}
    found, _ = await networks.list_networks(tx, Listing(project_id=project_id, values=values))
    return found[0] if found else None


async def check_topology(
    tx: Transaction, caller: Caller, project_id: str
) -> tuple[Network, list[SubnetPool]]:
    """What a topology would be made of. Raises `Conflict` that names what an admin has to make."""
    wanted = {"is_default": ["true"], "router:external": ["true"]}
    outside, _ = await networks.list_networks(tx, Listing(project_id=project_id, values=wanted))
    if not outside:
        raise Conflict("cannot make a topology: no external network is_default")
    pools = []
    for version in (4, 6):
        pool = await subnetpools.find_default_pool(tx, version, project_id)
        if pool is not None:
            pools.append(pool)
    if not pools:
        raise Conflict("cannot make a topology: no subnet pool is_default")
    return outside[0], pools


async def ensure_topology(tx: Transaction, caller: Caller, project_id: str) -> str:
    """The id of a project's network, made when it is not there. Repeatable."""
    there = await _find(tx, project_id)
    if there is not None:
        return there.id
    outside, pools = await check_topology(tx, caller, project_id)
    network_id = await create_network(tx, caller, {"name": NETWORK_NAME, "project_id": project_id})
    gateway = {"network_id": outside.id}
    words = {"name": ROUTER_NAME, "project_id": project_id, "gateway": gateway}
    router_id = await create_router(tx, caller, words)
    for pool in pools:
        values = {
            "network_id": network_id,
            "project_id": project_id,
            "name": _SUBNET_NAME[pool.ip_version],
            "ip_version": pool.ip_version,
            "subnetpool_id": pool.id,
        }
        subnet_id = await create_subnet(tx, caller, values)
        await add_router_interface(tx, caller, router_id, subnet_id, None)
    return network_id


async def ensure_network(tx: Transaction, caller: Caller) -> None:
    """Make a topology for a project that has no network to put a server on, where that can be.

    Where the cloud has nothing to make one of, the project stays without. Repeatable.
    """
    if await networks.list_usable_networks(tx, caller.own_project_id):
        return
    try:
        await check_topology(tx, caller, caller.own_project_id)
    except Conflict:
        return
    await ensure_topology(tx, caller, caller.own_project_id)


async def delete_topology(tx: Transaction, caller: Caller, project_id: str) -> None:
    """Remove what `ensure_topology` made. Raises `Conflict` while it is used, `NotFound`."""
    network = await _find(tx, project_id)
    if network is None:
        raise NotFound(f"cannot find an auto-allocated topology of project {project_id}")
    values = {"name": [ROUTER_NAME], "project_id": [project_id]}
    found, _ = await routers.list_routers(tx, Listing(project_id=project_id, values=values))
    for router in found:
        for subnet in await subnets.list_subnets_of(tx, [network.id]):
            await _remove_leg(tx, caller, router.id, subnet.id)
        await delete_router(tx, caller, router.id)
    await delete_network(tx, caller, network.id)


async def _remove_leg(tx: Transaction, caller: Caller, router_id: str, subnet_id: str) -> None:
    try:
        await remove_router_interface(tx, caller, router_id, subnet_id, None)
    except NotFound:
        return
