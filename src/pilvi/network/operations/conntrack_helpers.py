"""Conntrack helpers of routers. In the caller's transaction."""

import uuid
from collections.abc import Mapping
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Conflict, InvalidRequest
from pilvi.host_api.networks import helper_capability
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.network.model.router import HELPERS, HELPERS_MAX, Router
from pilvi.network.operations.wakes import touch_routers
from pilvi.network.store import conntrack_helpers as store
from pilvi.network.store import routers


async def create_conntrack_helper(
    tx: Transaction, caller: Caller, router_id: str, values: Mapping[str, Any]
) -> str:
    """A new helper of a router; returns its id.

    Raises `InvalidRequest` for one that no kernel has, `Conflict` where no host, or not the host
    that carries the router, has it.
    """
    router = await routers.get_router(tx, router_id, caller.visible_project_id)
    row = await _check(tx, router, values)
    if len(await store.list_of_router(tx, router.id)) >= HELPERS_MAX:
        raise Conflict(f"cannot have more than {HELPERS_MAX} conntrack helpers in one router")
    id, moment = str(uuid.uuid4()), now()
    await store.insert_helper(
        tx,
        id=id,
        project_id=router.project_id,
        router_id=router.id,
        created_at=moment,
        updated_at=moment,
        **row,
    )
    await touch_routers(tx, router.id)
    return id


async def _check(
    tx: Transaction, router: Router, values: Mapping[str, Any], besides: str | None = None
) -> dict[str, Any]:
    helper, protocol, port = values["helper"], values["protocol"], values["port"]
    if not 1 <= port <= 65535:
        raise InvalidRequest(f"cannot use port {port}: ports go from 1 to 65535")
    known = HELPERS.get(helper)
    if known is None:
        raise InvalidRequest(f"cannot use helper '{helper}'; use one of: {', '.join(HELPERS)}")
    if protocol not in known:
        raise InvalidRequest(f"cannot use helper '{helper}' over {protocol}: {' or '.join(known)}")
    for other in await store.list_of_router(tx, router.id):
        if (other.protocol, other.port) == (protocol, port) and other.id != besides:
            raise Conflict(f"cannot help with {protocol} port {port}: {other.id} does already")
    ability = helper_capability(helper, protocol)
    hosts = [host for host in await list_hosts(tx) if host.facts is not None]
    able = [h for h in hosts if h.facts is not None and ability in h.facts.capabilities]
    if router.host_id is not None:
        able = [host for host in able if host.id == router.host_id]
    if not able:
        where = "the router's host" if router.host_id is not None else "no host"
        verb = "does not have" if router.host_id is not None else "has"
        raise Conflict(
            f"cannot use helper '{helper}' over {protocol}: {where} {verb} it in its kernel"
        )
    return {"helper": helper, "protocol": protocol, "port": port}


async def update_conntrack_helper(
    tx: Transaction, caller: Caller, router_id: str, id: str, values: Mapping[str, Any]
) -> None:
    """Change a helper of a router. Raises as `create_conntrack_helper`."""
    router = await routers.get_router(tx, router_id, caller.visible_project_id)
    before = await store.get_helper(tx, router.id, id)
    kept = {name: getattr(before, name) for name in ("helper", "protocol", "port")}
    row = await _check(tx, router, {**kept, **values}, besides=before.id)
    await store.update_helper(tx, before.id, **row, updated_at=now())
    await touch_routers(tx, router.id)


async def delete_conntrack_helper(tx: Transaction, caller: Caller, router_id: str, id: str) -> None:
    """Remove a helper of a router."""
    router = await routers.get_router(tx, router_id, caller.visible_project_id)
    helper = await store.get_helper(tx, router.id, id)
    await store.delete_helper(tx, helper.id)
    await touch_routers(tx, router.id)
