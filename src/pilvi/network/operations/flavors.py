"""Flavors of routers and their service profiles. In the caller's transaction."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from pilvi.core.db import Transaction
from pilvi.errors import Conflict, InvalidRequest, NotFound
from pilvi.network.model.flavor import L3_DRIVER, L3_SERVICE, Flavor
from pilvi.network.store import flavors as store
from pilvi.network.store.routers import is_flavor_used


async def create_flavor(tx: Transaction, values: Mapping[str, Any]) -> str:
    """A new flavor; returns its id. Raises `InvalidRequest` for a service without flavors."""
    if values["service_type"] != L3_SERVICE:
        raise InvalidRequest(
            f"cannot make a flavor of the service '{values['service_type']}'; use {L3_SERVICE}"
        )
    id = str(uuid.uuid4())
    plain = {name: value for name, value in values.items() if name != "service_profiles"}
    await store.insert_flavor(tx, id=id, **plain)
    await _bind_all(tx, id, values.get("service_profiles") or [])
    return id


async def _bind_all(tx: Transaction, id: str, profile_ids: Sequence[str]) -> None:
    for profile_id in dict.fromkeys(profile_ids):
        await bind_service_profile(tx, id, profile_id)


async def update_flavor(tx: Transaction, id: str, values: Mapping[str, Any]) -> None:
    """Change a flavor; `service_profiles` replaces those that it has. Raises `NotFound`."""
    flavor = await store.get_flavor(tx, id)
    plain = {name: value for name, value in values.items() if name != "service_profiles"}
    if plain:
        await store.update_flavor(tx, flavor.id, **plain)
    wanted = values.get("service_profiles")
    if wanted is not None:
        for profile_id in flavor.profile_ids:
            await store.unbind_profile(tx, flavor.id, profile_id)
        await _bind_all(tx, flavor.id, wanted)


async def delete_flavor(tx: Transaction, id: str) -> None:
    """Forget a flavor. Raises `Conflict` while a router is of it."""
    flavor = await store.get_flavor(tx, id)
    if await is_flavor_used(tx, flavor.id):
        raise Conflict(f"cannot delete flavor {flavor.id}: routers are of it")
    await store.delete_flavor(tx, flavor.id)


async def create_service_profile(tx: Transaction, values: Mapping[str, Any]) -> str:
    """A new service profile; returns its id. Raises what is wrong with the values."""
    if not values.get("driver") and not values.get("metainfo"):
        raise InvalidRequest("cannot make a service profile without a driver and without metainfo")
    _check_driver(values)
    id = str(uuid.uuid4())
    await store.insert_profile(tx, id=id, **values)
    return id


def _check_driver(values: Mapping[str, Any]) -> None:
    """Raise `NotFound`, as Neutron does, for a driver that is not there."""
    if values.get("driver") not in (None, "", L3_DRIVER):
        raise NotFound(f"cannot find the driver '{values['driver']}': there is {L3_DRIVER}")


async def update_service_profile(tx: Transaction, id: str, values: Mapping[str, Any]) -> None:
    """Change a service profile. Raises `Conflict` while a flavor has it."""
    profile = await store.get_profile(tx, id)
    _check_driver(values)
    await _refuse_used(tx, profile.id)
    if values:
        await store.update_profile(tx, profile.id, **values)


async def delete_service_profile(tx: Transaction, id: str) -> None:
    """Forget a service profile. Raises `Conflict` while a flavor has it."""
    profile = await store.get_profile(tx, id)
    await _refuse_used(tx, profile.id)
    await store.delete_profile(tx, profile.id)


async def _refuse_used(tx: Transaction, id: str) -> None:
    if await store.is_profile_used(tx, id):
        raise Conflict(f"cannot change service profile {id}: a flavor has it; unbind it first")


async def bind_service_profile(tx: Transaction, flavor_id: str, profile_id: str) -> None:
    """Give a flavor one more profile. Raises `Conflict` when it has it."""
    flavor = await store.get_flavor(tx, flavor_id)
    profile = await store.get_profile(tx, profile_id)
    if profile.id in flavor.profile_ids:
        raise Conflict(f"cannot bind service profile {profile.id} to flavor {flavor.id}: it is")
    await store.bind_profile(tx, flavor.id, profile.id)


async def get_binding(tx: Transaction, flavor_id: str, profile_id: str) -> Flavor:
    """A flavor that has a profile. Raises `NotFound`."""
    flavor = await store.get_flavor(tx, flavor_id)
    if profile_id not in flavor.profile_ids:
        raise NotFound(f"cannot find the service profile '{profile_id}' in flavor {flavor_id}")
    return flavor


async def unbind_service_profile(tx: Transaction, flavor_id: str, profile_id: str) -> None:
    """Take a profile from a flavor. Raises `NotFound`, and `Conflict` while routers are of it."""
    flavor = await get_binding(tx, flavor_id, profile_id)
    if len(flavor.profile_ids) == 1 and await is_flavor_used(tx, flavor.id):
        raise Conflict(f"cannot take the last service profile of flavor {flavor.id}: it is in use")
    await store.unbind_profile(tx, flavor.id, profile_id)


async def check_router_flavor(tx: Transaction, flavor_id: str) -> None:
    """Raise why a router cannot be of a flavor: `NotFound`, or `Conflict` where it is not ready.

    As in Neutron its first profile counts.
    """
    flavor = await store.get_flavor(tx, flavor_id)
    if not flavor.is_enabled:
        raise Conflict(f"cannot use flavor {flavor.id}: it is disabled")
    if not flavor.profile_ids:
        raise NotFound(f"cannot use flavor {flavor.id}: it has no service profile")
    profile = await store.get_profile(tx, flavor.profile_ids[0])
    if not profile.is_enabled:
        raise Conflict(f"cannot use flavor {flavor.id}: service profile {profile.id} is disabled")
    if profile.driver != L3_DRIVER:
        raise NotFound(f"cannot use flavor {flavor.id}: its service profile has no driver")
