"""The rules that new security groups begin with. In the caller's transaction."""

import uuid
from collections.abc import Mapping
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.paging import Page
from pilvi.errors import Conflict
from pilvi.network.model.security_group import RuleMatch
from pilvi.network.store import default_rules as store
from pilvi.network.store.listing import Listing


async def has_first_rules(tx: Transaction) -> bool:
    """Whether the rules that a cloud begins with were written."""
    return await store.has_first_rules(tx)


async def ensure_first_rules(tx: Transaction) -> None:
    """Write the rules that a cloud begins with. Repeatable."""
    await store.ensure_first_rules(tx)


async def create_default_rule(
    tx: Transaction, match: RuleMatch, values: Mapping[str, Any], *, is_remote_parent: bool
) -> str:
    """A new rule; returns its id. Groups that are there stay as they are. Raises `Conflict`."""
    await store.ensure_first_rules(tx)
    everything = Listing(project_id=None, page=Page(limit=None, sorts=()))
    there, _ = await store.list_default_rules(tx, everything)
    uses = (values.get("is_for_default", False), values.get("is_for_others", True))
    for other in there:
        same = (other.match, other.is_remote_parent) == (match, is_remote_parent)
        if same and (other.is_for_default, other.is_for_others) == uses:
            raise Conflict(f"cannot add this default rule: rule {other.id} says the same")
    id, moment = str(uuid.uuid4()), now()
    await store.insert_default_rule(
        tx,
        id=id,
        project_id="",
        description=values.get("description") or "",
        direction=match.direction,
        ethertype=match.ethertype,
        protocol=match.protocol,
        port_min=match.port_min,
        port_max=match.port_max,
        remote_group_id=match.remote_group_id,
        remote_cidr=match.remote_cidr,
        remote_address_group_id=match.remote_address_group_id,
        is_remote_parent=is_remote_parent,
        is_for_default=uses[0],
        is_for_others=uses[1],
        created_at=moment,
        updated_at=moment,
    )
    return id


async def delete_default_rule(tx: Transaction, id: str) -> None:
    """Remove a rule; groups that are there stay as they are. Raises `NotFound`."""
    await store.ensure_first_rules(tx)
    rule = await store.get_default_rule(tx, id)
    await store.delete_default_rule(tx, rule.id)
