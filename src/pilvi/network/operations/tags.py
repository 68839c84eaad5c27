"""Tags of whatever resource; who may write them is checked against the resource itself."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pilvi.core.db import Transaction
from pilvi.core.http import Caller
from pilvi.errors import InvalidRequest, NotFound, QuotaExceeded
from pilvi.network.operations.ownership import require_owner
from pilvi.network.store import (
    address_groups,
    floating_ips,
    networks,
    ports,
    qos,
    routers,
    security_groups,
    segment_ranges,
    subnetpools,
    subnets,
)
from pilvi.network.store import tags as store

Get = Callable[[Transaction, str, str | None], Awaitable[Any]]

TAGGABLE: dict[str, Get] = {
    "networks": networks.get_network,
    "subnets": subnets.get_subnet,
    "ports": ports.get_port,
    "routers": routers.get_router,
    "floatingips": floating_ips.get_floating_ip,
    "security-groups": security_groups.get_group,
    "security_groups": security_groups.get_group,
    "security-group-rules": security_groups.get_rule,
    "subnetpools": subnetpools.get_subnetpool,
    "policies": qos.get_policy,
    "address-groups": address_groups.get_address_group,
    "network_segment_ranges": segment_ranges.get_range,
}
"""How a resource of each collection is found, as the caller may see it."""

# As Neutron's. Higher: longer replies.
TAGS_MAX = 50
TAG_LENGTH_MAX = 255


async def list_tags(tx: Transaction, caller: Caller, collection: str, id: str) -> list[str]:
    """A resource's tags, sorted. Raises `NotFound`."""
    await _find(tx, caller, collection, id, write=False)
    return (await store.list_tags(tx, [id])).get(id, [])


async def replace_tags(
    tx: Transaction, caller: Caller, collection: str, id: str, tags: Sequence[str]
) -> list[str]:
    """Give a resource exactly these tags. Repeatable."""
    await _find(tx, caller, collection, id, write=True)
    wanted = sorted(set(tags))
    for tag in wanted:
        if not 0 < len(tag) <= TAG_LENGTH_MAX or "," in tag:
            raise InvalidRequest("cannot use this tag: it has 1 to 255 characters and no comma")
    if len(wanted) > TAGS_MAX:
        raise QuotaExceeded(f"cannot give a resource more than {TAGS_MAX} tags")
    await store.replace_tags(tx, id, wanted)
    return wanted


async def check_tag(
    tx: Transaction, caller: Caller, collection: str, id: str, tag: str
) -> list[str]:
    """A resource's tags, of which this is one. Raises `NotFound` otherwise."""
    have = await list_tags(tx, caller, collection, id)
    if tag not in have:
        raise NotFound(f"cannot find the tag '{tag}' on {id}")
    return have


async def delete_tag(tx: Transaction, caller: Caller, collection: str, id: str, tag: str) -> None:
    """Take one tag from a resource. Raises `NotFound` when it does not have it."""
    have = await check_tag(tx, caller, collection, id, tag)
    await replace_tags(tx, caller, collection, id, [other for other in have if other != tag])


async def _find(tx: Transaction, caller: Caller, collection: str, id: str, *, write: bool) -> None:
    get = TAGGABLE.get(collection)
    if get is None:
        raise NotFound(f"cannot find tags of '{collection}'")
    found = await get(tx, id, caller.visible_project_id)
    if write:
        require_owner(caller, found.project_id, "its tags")
