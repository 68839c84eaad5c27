"""Providers with what they have and who claims it: to read."""

import datetime
import email.utils
from collections.abc import Iterable
from typing import Any

from pilvi.core.db import now
from pilvi.core.http import Call, Reply
from pilvi.errors import InvalidRequest, NotFound
from pilvi.placement.api.queries import PROVIDER_PARAMETERS, check_uuid, read_group, read_query
from pilvi.placement.model.candidates import Filter, ProviderView, fits_group
from pilvi.placement.model.inventory import Inventory
from pilvi.placement.model.provider import Provider
from pilvi.placement.model.tree import roots_of
from pilvi.placement.operations.usages import (
    get_view,
    list_known_classes,
    list_known_traits,
    list_usages,
    list_views,
)
from pilvi.placement.store import allocations, providers

ROOT = "/placement"
LINKS = ("inventories", "usages", "aggregates", "traits", "allocations")


def fresh(call: Call[Any], body: Any, changed_at: datetime.datetime | None = None) -> Any:
    """A reply that says when what it shows was changed, where the version has that."""
    if "cache_headers" not in call.flags:
        return body
    moment = email.utils.format_datetime(changed_at or now(), usegmt=True)
    return Reply(body, headers={"last-modified": moment, "cache-control": "no-cache"})


async def check_traits(call: Call[Any], wanted: Filter) -> None:
    """Raises `InvalidRequest` for a trait that there is not."""
    if wanted.named and (unknown := wanted.named - set(await list_known_traits(call.tx))):
        raise InvalidRequest(f"cannot find the trait {', '.join(sorted(unknown))}")


async def check_classes(call: Call[Any], names: Iterable[str]) -> None:
    """Raises `InvalidRequest` for a resource class that there is not."""
    known = await list_known_classes(call.tx)
    for name in names:
        if name not in known:
            raise InvalidRequest(f"cannot find the resource class '{name}'")


def render_provider(view: ProviderView) -> dict[str, Any]:
    """One provider as replies show it."""
    provider = view.provider
    path = f"{ROOT}/resource_providers/{provider.id}"
    links = [{"rel": rel, "href": f"{path}/{rel}"} for rel in LINKS]
    return {
        "uuid": provider.id,
        "name": provider.name,
        "generation": provider.generation,
        "links": [{"rel": "self", "href": path}, *links],
        "parent_provider_uuid": provider.parent_id,
        "root_provider_uuid": view.root,
    }


async def list_resource_providers(call: Call[None]) -> Any:
    """The providers, filtered."""
    values = read_query(call, PROVIDER_PARAMETERS)
    group = read_group(call, values)
    await check_traits(call, group.traits)
    equal = {"name": values["name"][0]} if "name" in values else {}
    if "uuid" in values:
        equal["id"] = check_uuid("uuid", values["uuid"][0])
    await check_classes(call, group.resources)
    tree_of = roots_of(await providers.list_providers(call.tx))
    views = await list_views(call.tx, **equal)
    found = [view for view in views if fits_group(group, view, tree_of)]
    body = {"resource_providers": [render_provider(view) for view in found]}
    return fresh(call, body, max((v.provider.updated_at for v in found), default=None))


async def show_resource_provider(call: Call[None]) -> Any:
    """One provider."""
    view = await get_view(call.tx, call.path["provider_id"])
    return fresh(call, render_provider(view), view.provider.updated_at)


def render_inventory(inventory: Inventory) -> dict[str, Any]:
    names = ("total", "reserved", "min_unit", "max_unit", "step_size", "allocation_ratio")
    return {name: getattr(inventory, name) for name in names}


async def list_provider_inventories(call: Call[None]) -> Any:
    """What a provider has."""
    view = await get_view(call.tx, call.path["provider_id"])
    rows = {name: render_inventory(one) for name, one in view.usage.inventories.items()}
    return with_generation(call, view.provider, {"inventories": rows})


async def show_provider_inventory(call: Call[None]) -> Any:
    """What a provider has of one resource class."""
    view = await get_view(call.tx, call.path["provider_id"])
    name = call.path["resource_class"]
    if name not in view.usage.inventories:
        raise NotFound(f"cannot find an inventory of {name} here")
    body = render_inventory(view.usage.inventories[name])
    return with_generation(call, view.provider, body)


async def list_all_usages(call: Call[None]) -> Any:
    """How much of what every provider gives is used: Pilvi's own, one list for all of them."""
    usages = await list_usages(call.tx)
    rows = [
        {
            "uuid": provider.id,
            "name": provider.name,
            "resources": {
                name: {"used": usages[provider.id].used.get(name, 0), "capacity": capacity}
                for name, capacity in usages[provider.id].capacity.items()
            },
        }
        for provider in await providers.list_providers(call.tx)
    ]
    return fresh(call, {"resource_providers": rows})


async def list_provider_usages(call: Call[None]) -> Any:
    """How much of what a provider has is claimed."""
    usage = (view := await get_view(call.tx, call.path["provider_id"])).usage
    rows = {name: usage.used.get(name, 0) for name in usage.inventories}
    return with_generation(call, view.provider, {"usages": rows})


async def list_provider_allocations(call: Call[None]) -> Any:
    """Who claims what of a provider."""
    view = await get_view(call.tx, call.path["provider_id"])
    claims = await allocations.list_claims(call.tx, provider_id=view.provider.id)
    id = view.provider.id
    rows = {claim.consumer_id: {"resources": claim.held[id]} for claim in claims}
    return with_generation(call, view.provider, {"allocations": rows})


async def list_provider_aggregates(call: Call[None]) -> Any:
    """The aggregates that a provider is in."""
    view = await get_view(call.tx, call.path["provider_id"])
    return with_generation(call, view.provider, {"aggregates": sorted(view.aggregates)})


async def list_provider_traits(call: Call[None]) -> Any:
    """What a provider can do."""
    view = await get_view(call.tx, call.path["provider_id"])
    return with_generation(call, view.provider, {"traits": sorted(view.traits)})


def with_generation(call: Call[Any], provider: Provider, body: dict[str, Any]) -> Any:
    """A reply about a part of a provider, with the provider's generation."""
    body["resource_provider_generation"] = provider.generation
    return fresh(call, body, provider.updated_at)
