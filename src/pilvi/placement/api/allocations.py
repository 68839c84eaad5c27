"""What consumers hold, and where more would fit."""

from collections.abc import Iterable, Mapping
from typing import Any

from pilvi.core.http import Call
from pilvi.errors import Forbidden, InvalidRequest
from pilvi.placement.api.providers import check_classes, check_traits, fresh
from pilvi.placement.api.queries import USAGE_PARAMETERS, read_candidate_request, read_query
from pilvi.placement.model.candidates import Placement, ProviderView, list_placements
from pilvi.placement.model.claim import UNKNOWN_TYPE
from pilvi.placement.operations.allocations import find_claim
from pilvi.placement.operations.usages import list_views
from pilvi.placement.store.allocations import sum_by_project
from pilvi.placement.store.providers import get_provider


async def show_allocations(call: Call[None]) -> Any:
    """What one consumer holds; nothing is no error."""
    claim = await find_claim(call.tx, call.path["consumer_id"])
    if claim is None:
        return fresh(call, {"allocations": {}})
    holders = {id: await get_provider(call.tx, id) for id in claim.held}
    body = {
        "allocations": {
            id: {"resources": amounts, "generation": holders[id].generation}
            for id, amounts in claim.held.items()
        },
        "project_id": claim.project_id,
        "user_id": claim.user_id,
        "consumer_generation": claim.generation,
        "consumer_type": claim.consumer_type or UNKNOWN_TYPE,
    }
    return fresh(call, body, max((one.updated_at for one in holders.values()), default=None))


async def list_usages(call: Call[None]) -> Any:
    """What the consumers of a project hold together."""
    values = read_query(call, USAGE_PARAMETERS)
    if "project_id" not in values:
        raise InvalidRequest("cannot sum up usages without 'project_id'; name a project")
    project_id = values["project_id"][0]
    if call.caller.visible_project_id not in (None, project_id):
        raise Forbidden("cannot see what another project claims")
    user_id = values.get("user_id", [None])[0]
    found = await sum_by_project(call.tx, project_id, user_id)
    usages = {kind or UNKNOWN_TYPE: used for kind, used in found.items()}
    wanted = values.get("consumer_type", [None])[0]
    if wanted == "all":
        usages = {"all": _sum(usages.values())} if usages else {}
    elif wanted is not None:
        usages = {kind: used for kind, used in usages.items() if kind == wanted}
    return fresh(call, {"usages": usages})


def _sum(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total.get(name, 0) + amount
    return total


async def list_allocation_candidates(call: Call[None]) -> Any:
    """Which providers have room for what is asked."""
    request = read_candidate_request(call)
    for group in request.groups.values():
        await check_traits(call, group.traits)
    await check_traits(call, request.root_traits)
    await check_classes(call, request.resources)
    views = await list_views(call.tx)
    found = list_placements(request, views)
    used = {id for placement in found for id in placement.taken}
    trees = {view.root for view in views if view.id in used}
    shown = (
        [view for view in views if view.root in trees]
        if "trees" in call.flags
        else [view for view in views if view.id in used]
    )
    body = {
        "allocation_requests": [_render_placement(placement) for placement in found],
        "provider_summaries": {view.id: _render_summary(view) for view in shown},
    }
    return fresh(call, body)


def _render_placement(placement: Placement) -> dict[str, Any]:
    return {
        "allocations": {id: {"resources": held} for id, held in placement.taken.items()},
        "mappings": placement.mappings,
    }


def _render_summary(view: ProviderView) -> dict[str, Any]:
    return {
        "resources": {
            name: {"capacity": inventory.capacity, "used": view.usage.used.get(name, 0)}
            for name, inventory in view.usage.inventories.items()
        },
        "traits": sorted(view.traits),
        "parent_provider_uuid": view.provider.parent_id,
        "root_provider_uuid": view.root,
    }
