"""Networks."""

from collections.abc import Sequence
from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import (
    ABSENT,
    Absent,
    Id,
    Name,
    check_zones,
    given,
    pick,
    render_common,
)
from pilvi.network.model.network import ACTIVE, AVAILABILITY_ZONE, PHYSICAL_NETWORK, Network
from pilvi.network.operations import networks as operations
from pilvi.network.store import networks as store
from pilvi.network.store.sharing import list_shared
from pilvi.network.store.subnetpools import list_scopes_of_pools
from pilvi.network.store.subnets import list_subnets_of
from pilvi.network.store.tags import list_tags


class NetworkFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a network is made of."""

    name: Name | Absent = ABSENT
    description: Name | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT
    admin_state_up: bool | Absent = ABSENT
    is_shared: bool | Absent = msgspec.field(default=ABSENT, name="shared")
    is_external: bool | Absent = msgspec.field(default=ABSENT, name="router:external")
    is_default: bool | Absent = ABSENT
    mtu: int | None | Absent = ABSENT
    port_security_enabled: bool | Absent = ABSENT
    network_type: str | None | Absent = msgspec.field(default=ABSENT, name="provider:network_type")
    physical_network: str | None | Absent = msgspec.field(
        default=ABSENT, name="provider:physical_network"
    )
    segmentation_id: int | None | Absent = msgspec.field(
        default=ABSENT, name="provider:segmentation_id"
    )
    availability_zone_hints: list[str] | Absent = ABSENT
    dns_domain: str | None | Absent = ABSENT
    qos_policy_id: str | None | Absent = ABSENT
    vlan_transparent: bool | None | Absent = ABSENT
    qinq: bool | None | Absent = ABSENT
    ha: bool | None | Absent = ABSENT


class NetworkBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT; a list makes several at once, all or none."""

    network: NetworkFields | Absent = ABSENT
    networks: list[NetworkFields] | Absent = ABSENT


_FIXED: dict[str, Any] = {
    "dns_domain": ("", None),
    "vlan_transparent": (False, None),
    "qinq": (False, None),
    "ha": (False, None),
}


async def render_networks(call: Call[Any], found: Sequence[Network]) -> list[dict[str, Any]]:
    """Bodies of some networks."""
    ids = [network.id for network in found]
    there = await list_subnets_of(call.tx, ids)
    scopes = await list_scopes_of_pools(
        call.tx, {s.subnetpool_id for s in there if s.subnetpool_id}
    )
    tags = await list_tags(call.tx, ids)
    shared = await list_shared(call.tx, ids, call.caller.project_id)
    bodies = []
    for network in found:
        mine = [subnet for subnet in there if subnet.network_id == network.id]
        body = _render_one(call, network, tags.get(network.id, ()), is_shared=network.id in shared)
        body["subnets"] = [subnet.id for subnet in mine]
        for version in (4, 6):
            pools = [s.subnetpool_id or "" for s in mine if s.ip_version == version]
            body[f"ipv{version}_address_scope"] = next(
                (scopes[pool] for pool in pools if pool in scopes), None
            )
        bodies.append(body)
    return bodies


def _render_one(
    call: Call[Any], network: Network, tags: Sequence[str], *, is_shared: bool
) -> dict[str, Any]:
    body: dict[str, Any] = {
        **render_common(network, tags),
        "name": network.name,
        "status": ACTIVE,
        "admin_state_up": network.admin_state_up,
        "shared": is_shared,
        "router:external": network.is_external,
        "mtu": network.mtu,
        "port_security_enabled": network.port_security_enabled,
        "qos_policy_id": network.qos_policy_id,
        "availability_zones": [AVAILABILITY_ZONE],
        "availability_zone_hints": network.availability_zone_hints,
    }
    if network.is_external:
        body["is_default"] = network.is_default
    if call.caller.is_admin:
        body |= {
            "provider:network_type": network.network_type,
            "provider:physical_network": PHYSICAL_NETWORK if network.is_uplink else None,
            "provider:segmentation_id": None if network.is_uplink else network.segment,
        }
    return body


async def list_networks(call: Call[None]) -> dict[str, Any]:
    """Own, shared and external networks; all for admins."""
    found, more = await store.list_networks(call.tx, parse_listing(call))
    return page_of(call, "networks", await render_networks(call, found), more)


async def show_network(call: Call[None]) -> dict[str, Any]:
    """One network."""
    return await _show(call)


async def _show(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    id, project_id = call.path["network_id"], call.caller.visible_project_id
    found = await store.get_network(call.tx, id, project_id)
    return {"network": select_fields(call, (await render_networks(call, [found]))[0])}


async def create_network(call: Call[NetworkBody]) -> dict[str, Any]:
    """A new network, or several."""
    ids = []
    for fields in pick(call.payload.network, call.payload.networks, "network"):
        values = given(fields, _FIXED)
        check_zones(values)
        ids.append(await operations.create_network(call.tx, call.caller, values))
    made = await store.list_networks_by_id(call.tx, ids)
    bodies = await render_networks(call, [made[id] for id in ids])
    return {"networks": bodies} if call.payload.network is ABSENT else {"network": bodies[0]}


async def update_network(call: Call[NetworkBody]) -> dict[str, Any]:
    """Change a network."""
    (fields,) = pick(call.payload.network, ABSENT, "network")
    values = given(fields, _FIXED | {"project_id": (), "availability_zone_hints": ()})
    await operations.update_network(call.tx, call.caller, call.path["network_id"], values)
    return await _show(call)


async def delete_network(call: Call[None]) -> None:
    """Remove a network with its subnets."""
    await operations.delete_network(call.tx, call.caller, call.path["network_id"])
