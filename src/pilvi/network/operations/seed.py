"""What a new cloud has from the start. In the caller's transaction."""

from pilvi.core.db import Transaction
from pilvi.core.http import Caller
from pilvi.network.model.network import PHYSICAL_NETWORK, NetworkType
from pilvi.network.operations.networks import create_network
from pilvi.network.operations.router_interfaces import add_router_interface
from pilvi.network.operations.routers import create_router
from pilvi.network.operations.security_groups import ensure_default_group
from pilvi.network.operations.subnets import create_subnet
from pilvi.settings import Settings


async def seed_network(
    tx: Transaction, settings: Settings, admin_project_id: str, demo_project_id: str
) -> None:
    """The network that leaves the machine, and the demo project's own behind a router."""
    admin = Caller(user_id="", project_id=admin_project_id, roles=frozenset({"admin"}))
    demo = Caller(user_id="", project_id=demo_project_id, roles=frozenset({"admin"}))
    outside = {
        "name": "public",
        "is_external": True,
        "is_default": True,
        "network_type": NetworkType.FLAT,
        "physical_network": PHYSICAL_NETWORK,
    }
    public = await create_network(tx, admin, outside)
    reachable = {"network_id": public, "cidr": settings.external_cidr, "ip_version": 4}
    await create_subnet(tx, admin, {**reachable, "name": "public-subnet", "enable_dhcp": False})
    private = await create_network(tx, demo, {"name": "private"})
    inside = {"network_id": private, "cidr": settings.private_cidr, "ip_version": 4}
    subnet = await create_subnet(tx, demo, {**inside, "name": "private-subnet"})
    gateway = {"network_id": public}
    router = await create_router(tx, demo, {"name": "router1", "gateway": gateway})
    await add_router_interface(tx, demo, router, subnet, None)
    await ensure_default_group(tx, admin_project_id)
    await ensure_default_group(tx, demo_project_id)
