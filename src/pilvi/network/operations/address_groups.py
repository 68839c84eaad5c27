"""Address groups: ranges that rules name as remote. In the caller's transaction."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Conflict, InvalidRequest, QuotaExceeded
from pilvi.network.model.address import parse_network
from pilvi.network.model.security_group import ADDRESSES_MAX, AddressGroup
from pilvi.network.model.sharing import ObjectType
from pilvi.network.operations.ownership import choose_project, refuse_for_members, require_owner
from pilvi.network.operations.quotas import check_quota
from pilvi.network.operations.sharing import share_with_everybody
from pilvi.network.operations.wakes import ADDRESS_SET
from pilvi.network.store import address_groups as store
from pilvi.network.store import sharing
from pilvi.network.store.tags import delete_tags


def parse_addresses(texts: Sequence[str]) -> list[str]:
    """Ranges as they are printed, each once. Raises `InvalidRequest`, `QuotaExceeded`. Pure."""
    found = sorted({str(parse_network(text, "an address of a group")) for text in texts})
    if len(found) > ADDRESSES_MAX:
        raise QuotaExceeded(f"cannot put more than {ADDRESSES_MAX} addresses into a group")
    return found


async def create_address_group(tx: Transaction, caller: Caller, values: Mapping[str, Any]) -> str:
    """A new group; returns its id."""
    refuse_for_members(caller, values, {"is_shared": False}, new=True)
    project_id = choose_project(caller, values.get("project_id"))
    await check_quota(tx, project_id, "address_group")
    id, moment = str(uuid.uuid4()), now()
    await store.insert_address_group(
        tx,
        id=id,
        project_id=project_id,
        name=values.get("name", ""),
        description=values.get("description", ""),
        addresses=parse_addresses(values.get("addresses", [])),
        applied_generation=1,
        created_at=moment,
        updated_at=moment,
    )
    if values.get("is_shared"):
        await share_with_everybody(tx, ObjectType.ADDRESS_GROUP, id, project_id)
    return id


async def update_address_group(
    tx: Transaction, caller: Caller, id: str, values: Mapping[str, Any]
) -> None:
    """Change a group's name or description."""
    group = await _get_own(tx, caller, id)
    changed = {name: values[name] for name in ("name", "description") if name in values}
    await _touch(tx, group, **changed)


async def add_addresses(tx: Transaction, caller: Caller, id: str, texts: Sequence[str]) -> None:
    """Put addresses into a group. Raises `InvalidRequest` for one that is there."""
    group = await _get_own(tx, caller, id)
    new = parse_addresses(texts)
    twice = sorted(set(new) & set(group.addresses))
    if twice:
        raise InvalidRequest(f"cannot add {', '.join(twice)}: the address group has it already")
    await _touch(tx, group, addresses=parse_addresses([*group.addresses, *new]))


async def remove_addresses(tx: Transaction, caller: Caller, id: str, texts: Sequence[str]) -> None:
    """Take addresses from a group. Raises `InvalidRequest` for one that is not there."""
    group = await _get_own(tx, caller, id)
    gone = parse_addresses(texts)
    missing = sorted(set(gone) - set(group.addresses))
    if missing:
        raise InvalidRequest(f"cannot remove {', '.join(missing)}: the address group has no such")
    await _touch(tx, group, addresses=[one for one in group.addresses if one not in gone])


async def _get_own(tx: Transaction, caller: Caller, id: str) -> AddressGroup:
    group = await store.get_address_group(tx, id, caller.visible_project_id)
    require_owner(caller, group.project_id, "this address group")
    return group


async def _touch(tx: Transaction, group: AddressGroup, **changed: Any) -> None:
    changed |= {"updated_at": now(), "generation": group.generation + 1}
    await store.update_address_group(tx, group.id, **changed)
    tx.wake(ADDRESS_SET, group.id)


async def delete_address_group(tx: Transaction, caller: Caller, id: str) -> None:
    """Remove a group. Raises `Conflict` while a rule names it."""
    group = await _get_own(tx, caller, id)
    if await store.is_address_group_used(tx, group.id):
        raise Conflict(f"cannot delete address group {group.id}: security group rules name it")
    await sharing.delete_policies_of(tx, group.id)
    await delete_tags(tx, [group.id])
    await store.delete_address_group(tx, group.id)
    tx.wake(ADDRESS_SET, group.id)
