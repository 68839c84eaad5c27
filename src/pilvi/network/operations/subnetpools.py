"""Subnet pools and address scopes. In the caller's transaction."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Conflict, InvalidRequest
from pilvi.network.model.address import Network, is_inside, overlap, parse_network
from pilvi.network.model.sharing import Action, ObjectType
from pilvi.network.model.subnetpool import (
    SubnetPool,
    check_lengths,
    default_lengths,
    join,
    lies_in,
    parse_prefixes,
)
from pilvi.network.operations.ownership import choose_project, refuse_for_members, require_owner
from pilvi.network.operations.quotas import check_quota
from pilvi.network.operations.sharing import share_with_everybody
from pilvi.network.store import networks, sharing, subnets
from pilvi.network.store import subnetpools as store
from pilvi.network.store.tags import delete_tags

_FOR_ADMINS = {"is_shared": False, "is_default": False}


async def create_subnetpool(tx: Transaction, caller: Caller, values: Mapping[str, Any]) -> str:
    """A new pool; returns its id. Raises what is wrong with the values."""
    refuse_for_members(caller, values, _FOR_ADMINS, new=True)
    project_id = choose_project(caller, values.get("project_id"))
    await check_quota(tx, project_id, "subnetpool")
    prefixes = parse_prefixes(values["prefixes"])
    version = prefixes[0].version
    shortest, longest = default_lengths(version)
    lengths = {
        "min_prefixlen": values.get("min_prefixlen", shortest),
        "max_prefixlen": values.get("max_prefixlen", longest),
    }
    lengths["default_prefixlen"] = values.get("default_prefixlen", lengths["min_prefixlen"])
    check_lengths(version, *_ordered(lengths))
    is_default = values.get("is_default", False)
    if is_default:
        await _refuse_second_default(tx, version)
    id, moment = str(uuid.uuid4()), now()
    scope_id = values.get("address_scope_id")
    if scope_id is not None:
        await _check_scope(tx, caller, scope_id, prefixes)
    await store.insert_subnetpool(
        tx,
        id=id,
        project_id=project_id,
        name=values.get("name", ""),
        description=values.get("description", ""),
        ip_version=version,
        prefixes=[str(prefix) for prefix in prefixes],
        **lengths,
        default_quota=values.get("default_quota"),
        is_default=is_default,
        address_scope_id=scope_id,
        created_at=moment,
        updated_at=moment,
    )
    if values.get("is_shared"):
        await share_with_everybody(tx, ObjectType.SUBNETPOOL, id, project_id)
    return id


def _ordered(lengths: Mapping[str, int]) -> tuple[int, int, int]:
    return lengths["min_prefixlen"], lengths["default_prefixlen"], lengths["max_prefixlen"]


async def _refuse_second_default(tx: Transaction, version: int) -> None:
    default = await store.find_default_pool(tx, version, None)
    if default is not None:
        raise InvalidRequest(
            f"cannot make another default subnet pool for IPv{version}: {default.id} is one"
        )


async def _check_scope(
    tx: Transaction,
    caller: Caller,
    scope_id: str,
    prefixes: Sequence[Network],
    besides: str | None = None,
) -> None:
    """Raise when a pool's ranges may not be in a scope."""
    scope = await store.get_address_scope(tx, scope_id, caller.visible_project_id)
    if scope.ip_version != prefixes[0].version:
        raise InvalidRequest(f"cannot use address scope {scope_id}: it has the other IP version")
    for pool in await store.list_pools_of_scope(tx, scope_id):
        theirs = [parse_network(text, "a prefix") for text in pool.prefixes]
        if pool.id != besides and any(overlap(a, b) for a in prefixes for b in theirs):
            raise Conflict(
                f"cannot use address scope {scope_id}: its subnet pool {pool.id} has overlapping "
                "prefixes"
            )


