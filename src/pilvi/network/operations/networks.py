"""Networks. In the caller's transaction."""

import uuid
from collections.abc import Mapping
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Conflict, InvalidRequest, Unsupported
from pilvi.network.model.advice import tell_who_has
from pilvi.network.model.network import (
    MTU_MIN,
    PHYSICAL_NETWORK,
    SEGMENT_MAX,
    Network,
    NetworkType,
)
from pilvi.network.model.port import DHCP, FLOATING_IP, ROUTER_GATEWAY
from pilvi.network.model.sharing import Action, ObjectType
from pilvi.network.operations.floating_ips import remove_floating_ip
from pilvi.network.operations.ownership import choose_project, refuse_for_members, require_owner
from pilvi.network.operations.qos import check_change, get_usable_policy
from pilvi.network.operations.quotas import check_quota
from pilvi.network.operations.segment_ranges import choose_segmentation_id
from pilvi.network.operations.sharing import share_with_everybody
from pilvi.network.operations.wakes import touch_networks, touch_ports
from pilvi.network.store import floating_ips, networks, ports, sharing, subnets
from pilvi.network.store.agents import delete_dhcp_hosts_of
from pilvi.network.store.qos import find_default_policy
from pilvi.network.store.tags import delete_tags

_SHARING = {"is_shared": Action.SHARED, "is_external": Action.EXTERNAL}
_FOR_ADMINS = {
    "is_shared": False,
    "is_external": False,
    "is_default": False,
    "network_type": None,
    "physical_network": None,
    "segmentation_id": None,
}


async def create_network(tx: Transaction, caller: Caller, values: Mapping[str, Any]) -> str:
    """A new network; returns its id. Raises what is wrong with the values."""
    refuse_for_members(caller, values, _FOR_ADMINS, new=True)
    project_id = choose_project(caller, values.get("project_id"))
    await check_quota(tx, project_id, "network")
    policy_id = await _choose_policy(tx, caller, project_id, values)
    network_type, segment = await _choose_provider(tx, project_id, values)
    id, moment = str(uuid.uuid4()), now()
    await networks.insert_network(
        tx,
        id=id,
        project_id=project_id,
        name=values.get("name", ""),
        description=values.get("description", ""),
        admin_state_up=values.get("admin_state_up", True),
        is_default=values.get("is_default", False),
        port_security_enabled=values.get("port_security_enabled", True),
        mtu=_check_mtu(values.get("mtu"), network_type),
        network_type=network_type,
        segment=segment,
        availability_zone_hints=values.get("availability_zone_hints", []),
        qos_policy_id=policy_id,
        applied_generation=1,
        created_at=moment,
        updated_at=moment,
    )
    for name, action in _SHARING.items():
        if values.get(name):
            await share_with_everybody(tx, ObjectType.NETWORK, id, project_id, action=action)
    return id


async def _choose_policy(
    tx: Transaction, caller: Caller, project_id: str, values: Mapping[str, Any]
) -> str | None:
    """The policy of a new network: the one that is named, else the project's default."""
    if "qos_policy_id" not in values:
        default = await find_default_policy(tx, project_id)
        return None if default is None else default.id
    wanted: str | None = values["qos_policy_id"]
    if wanted is not None:
        await get_usable_policy(tx, caller, wanted)
    return wanted


async def _choose_provider(
    tx: Transaction, project_id: str, values: Mapping[str, Any]
) -> tuple[NetworkType, int]:
    """The type and the segment that a network gets."""
    name = values.get("network_type") or NetworkType.VXLAN
    if name not in list(NetworkType):
        known = ", ".join(NetworkType)
        raise Unsupported(f"cannot make a network of type '{name}'; use one of: {known}")
    network_type, physical = NetworkType(name), values.get("physical_network")
    segment = values.get("segmentation_id")
    if network_type is NetworkType.FLAT:
        if physical != PHYSICAL_NETWORK or segment is not None:
            raise InvalidRequest(
                f"cannot make this flat network; give provider:physical_network "
                f"'{PHYSICAL_NETWORK}' and no segmentation id"
            )
        if not values.get("is_external"):
            raise InvalidRequest("cannot make a flat network that is not router:external")
        if await networks.is_uplink_taken(tx):
            raise Conflict(f"cannot use the physical network '{PHYSICAL_NETWORK}': it is in use")
    elif physical is not None:
        raise InvalidRequest("cannot put a VXLAN network on a physical network")
    if segment is None:
        return network_type, await choose_segmentation_id(tx, project_id, network_type)
    if not 1 <= segment <= SEGMENT_MAX:
        raise InvalidRequest(f"cannot use segmentation id {segment}: it must be 1 to {SEGMENT_MAX}")
    if await networks.is_segment_taken(tx, segment):
        raise Conflict(f"cannot use segmentation id {segment}: a network has it")
    return network_type, segment


