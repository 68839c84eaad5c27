"""Who uses what is shared with them."""

from typing import Any

from sqlalchemy import Select, select, union

from pilvi.core.db import Transaction
from pilvi.network.model.sharing import EVERYBODY, Action, ObjectType, RbacPolicy
from pilvi.network.store.tables import (
    floating_ips,
    networks,
    port_groups,
    ports,
    routers,
    security_group_rules,
    subnetpools,
    subnets,
)


def _users(policy: RbacPolicy) -> list[Select[Any]]:
    """Queries of the projects that have something which depends on a shared thing."""
    id = policy.object_id
    there = ports.c.is_deleting.is_(False)
    match policy.object_type:
        case ObjectType.NETWORK if policy.action is Action.EXTERNAL:
            return [
                select(routers.c.project_id).where(
                    routers.c.external_network_id == id, routers.c.is_deleting.is_(False)
                ),
                select(floating_ips.c.project_id).where(floating_ips.c.floating_network_id == id),
            ]
        case ObjectType.NETWORK:
            return [select(ports.c.project_id).where(ports.c.network_id == id, there)]
        case ObjectType.SUBNETPOOL:
            return [select(subnets.c.project_id).where(subnets.c.subnetpool_id == id)]
        case ObjectType.ADDRESS_SCOPE:
            return [select(subnetpools.c.project_id).where(subnetpools.c.address_scope_id == id)]
        case ObjectType.ADDRESS_GROUP:
            rules = security_group_rules.c
            return [select(rules.project_id).where(rules.remote_address_group_id == id)]
        case ObjectType.SECURITY_GROUP:
            rules = security_group_rules.c
            return [
                select(ports.c.project_id)
                .join_from(port_groups, ports, port_groups.c.port_id == ports.c.id)
                .where(port_groups.c.group_id == id, there),
                select(rules.project_id).where(rules.remote_group_id == id),
            ]
        case _:
            return [
                select(ports.c.project_id).where(ports.c.qos_policy_id == id, there),
                select(networks.c.project_id).where(networks.c.qos_policy_id == id),
            ]


async def list_users(tx: Transaction, policy: RbacPolicy) -> set[str]:
    """Projects other than the owner that use a thing and are given it by this policy."""
    rows = await tx.all(union(*_users(policy)))
    found = {row.project_id for row in rows} - {"", policy.project_id}
    return found if policy.target == EVERYBODY else found & {policy.target}
