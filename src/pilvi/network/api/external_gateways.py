"""A router's gateways as a list (Neutron API, "Add external gateways to router")."""

from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.routers import Gateway, gateway_values, show_changed_router
from pilvi.network.api.wire import require
from pilvi.network.operations import external_gateways as operations


class ExternalGatewaysFields(msgspec.Struct, forbid_unknown_fields=True):
    """Gateways to add, to set or to remove."""

    external_gateways: list[Gateway]


class ExternalGatewaysBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of the three."""

    router: ExternalGatewaysFields


def _values(call: Call[ExternalGatewaysBody]) -> list[dict[str, Any]]:
    values = [gateway_values(one) for one in call.payload.router.external_gateways]
    for one in values:
        require(one, "network_id")
    return values


async def add_external_gateways(call: Call[ExternalGatewaysBody]) -> dict[str, Any]:
    """Give a router its gateway; a second one is refused."""
    id, values = call.path["router_id"], _values(call)
    await operations.add_external_gateways(call.tx, call.caller, id, values)
    return await show_changed_router(call)


async def update_external_gateways(call: Call[ExternalGatewaysBody]) -> dict[str, Any]:
    """Give a router exactly this gateway, or none."""
    id, values = call.path["router_id"], _values(call)
    await operations.update_external_gateways(call.tx, call.caller, id, values)
    return await show_changed_router(call)


async def remove_external_gateways(call: Call[ExternalGatewaysBody]) -> dict[str, Any]:
    """Take its gateway from a router."""
    id, values = call.path["router_id"], _values(call)
    await operations.remove_external_gateways(call.tx, call.caller, id, values)
    return await show_changed_router(call)
