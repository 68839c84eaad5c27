"""Rows for store tests, with middling values."""

import uuid
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.network.model.address import default_pools, parse_subnet
from pilvi.network.model.sharing import Action, ObjectType
from pilvi.network.store import (
    floating_ips,
    networks,
    ports,
    routers,
    security_groups,
    sharing,
    subnets,
)


def common(**values: Any) -> dict[str, Any]:
    """Columns of everything that the API shows."""
    moment = now()
    made = {"id": str(uuid.uuid4()), "project_id": "p", "created_at": moment, "updated_at": moment}
    return {**made, **values}


async def insert_network(tx: Transaction, segment: int, **values: Any) -> str:
    """A network's id."""
    row = common(network_type="vxlan", segment=segment, mtu=1450, availability_zone_hints=[])
    row |= values
    await networks.insert_network(tx, **row)
    for name, action in (("is_shared", Action.SHARED), ("is_external", Action.EXTERNAL)):
        if row.get(name):
            await insert_rbac_policy(tx, ObjectType.NETWORK, str(row["id"]), action=action)
    return str(row["id"])


async def insert_rbac_policy(
    tx: Transaction, object_type: ObjectType, object_id: str, **values: Any
) -> str:
    """A policy's id; it is for everybody."""
    row = common(object_type=object_type, object_id=object_id, action=Action.SHARED, target="*")
    row |= values
    await sharing.insert_policy(tx, **row)
    return str(row["id"])


async def insert_subnet(
    tx: Transaction, network_id: str, cidr: str = "10.9.0.0/24", **values: Any
) -> str:
    """A subnet's id."""
    network = parse_subnet(cidr)
    row = common(network_id=network_id, cidr=cidr, gateway_ip=str(network[1]))
    row |= {"pools": default_pools(network, None), "dns_nameservers": [], "host_routes": []}
    row |= values
    await subnets.insert_subnet(tx, **row)
    return str(row["id"])


async def insert_port(
    tx: Transaction, network_id: str, mac: str, groups: tuple[str, ...] = (), **values: Any
) -> str:
    """A port's id."""
    row = common(network_id=network_id, mac=mac, address_pairs=[]) | values
    await ports.insert_port(tx, groups, **row)
    return str(row["id"])


async def insert_router(tx: Transaction, **values: Any) -> str:
    """A router's id."""
    row = common(routes=[], availability_zone_hints=[]) | values
    await routers.insert_router(tx, **row)
    return str(row["id"])


async def insert_group(tx: Transaction, name: str, **values: Any) -> str:
    """A security group's id."""
    row = common(name=name) | values
    await security_groups.insert_group(tx, **row)
    return str(row["id"])


async def insert_rule(tx: Transaction, group_id: str, key: str, **values: Any) -> str:
    """A rule's id."""
    row = common(group_id=group_id, direction="ingress", ethertype="IPv4", key=key) | values
    await security_groups.insert_rules(tx, [row])
    return str(row["id"])


async def insert_floating_ip(
    tx: Transaction, network_id: str, keeper_id: str, address: str, **values: Any
) -> str:
    """A floating IP's id."""
    row = common(floating_network_id=network_id, floating_port_id=keeper_id, address=address)
    row |= values
    await floating_ips.insert_floating_ip(tx, **row)
    return str(row["id"])