def _check_mtu(mtu: int | None, network_type: NetworkType) -> int:
    if not mtu:
        return network_type.mtu_max
    if not MTU_MIN <= mtu <= network_type.mtu_max:
        raise InvalidRequest(
            f"cannot use MTU {mtu}: a {network_type} network takes {MTU_MIN} to "
            f"{network_type.mtu_max}"
        )
    return mtu


async def update_network(
    tx: Transaction, caller: Caller, id: str, values: Mapping[str, Any]
) -> None:
    """Change a network. Raises what is wrong with the values."""
    network = await networks.get_network(tx, id, caller.visible_project_id)
    require_owner(caller, network.project_id, "this network")
    refuse_for_members(caller, values, _FOR_ADMINS, new=False)
    if any(name in values for name in ("network_type", "physical_network", "segmentation_id")):
        raise Unsupported("cannot change the provider attributes of a network; make a new one")
    changed = dict(values)
    if "mtu" in changed:
        changed["mtu"] = _check_mtu(changed["mtu"], network.network_type)
    await _change_sharing(tx, network, changed)
    if "qos_policy_id" in changed:
        await check_change(tx, caller, network.qos_policy_id, changed["qos_policy_id"])
    if not changed:
        return
    changed = {name: value for name, value in changed.items() if name not in _SHARING}
    await networks.update_network(tx, network.id, **changed, updated_at=now())
    await touch_networks(tx, network.id)
    looks = {"admin_state_up": network.admin_state_up, "qos_policy_id": network.qos_policy_id}
    if any(changed.get(name, value) != value for name, value in looks.items()):
        await touch_ports(tx, *await ports.list_owners_on_network(tx, network.id))


async def _change_sharing(tx: Transaction, network: Network, changed: Mapping[str, Any]) -> None:
    """Give everybody a network or take it back. Raises `Conflict` for what others use."""
    if network.is_external and changed.get("is_external") is False:
        if network.is_uplink:
            raise Conflict(f"cannot make network {network.id} internal: it leaves the machine")
        owners = await ports.list_owners_on_network(tx, network.id)
        if {ROUTER_GATEWAY, FLOATING_IP} & set(owners.values()):
            raise Conflict(
                f"cannot make network {network.id} internal: router gateways or floating IPs use it"
            )
    for name, action in _SHARING.items():
        if name in changed:
            await share_with_everybody(
                tx,
                ObjectType.NETWORK,
                network.id,
                network.project_id,
                action=action,
                wanted=changed[name],
            )


async def delete_network(tx: Transaction, caller: Caller, id: str) -> None:
    """Wish that a network is gone. Raises `Conflict` while ports other than DHCP's are on it.

    Floating IPs that stand for nothing go with it, as in Neutron.
    """
    network = await networks.get_network(tx, id, caller.visible_project_id)
    require_owner(caller, network.project_id, "this network")
    floating = await floating_ips.list_of_network(tx, network.id)
    if all(one.port_id is None for one in floating):
        for one in floating:
            await remove_floating_ip(tx, one)
    owners = await ports.list_owners_on_network(tx, network.id)
    used = [port_id for port_id, owner in owners.items() if owner != DHCP]
    if used:
        (first,) = await ports.list_ports_by_id(tx, used[:1])
        raise Conflict(
            f"cannot delete network {network.id}: There are one or more ports still in use on the "
            f"network; first {tell_who_has(first)}"
        )
    for port_id in owners:
        await ports.delete_port(tx, port_id)
    subnet_ids = (await subnets.list_subnet_ids(tx, [network.id]))[network.id]
    for subnet_id in subnet_ids:
        await subnets.delete_subnet(tx, subnet_id)
    await delete_dhcp_hosts_of(tx, network.id)
    await sharing.delete_policies_of(tx, network.id)
    await delete_tags(tx, [network.id, *owners, *subnet_ids])
    await networks.update_network(tx, network.id, is_deleting=True)
    await touch_networks(tx, network.id)
