"""Providers with what they have: to write."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from pilvi.core.http import Call, Reply
from pilvi.errors import Conflict, InvalidRequest
from pilvi.placement.api.providers import render_inventory, render_provider, with_generation
from pilvi.placement.api.queries import check_uuid
from pilvi.placement.model.inventory import UNIT_MAX, Inventory
from pilvi.placement.model.provider import Provider
from pilvi.placement.operations import provider_changes as changes
from pilvi.placement.operations.usages import get_view
from pilvi.placement.store.providers import get_provider

Count = Annotated[int, msgspec.Meta(ge=1, le=UNIT_MAX)]
ClassName = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9_]+\Z", max_length=255)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Generation = Annotated[int, msgspec.Meta(ge=0, le=UNIT_MAX)]


class ProviderCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of a new provider."""

    name: Name
    uuid: str | UnsetType = UNSET
    parent_provider_uuid: str | None = None


class ProviderUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of a provider's change; a parent that is left out stays."""

    name: Name
    parent_provider_uuid: str | UnsetType | None = UNSET


class InventoryFields(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What there is of one class."""

    total: Count
    reserved: Annotated[int, msgspec.Meta(ge=0, le=UNIT_MAX)] = 0
    min_unit: Count = 1
    max_unit: Count = UNIT_MAX
    step_size: Count = 1
    allocation_ratio: Annotated[float, msgspec.Meta(ge=0, le=3.40282e38)] = 1.0


class InventoryCreate(InventoryFields, forbid_unknown_fields=True, kw_only=True):
    """Body of one more inventory."""

    resource_class: ClassName
    resource_provider_generation: Generation | UnsetType = UNSET


class InventoryUpdate(InventoryFields, forbid_unknown_fields=True, kw_only=True):
    """Body of a changed inventory."""

    resource_provider_generation: Generation


class InventoriesReplace(msgspec.Struct, forbid_unknown_fields=True):
    """Body of all inventories of a provider."""

    resource_provider_generation: Generation
    inventories: dict[ClassName, InventoryFields]


class TraitsReplace(msgspec.Struct, forbid_unknown_fields=True):
    """Body of all traits of a provider."""

    resource_provider_generation: Generation
    traits: list[Annotated[str, msgspec.Meta(min_length=1, max_length=255)]]


class AggregatesReplace(msgspec.Struct, forbid_unknown_fields=True):
    """Body of all aggregates of a provider."""

    aggregates: list[str]
    resource_provider_generation: Generation | UnsetType = UNSET


AggregatesBody: Any = list[str] | AggregatesReplace
"""Before 1.19 the body is the bare list."""


async def create_resource_provider(call: Call[ProviderCreate]) -> Any:
    """A provider of the admin's own."""
    body = call.payload
    id = str(uuid.uuid4()) if body.uuid is UNSET else check_uuid("uuid", body.uuid)
    provider = await changes.create_provider(
        call.tx, id, body.name, _read_parent(body.parent_provider_uuid)
    )
    headers = {"location": f"{call.service_url}/resource_providers/{provider.id}"}
    if "provider_in_reply" not in call.flags:
        return Reply(status=201, headers=headers)
    return Reply(render_provider(await get_view(call.tx, provider.id)), headers=headers)


async def update_resource_provider(call: Call[ProviderUpdate]) -> Any:
    """A provider's name and parent."""
    provider = await get_provider(call.tx, call.path["provider_id"])
    parent = call.payload.parent_provider_uuid
    await changes.update_provider(
        call.tx,
        provider.id,
        call.payload.name,
        provider.parent_id if parent is UNSET else _read_parent(parent),
        may_move="may_move" in call.flags,
    )
    return render_provider(await get_view(call.tx, provider.id))


def _read_parent(text: str | None) -> str | None:
    return None if text is None else check_uuid("parent_provider_uuid", text)


async def delete_resource_provider(call: Call[None]) -> None:
    """Forget a provider."""
    await changes.delete_provider(call.tx, call.path["provider_id"])


def make_inventory(call: Call[Any], name: str, fields: InventoryFields) -> Inventory:
    """An inventory as a body tells it. Raises `InvalidRequest` for what cannot be together."""
    names = ("total", "reserved", "min_unit", "max_unit", "step_size", "allocation_ratio")
    inventory = Inventory(name, **{one: getattr(fields, one) for one in names})
    if wrong := inventory.why_wrong(may_reserve_all="reserve_all" in call.flags):
        raise InvalidRequest(f"cannot have this inventory: {wrong}")
    return inventory


async def _provider_at(call: Call[Any], generation: int | UnsetType) -> Provider:
    """The path's provider, at the generation that the body names."""
    provider = await get_provider(call.tx, call.path["provider_id"])
    if generation is not UNSET:
        changes.check_generation(provider, generation)
    return provider


async def create_provider_inventory(call: Call[InventoryCreate]) -> Any:
    """One more inventory."""
    body = call.payload
    provider = await _provider_at(call, body.resource_provider_generation)
    found = await changes.list_inventories(call.tx, provider)
    if body.resource_class in found:
        raise Conflict(f"cannot add an inventory of {body.resource_class}: it is there already")
    made = make_inventory(call, body.resource_class, body)
    provider = await changes.write_inventories(
        call.tx, provider, {**found, body.resource_class: made}
    )
    path = f"/resource_providers/{provider.id}/inventories/{body.resource_class}"
    shown = {**render_inventory(made), "resource_provider_generation": provider.generation}
    return Reply(shown, status=201, headers={"location": call.service_url + path})


async def replace_provider_inventories(call: Call[InventoriesReplace]) -> Any:
    """All inventories of a provider."""
    provider = await _provider_at(call, call.payload.resource_provider_generation)
    wanted = {
        name: make_inventory(call, name, fields)
        for name, fields in call.payload.inventories.items()
    }
    return await _write(call, provider, wanted)


async def delete_provider_inventories(call: Call[None]) -> None:
    """No inventories any more."""
    provider = await _provider_at(call, UNSET)
    await changes.write_inventories(call.tx, provider, {})


async def update_provider_inventory(call: Call[InventoryUpdate]) -> Any:
    """One inventory."""
    provider = await _provider_at(call, call.payload.resource_provider_generation)
    name = call.path["resource_class"]
    await changes.get_inventory(call.tx, provider, name)
    found = await changes.list_inventories(call.tx, provider)
    made = make_inventory(call, name, call.payload)
    provider = await changes.write_inventories(call.tx, provider, {**found, name: made})
    return with_generation(call, provider, render_inventory(made))


async def delete_provider_inventory(call: Call[None]) -> None:
    """One inventory less."""
    provider = await _provider_at(call, UNSET)
    name = call.path["resource_class"]
    await changes.get_inventory(call.tx, provider, name)
    found = await changes.list_inventories(call.tx, provider)
    del found[name]
    await changes.write_inventories(call.tx, provider, found)


async def _write(call: Call[Any], provider: Provider, wanted: Mapping[str, Inventory]) -> Any:
    provider = await changes.write_inventories(call.tx, provider, wanted)
    rows = {name: render_inventory(one) for name, one in wanted.items()}
    return with_generation(call, provider, {"inventories": rows})


async def replace_provider_traits(call: Call[TraitsReplace]) -> Any:
    """All traits of a provider."""
    provider = await _provider_at(call, call.payload.resource_provider_generation)
    provider = await changes.write_traits(call.tx, provider, call.payload.traits)
    view = await get_view(call.tx, provider.id)
    return with_generation(call, provider, {"traits": sorted(view.traits)})


async def delete_provider_traits(call: Call[None]) -> None:
    """No traits any more but those that the host reports."""
    provider = await _provider_at(call, UNSET)
    await changes.write_traits(call.tx, provider, ())


async def replace_provider_aggregates(call: Call[list[str] | AggregatesReplace]) -> Any:
    """All aggregates of a provider; before 1.19 the body is the bare list."""
    body, counts = call.payload, "aggregate_generations" in call.flags
    if isinstance(body, list) == counts:
        raise InvalidRequest("cannot read the body; send an object from 1.19, before that a list")
    ids = body if isinstance(body, list) else body.aggregates
    known = UNSET if isinstance(body, list) else body.resource_provider_generation
    if counts and known is UNSET:
        raise InvalidRequest("cannot change aggregates without 'resource_provider_generation'")
    provider = await _provider_at(call, known)
    wanted = [check_uuid("aggregates", id) for id in ids]
    provider = await changes.write_aggregates(call.tx, provider, wanted, counts=counts)
    return with_generation(call, provider, {"aggregates": sorted(set(wanted))})