async def update_subnetpool(
    tx: Transaction, caller: Caller, id: str, values: Mapping[str, Any]
) -> None:
    """Change a pool; its prefixes may only grow here."""
    pool = await store.get_subnetpool(tx, id, caller.visible_project_id)
    require_owner(caller, pool.project_id, "this subnet pool")
    refuse_for_members(caller, values, _FOR_ADMINS, new=False)
    changed = {name: value for name, value in values.items() if name != "is_shared"}
    prefixes = _prefixes(pool)
    if "prefixes" in changed:
        wanted = parse_prefixes(changed["prefixes"])
        if wanted[0].version != pool.ip_version or not _covers(wanted, prefixes):
            raise InvalidRequest(
                f"cannot take prefixes from subnet pool {pool.id} like this; use remove_prefixes"
            )
        prefixes = wanted
        changed["prefixes"] = [str(prefix) for prefix in wanted]
    lengths = {
        name: changed.get(name, getattr(pool, name))
        for name in ("min_prefixlen", "default_prefixlen", "max_prefixlen")
    }
    check_lengths(pool.ip_version, *_ordered(lengths))
    if changed.get("is_default") and not pool.is_default:
        await _refuse_second_default(tx, pool.ip_version)
    scope_id = changed.get("address_scope_id", pool.address_scope_id)
    if scope_id is not None:
        await _check_scope(tx, caller, scope_id, prefixes, besides=pool.id)
    if "is_shared" in values:
        await share_with_everybody(
            tx, ObjectType.SUBNETPOOL, pool.id, pool.project_id, wanted=values["is_shared"]
        )
    await store.update_subnetpool(
        tx, pool.id, **changed, updated_at=now(), generation=pool.generation + 1
    )


def _prefixes(pool: SubnetPool) -> list[Network]:
    return [parse_network(text, "a prefix") for text in pool.prefixes]


def _covers(wanted: Sequence[Network], prefixes: Sequence[Network]) -> bool:
    return all(lies_in(prefix, wanted) for prefix in prefixes)


async def add_prefixes(tx: Transaction, caller: Caller, id: str, texts: Sequence[str]) -> list[str]:
    """Add ranges to a pool; returns all that it has."""
    pool = await store.get_subnetpool(tx, id, caller.visible_project_id)
    require_owner(caller, pool.project_id, "this subnet pool")
    return await _set_prefixes(tx, caller, pool, [*_prefixes(pool), *parse_prefixes(texts)])


async def remove_prefixes(
    tx: Transaction, caller: Caller, id: str, texts: Sequence[str]
) -> list[str]:
    """Take ranges from a pool that no subnet is cut from; returns all that are left."""
    pool = await store.get_subnetpool(tx, id, caller.visible_project_id)
    require_owner(caller, pool.project_id, "this subnet pool")
    gone = parse_prefixes(texts)
    for _, cidr in await store.list_ranges(tx, pool.id):
        if any(overlap(parse_network(cidr, "a range"), one) for one in gone):
            raise Conflict(f"cannot take these prefixes from the pool: subnet {cidr} is from them")
    left: list[Network] = _prefixes(pool)
    for one in gone:
        if not lies_in(one, left):
            raise InvalidRequest(f"cannot take {one} from subnet pool {pool.id}: it has no such")
        left = [rest for prefix in left for rest in _without(prefix, one)]
    return await _set_prefixes(tx, caller, pool, left)


def _without(prefix: Any, gone: Any) -> list[Network]:
    return list(prefix.address_exclude(gone)) if is_inside(gone, prefix) else [prefix]


async def _set_prefixes(
    tx: Transaction, caller: Caller, pool: SubnetPool, prefixes: Sequence[Network]
) -> list[str]:
    if any(prefix.version != pool.ip_version for prefix in prefixes):
        raise InvalidRequest(f"cannot use other than IPv{pool.ip_version} prefixes in this pool")
    joined = join(prefixes)
    if pool.address_scope_id is not None and joined:
        await _check_scope(tx, caller, pool.address_scope_id, joined, besides=pool.id)
    texts = [str(prefix) for prefix in joined]
    generation = pool.generation + 1
    await store.update_subnetpool(
        tx, pool.id, prefixes=texts, updated_at=now(), generation=generation
    )
    return texts


