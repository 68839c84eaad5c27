"""What consumers hold, and where more would fit."""

from typing import Any

from pilvi.core.http import Call
from pilvi.errors import Forbidden, InvalidRequest
from pilvi.placement.api.providers import check_traits, fresh
from pilvi.placement.api.queries import USAGE_PARAMETERS, read_candidate_request, read_query
from pilvi.placement.model.candidates import CandidateRequest, ProviderView, list_fitting
from pilvi.placement.model.claim import CONSUMER_TYPE
from pilvi.placement.operations.allocations import find_claim
from pilvi.placement.operations.usages import get_view, list_views
from pilvi.placement.store.allocations import sum_by_project


async def show_allocations(call: Call[None]) -> Any:
    """What one consumer holds; nothing is no error."""
    claim = await find_claim(call.tx, call.path["consumer_id"])
    if claim is None:
        return fresh(call, {"allocations": {}})
    provider = (await get_view(call.tx, claim.provider_id)).provider
    held = {"resources": claim.resources, "generation": provider.generation}
    body = {
        "allocations": {provider.id: held} if claim.resources else {},
        "project_id": claim.project_id,
        "user_id": claim.user_id,
        "consumer_generation": claim.generation,
        "consumer_type": CONSUMER_TYPE,
    }
    return fresh(call, body, provider.updated_at)


async def list_usages(call: Call[None]) -> Any:
    """What the consumers of a project hold together."""
    values = read_query(call, USAGE_PARAMETERS)
    if "project_id" not in values:
        raise InvalidRequest("cannot sum up usages without 'project_id': name a project")
    project_id = values["project_id"][0]
    if call.caller.visible_project_id not in (None, project_id):
        raise Forbidden("cannot see what another project claims")
    user_id = values.get("user_id", [None])[0]
    used, count = await sum_by_project(call.tx, project_id, user_id)
    kind = values.get("consumer_type", [CONSUMER_TYPE])[0]
    is_told = count > 0 and kind in (CONSUMER_TYPE, "all")
    return fresh(call, {"usages": {kind: {"consumer_count": count, **used}} if is_told else {}})


async def list_allocation_candidates(call: Call[None]) -> Any:
    """Which providers have room for what is asked."""
    request = read_candidate_request(call)
    for group in request.groups.values():
        await check_traits(call, group.traits)
    await check_traits(call, request.root_traits)
    found = list_fitting(request, await list_views(call.tx))
    body = {
        "allocation_requests": [_render_request(request, view) for view in found],
        "provider_summaries": {view.provider.id: _render_summary(view) for view in found},
    }
    return fresh(call, body)


def _render_request(request: CandidateRequest, view: ProviderView) -> dict[str, Any]:
    return {
        "allocations": {view.provider.id: {"resources": request.resources}},
        "mappings": {suffix: [view.provider.id] for suffix in request.groups},
    }


def _render_summary(view: ProviderView) -> dict[str, Any]:
    return {
        "resources": {
            name: {"capacity": inventory.capacity, "used": view.usage.used.get(name, 0)}
            for name, inventory in view.usage.inventories.items()
        },
        "traits": sorted(view.traits),
        "parent_provider_uuid": None,
        "root_provider_uuid": view.provider.id,
    }
