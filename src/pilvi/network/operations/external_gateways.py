"""A router's gateways as a list, of which there is at most one. In the caller's transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

from pilvi.core.db import Transaction
from pilvi.core.http import Caller
from pilvi.errors import Conflict, InvalidRequest, Unsupported
from pilvi.network.model.port import ROUTER_GATEWAY
from pilvi.network.model.router import Router
from pilvi.network.operations.routers import list_legs, update_router
from pilvi.network.store import routers

Gateways = Sequence[Mapping[str, Any]]


async def add_external_gateways(
    tx: Transaction, caller: Caller, id: str, gateways: Gateways
) -> None:
    """Give a router its gateway. Raises `Unsupported` for a second one."""
    router = await routers.get_router(tx, id, caller.visible_project_id)
    if gateways:
        _refuse_second(router, len(gateways) + (router.external_network_id is not None))
        await update_router(tx, caller, router.id, {"gateway": gateways[0]})


async def update_external_gateways(
    tx: Transaction, caller: Caller, id: str, gateways: Gateways
) -> None:
    """Give a router exactly these gateways: one, or none. Raises `Unsupported` for more."""
    router = await routers.get_router(tx, id, caller.visible_project_id)
    _refuse_second(router, len(gateways))
    await update_router(tx, caller, router.id, {"gateway": gateways[0] if gateways else None})


async def remove_external_gateways(
    tx: Transaction, caller: Caller, id: str, gateways: Gateways
) -> None:
    """Take its gateway from a router. Raises `InvalidRequest` for one that it does not have."""
    router = await routers.get_router(tx, id, caller.visible_project_id)
    if not gateways:
        return
    if router.external_network_id is None:
        raise Conflict(f"cannot take gateways from router {router.id}: it has none")
    legs = await list_legs(tx, router.id)
    own = {a for leg in legs if leg.device_owner == ROUTER_GATEWAY for a in leg.addresses}
    for gateway in gateways:
        asked = {wish.address for wish in gateway.get("external_fixed_ips") or ()} - {None}
        if gateway["network_id"] != router.external_network_id or (asked and not asked & own):
            raise InvalidRequest(
                f"cannot take this gateway from router {router.id}: it has none to network "
                f"{gateway['network_id']} with these addresses"
            )
    await update_router(tx, caller, router.id, {"gateway": None})


def _refuse_second(router: Router, count: int) -> None:
    if count > 1:
        raise Unsupported(
            f"cannot give router {router.id} {count} gateways: a router of this cloud has one"
        )