async def onboard_network_subnets(
    tx: Transaction, caller: Caller, id: str, network_id: str, version: int
) -> None:
    """Make a network's subnets of a version a pool's, which gets their ranges as prefixes.

    Raises `Forbidden` unless pool and network are the caller's own (OSSA-2026-032).
    """
    pool = await store.get_subnetpool(tx, id, caller.visible_project_id)
    require_owner(caller, pool.project_id, "this subnet pool")
    network = await networks.get_network(tx, network_id, caller.visible_project_id)
    require_owner(caller, network.project_id, "this network")
    there = [s for s in await subnets.list_subnets_of(tx, [network.id]) if s.ip_version == version]
    if version != pool.ip_version or not there:
        raise InvalidRequest(
            f"cannot onboard network {network.id}: it has no IPv{pool.ip_version} subnets"
        )
    for subnet in there:
        require_owner(caller, subnet.project_id, "its subnets")
        if subnet.subnetpool_id is not None:
            raise InvalidRequest(f"cannot onboard subnet {subnet.id}: it is from a pool already")
        if any(overlap(subnet.network, prefix) for prefix in _prefixes(pool)):
            raise InvalidRequest(f"cannot onboard subnet {subnet.id}: {subnet.cidr} is the pool's")
    added = [subnet.network for subnet in there]
    await _set_prefixes(tx, caller, pool, [*_prefixes(pool), *added])
    for subnet in there:
        await subnets.update_subnet(
            tx, subnet.id, subnetpool_id=pool.id, generation=subnet.generation + 1
        )


async def delete_subnetpool(tx: Transaction, caller: Caller, id: str) -> None:
    """Remove a pool. Raises `Conflict` while subnets are from it."""
    pool = await store.get_subnetpool(tx, id, caller.visible_project_id)
    require_owner(caller, pool.project_id, "this subnet pool")
    if await store.list_ranges(tx, pool.id):
        raise Conflict(f"cannot delete subnet pool {pool.id}: subnets are from it")
    await sharing.delete_policies_of(tx, pool.id)
    await delete_tags(tx, [pool.id])
    await store.delete_subnetpool(tx, pool.id)


async def create_address_scope(tx: Transaction, caller: Caller, values: Mapping[str, Any]) -> str:
    """A new scope; returns its id."""
    refuse_for_members(caller, values, {"is_shared": False}, new=True)
    project_id = choose_project(caller, values.get("project_id"))
    await check_quota(tx, project_id, "address_scope")
    if values["ip_version"] not in (4, 6):
        raise InvalidRequest("cannot make an address scope: ip_version must be 4 or 6")
    id, moment = str(uuid.uuid4()), now()
    await store.insert_address_scope(
        tx,
        id=id,
        project_id=project_id,
        name=values["name"],
        ip_version=values["ip_version"],
        created_at=moment,
        updated_at=moment,
    )
    if values.get("is_shared"):
        await share_with_everybody(tx, ObjectType.ADDRESS_SCOPE, id, project_id)
    return id


async def update_address_scope(
    tx: Transaction, caller: Caller, id: str, values: Mapping[str, Any]
) -> None:
    """Change a scope's name, or whether everybody may use it."""
    scope = await store.get_address_scope(tx, id, caller.visible_project_id)
    require_owner(caller, scope.project_id, "this address scope")
    refuse_for_members(caller, values, {"is_shared": False}, new=False)
    if "is_shared" in values:
        if not values["is_shared"] and await _is_shared(tx, scope.id):
            raise InvalidRequest("cannot stop sharing an address scope with everybody")
        await share_with_everybody(tx, ObjectType.ADDRESS_SCOPE, scope.id, scope.project_id)
    changed = {"name": values["name"]} if "name" in values else {}
    await store.update_address_scope(
        tx, scope.id, **changed, updated_at=now(), generation=scope.generation + 1
    )


async def _is_shared(tx: Transaction, id: str) -> bool:
    return await sharing.is_shared_with(tx, id, "*", Action.SHARED)


async def delete_address_scope(tx: Transaction, caller: Caller, id: str) -> None:
    """Remove a scope. Raises `Conflict` while pools are in it."""
    scope = await store.get_address_scope(tx, id, caller.visible_project_id)
    require_owner(caller, scope.project_id, "this address scope")
    if await store.list_pools_of_scope(tx, scope.id):
        raise Conflict(f"cannot delete address scope {scope.id}: subnet pools are in it")
    await sharing.delete_policies_of(tx, scope.id)
    await delete_tags(tx, [scope.id])
    await store.delete_address_scope(tx, scope.id)
