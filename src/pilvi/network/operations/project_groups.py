"""Security groups with their rules, as other services show them. In the caller's transaction."""

from collections.abc import Sequence

from pilvi.core.db import Transaction
from pilvi.network.model.security_group import SecurityGroup, SecurityGroupRule
from pilvi.network.operations.security_groups import ensure_default_group
from pilvi.network.store import ports
from pilvi.network.store import security_groups as store
from pilvi.network.store.listing import Listing

GroupWithRules = tuple[SecurityGroup, Sequence[SecurityGroupRule]]


async def list_project_groups(tx: Transaction, project_id: str | None) -> list[GroupWithRules]:
    """Every group that a project may see (None: any), its default one made when missing."""
    if project_id:
        await ensure_default_group(tx, project_id)
    groups, _ = await store.list_groups(tx, Listing(project_id=project_id))
    return await _with_rules(tx, groups)


async def get_project_group(tx: Transaction, project_id: str | None, id: str) -> GroupWithRules:
    """One group that a project may see. Raises `NotFound`."""
    (found,) = await _with_rules(tx, [await store.get_group(tx, id, project_id)])
    return found


async def list_server_groups(tx: Transaction, server_id: str) -> list[GroupWithRules]:
    """The groups of a server's ports."""
    ids = {id for port in await ports.list_ports_of_server(tx, server_id) for id in port.group_ids}
    groups = [await store.get_group(tx, id, None) for id in sorted(ids)]
    return await _with_rules(tx, groups)


async def name_groups(tx: Transaction, ids: Sequence[str]) -> dict[str, SecurityGroup]:
    """Groups by their ids; one that is gone is left out."""
    found = [await store.find_group(tx, id) for id in ids]
    return {group.id: group for group in found if group is not None}


async def _with_rules(tx: Transaction, groups: Sequence[SecurityGroup]) -> list[GroupWithRules]:
    rules = await store.list_rules_of(tx, [group.id for group in groups])
    return [(group, rules.get(group.id, ())) for group in groups]
