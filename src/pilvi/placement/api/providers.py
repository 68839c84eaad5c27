"""Providers with what they have and who claims it."""

import datetime
import email.utils
from typing import Any

from pilvi.core.db import now
from pilvi.core.http import Call, Reply
from pilvi.errors import InvalidRequest, NotFound, Unsupported
from pilvi.placement.api.queries import PROVIDER_PARAMETERS, check_uuid, read_group, read_query
from pilvi.placement.model.candidates import TraitFilter, fits_group
from pilvi.placement.model.inventory import Inventory
from pilvi.placement.model.provider import Provider
from pilvi.placement.operations.usages import get_view, list_known_traits, list_views
from pilvi.placement.store import allocations

ROOT = "/placement"
LINKS = ("inventories", "usages", "aggregates", "traits", "allocations")


def fresh(call: Call[Any], body: Any, changed_at: datetime.datetime | None = None) -> Any:
    """A reply that says when what it shows was changed, where the version has that."""
    if "cache_headers" not in call.flags:
        return body
    moment = email.utils.format_datetime(changed_at or now(), usegmt=True)
    return Reply(body, headers={"last-modified": moment, "cache-control": "no-cache"})


async def check_traits(call: Call[Any], wanted: TraitFilter) -> None:
    """Raises `InvalidRequest` for a trait that there is not."""
    if wanted.named and (unknown := wanted.named - set(await list_known_traits(call.tx))):
        raise InvalidRequest(f"cannot find the trait {', '.join(sorted(unknown))}")


def _render(provider: Provider) -> dict[str, Any]:
    path = f"{ROOT}/resource_providers/{provider.id}"
    links = [{"rel": rel, "href": f"{path}/{rel}"} for rel in LINKS]
    return {
        "uuid": provider.id,
        "name": provider.name,
        "generation": provider.generation,
        "links": [{"rel": "self", "href": path}, *links],
        "parent_provider_uuid": None,
        "root_provider_uuid": provider.id,
    }


async def list_resource_providers(call: Call[None]) -> Any:
    """The providers, filtered."""
    values = read_query(call, PROVIDER_PARAMETERS)
    group = read_group(call, values)
    await check_traits(call, group.traits)
    equal = {"name": values["name"][0]} if "name" in values else {}
    if "uuid" in values:
        equal["id"] = check_uuid("uuid", values["uuid"][0])
    found = [view for view in await list_views(call.tx, **equal) if fits_group(group, view)]
    body = {"resource_providers": [_render(view.provider) for view in found]}
    return fresh(call, body, max((v.provider.updated_at for v in found), default=None))


async def show_resource_provider(call: Call[None]) -> Any:
    """One provider."""
    view = await get_view(call.tx, call.path["provider_id"])
    return fresh(call, _render(view.provider), view.provider.updated_at)


def _render_inventory(inventory: Inventory) -> dict[str, Any]:
    names = ("total", "reserved", "min_unit", "max_unit", "step_size", "allocation_ratio")
    return {name: getattr(inventory, name) for name in names}


async def list_provider_inventories(call: Call[None]) -> Any:
    """What a provider has."""
    view = await get_view(call.tx, call.path["provider_id"])
    rows = {name: _render_inventory(one) for name, one in view.usage.inventories.items()}
    return _with_generation(call, view.provider, {"inventories": rows})


async def show_provider_inventory(call: Call[None]) -> Any:
    """What a provider has of one resource class."""
    view = await get_view(call.tx, call.path["provider_id"])
    name = call.path["resource_class"]
    if name not in view.usage.inventories:
        raise NotFound(f"cannot find an inventory of {name} here")
    body = _render_inventory(view.usage.inventories[name])
    return _with_generation(call, view.provider, body)


async def list_provider_usages(call: Call[None]) -> Any:
    """How much of what a provider has is claimed."""
    usage = (view := await get_view(call.tx, call.path["provider_id"])).usage
    rows = {name: usage.used.get(name, 0) for name in usage.inventories}
    return _with_generation(call, view.provider, {"usages": rows})


async def list_provider_allocations(call: Call[None]) -> Any:
    """Who claims what of a provider."""
    view = await get_view(call.tx, call.path["provider_id"])
    claims = await allocations.list_claims(call.tx, provider_id=view.provider.id)
    rows = {claim.consumer_id: {"resources": claim.resources} for claim in claims}
    return _with_generation(call, view.provider, {"allocations": rows})


async def list_provider_aggregates(call: Call[None]) -> Any:
    """A provider's aggregates: this cloud has none."""
    view = await get_view(call.tx, call.path["provider_id"])
    return _with_generation(call, view.provider, {"aggregates": []})


async def list_provider_traits(call: Call[None]) -> Any:
    """What a provider can do."""
    view = await get_view(call.tx, call.path["provider_id"])
    return _with_generation(call, view.provider, {"traits": sorted(view.traits)})


def _with_generation(call: Call[Any], provider: Provider, body: dict[str, Any]) -> Any:
    body["resource_provider_generation"] = provider.generation
    return fresh(call, body, provider.updated_at)


async def refuse_change(call: Call[None]) -> None:
    """Every request to write: hosts report what they have, servers claim it."""
    raise Unsupported(
        "cannot change placement through its API: providers follow the hosts' own reports, and "
        "claims follow servers; change the host or the server instead"
    )
