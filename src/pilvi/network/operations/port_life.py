"""How ports come and go, whoever asks. In the caller's transaction."""

import secrets
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict
from pilvi.network.model.network import Network
from pilvi.network.model.port import NETWORK_OWNED, FixedIp, Port, PortStatus
from pilvi.network.model.router import PortForwarding
from pilvi.network.operations.traces import end_trace
from pilvi.network.operations.wakes import (
    PORT,
    SERVER,
    touch_members,
    touch_networks,
    touch_ports,
    touch_routers,
)
from pilvi.network.store import floating_ips, logs, ndp_proxies, port_forwardings, ports, subnets
from pilvi.network.store.tags import delete_tags

# MACs tried at once. Lower: more queries when a network is crowded; higher: a longer query.
MAC_TRIES = 4


async def make_port(
    tx: Transaction,
    network: Network,
    fixed_ips: Sequence[FixedIp],
    group_ids: Collection[str] = (),
    **values: Any,
) -> str:
    """Add a port with these addresses and groups; returns its id. Raises `Conflict`."""
    id, moment = str(uuid.uuid4()), now()
    row = {
        "id": id,
        "network_id": network.id,
        "address_pairs": [],
        "status": PortStatus.DOWN,
        "created_at": moment,
        "updated_at": moment,
        **values,
    }
    if "mac" not in row:
        row["mac"] = await choose_mac(tx, network.id)
    await ports.insert_port(tx, group_ids, **row)
    for place, fixed in enumerate(fixed_ips):
        await subnets.insert_fixed_ip(tx, id, fixed.subnet_id, fixed.address, place)
    if not str(row.get("device_owner", "")).startswith(NETWORK_OWNED):
        await touch_networks(tx, network.id)
        await touch_members(tx, *group_ids)
    return id


async def choose_mac(tx: Transaction, network_id: str, wanted: str | None = None) -> str:
    """A MAC that no port of a network has, or the one wanted. Raises `Conflict`."""
    if wanted is not None:
        if await ports.list_taken_macs(tx, network_id, [wanted]):
            raise Conflict(f"cannot use the MAC address {wanted}: a port on the network has it")
        return wanted
    while True:
        candidates = [_random_mac() for _ in range(MAC_TRIES)]
        taken = await ports.list_taken_macs(tx, network_id, candidates)
        free = next((mac for mac in candidates if mac not in taken), None)
        if free is not None:
            return free


def _random_mac() -> str:
    return "fa:16:3e:" + ":".join(f"{byte:02x}" for byte in secrets.token_bytes(3))


async def remove_port(tx: Transaction, port: Port) -> bool:
    """Wish that a guest's port is gone; returns whether it is, at once. Repeatable.

    A port that no host was asked to hold goes at once, another when its host has let go of it;
    until then its address stays given.
    """
    if not port.is_deleting:
        await disassociate(tx, port.id)
        if port.server_id is not None:
            tx.wake(SERVER, port.server_id)
    if port.held_host_id is None:
        await forget_port(tx, port)
        return True
    if not port.is_deleting:
        await ports.update_port(tx, port.id, is_deleting=True, generation=port.generation + 1)
        await touch_networks(tx, port.network_id)
        await touch_members(tx, *port.group_ids)
        tx.wake(PORT, port.id)
    return False


async def forget_port(tx: Transaction, port: Port) -> None:
    """Drop the row of a port that no host holds, and say so; nobody walks along it any more."""
    await end_trace(tx, port.id)
    await ports.delete_port(tx, port.id)
    await delete_tags(tx, [port.id])
    await logs.delete_logs_of(tx, port.id)
    await touch_networks(tx, port.network_id)
    if not port.is_deleting:
        await touch_members(tx, *port.group_ids)
    if port.server_id is not None:
        tx.wake(SERVER, port.server_id)


async def disassociate(
    tx: Transaction, port_id: str, addresses: Collection[str] | None = None
) -> None:
    """Have nothing outside lead to these addresses (None: all) of a port. Repeatable."""
    for proxy in await ndp_proxies.list_of_port(tx, port_id):
        if addresses is None or proxy.address in addresses:
            await ndp_proxies.delete_proxies(tx, [proxy.id])
            await touch_routers(tx, proxy.router_id)
    for forwarding in await port_forwardings.list_of_port(tx, port_id):
        if addresses is None or forwarding.internal_address in addresses:
            await forget_forwarding(tx, forwarding)
    for floating in await floating_ips.list_of_ports(tx, [port_id]):
        if addresses is not None and floating.fixed_address not in addresses:
            continue
        await floating_ips.update_floating_ip(
            tx,
            floating.id,
            port_id=None,
            fixed_address=None,
            router_id=None,
            status=PortStatus.DOWN,
            generation=floating.generation + 1,
            updated_at=now(),
        )
        if floating.router_id is not None:
            await touch_routers(tx, floating.router_id)
        await touch_ports(tx, port_id)


async def forget_forwarding(tx: Transaction, forwarding: PortForwarding) -> None:
    """Forget a forwarding; with the last one the router lets go of the floating IP."""
    floating = await floating_ips.get_floating_ip(tx, forwarding.floating_ip_id, None)
    await port_forwardings.delete_port_forwarding(tx, forwarding.id)
    if not (await port_forwardings.list_of_floating_ips(tx, [floating.id]))[floating.id]:
        await floating_ips.update_floating_ip(
            tx, floating.id, router_id=None, status=PortStatus.DOWN
        )
    if floating.router_id is not None:
        await touch_routers(tx, floating.router_id)
