"""Policy documents and what they belong to. In the caller's transaction."""

import uuid
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

from sqlalchemy import Row

from pilvi.core.db import Transaction
from pilvi.errors import NotFound
from pilvi.identity.store import catalog, rows
from pilvi.identity.store.catalog_tables import endpoints, policies, regions, services
from pilvi.identity.store.rows import Wanted


async def list_policies(tx: Transaction, wanted: Wanted) -> tuple[Sequence[Row[Any]], bool]:
    """One page of the policies, and whether more follow."""
    return await rows.list_page(tx, policies, wanted)


async def get_policy(tx: Transaction, id: str) -> Row[Any]:
    """One policy. Raises `NotFound`."""
    return await rows.get_row(tx, policies, id, "policy")


async def create_policy(tx: Transaction, **values: Any) -> Row[Any]:
    """A new policy."""
    id = uuid.uuid4().hex
    await rows.insert_row(tx, policies, id=id, **values)
    return await get_policy(tx, id)


async def update_policy(tx: Transaction, id: str, **values: Any) -> Row[Any]:
    """Change a policy."""
    await get_policy(tx, id)
    await rows.update_row(tx, policies, id, **values)
    return await get_policy(tx, id)


async def delete_policy(tx: Transaction, id: str) -> None:
    """Remove a policy, whatever it belongs to."""
    await get_policy(tx, id)
    await rows.delete_rows(tx, policies, id=id)


@dataclass(frozen=True, slots=True)
class Place:
    """An endpoint, a service, or a service in a region; the rest is empty."""

    endpoint_id: str = ""
    service_id: str = ""
    region_id: str = ""


async def _check_place(tx: Transaction, policy_id: str, place: Place) -> None:
    """Raise `NotFound` for a policy or a part of a place that is not there."""
    await get_policy(tx, policy_id)
    for table, id, noun in (
        (endpoints, place.endpoint_id, "endpoint"),
        (services, place.service_id, "service"),
        (regions, place.region_id, "region"),
    ):
        if id:
            await rows.get_row(tx, table, id, noun)


async def add_association(tx: Transaction, policy_id: str, place: Place) -> None:
    """Let a place have this policy and no other. Repeatable."""
    await _check_place(tx, policy_id, place)
    await catalog.replace_policy_link(tx, policy_id, *astuple(place))


async def check_association(tx: Transaction, policy_id: str, place: Place) -> None:
    """Raise `NotFound` unless a place has this policy."""
    await _check_place(tx, policy_id, place)
    if await _find(tx, place) != policy_id:
        raise NotFound(f"cannot find this association of the policy '{policy_id}'")


async def remove_association(tx: Transaction, policy_id: str, place: Place) -> None:
    """Take a policy away from a place. Raises `NotFound`."""
    await check_association(tx, policy_id, place)
    values = {name: getattr(place, name) for name in place.__slots__}
    await catalog.delete_policy_links(tx, policy_id=policy_id, **values)


async def _find(tx: Transaction, place: Place) -> str | None:
    values = {name: getattr(place, name) for name in place.__slots__}
    for row in await catalog.list_policy_links(tx, **values):
        return str(row.policy_id)
    return None


async def find_policy_id(tx: Transaction, endpoint_id: str) -> str | None:
    """The policy in effect for an endpoint; the narrowest association counts."""
    endpoint = await rows.get_row(tx, endpoints, endpoint_id, "endpoint")
    found = await _find(tx, Place(endpoint_id=endpoint_id))
    region_id = endpoint.region_id
    while found is None and region_id:
        place = Place(service_id=endpoint.service_id, region_id=region_id)
        found = await _find(tx, place)
        region_id = (await rows.get_row(tx, regions, region_id, "region")).parent_region_id
    return found or await _find(tx, Place(service_id=endpoint.service_id))


async def list_endpoints(tx: Transaction, policy_id: str) -> list[Row[Any]]:
    """The endpoints for which a policy is the one in effect."""
    found = await rows.list_rows(tx, endpoints)
    return [row for row in found if await find_policy_id(tx, row.id) == policy_id]
