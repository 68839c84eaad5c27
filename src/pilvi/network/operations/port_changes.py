"""What projects do with ports. In the caller's transaction."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Conflict, Forbidden, InvalidRequest, NotFound, QuotaExceeded
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.network.model.address import parse_network
from pilvi.network.model.network import Network
from pilvi.network.model.port import (
    ADDRESS_PAIRS_MAX,
    DHCP,
    NETWORK_OWNED,
    ROUTER_INTERFACE,
    AskedIp,
    DhcpOption,
    Port,
)
from pilvi.network.operations.addresses import AddressWish, choose_fixed_ips
from pilvi.network.operations.dhcp_options import change_options
from pilvi.network.operations.ownership import choose_project, require_owner
from pilvi.network.operations.port_life import (
    choose_mac,
    disassociate,
    forget_port,
    make_port,
    remove_port,
)
from pilvi.network.operations.qos import check_change, get_usable_policy
from pilvi.network.operations.quotas import check_quota
from pilvi.network.operations.security_groups import (
    check_groups,
    ensure_default_group,
    refuse_mixed,
)
from pilvi.network.operations.sharing import may_use_network
from pilvi.network.operations.subnets import sync_dhcp_port
from pilvi.network.operations.wakes import touch_members, touch_networks, touch_ports, touch_routers
from pilvi.network.store import networks, ports, routers, subnets

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_PLAIN = (
    "name",
    "description",
    "admin_state_up",
    "device_id",
    "device_owner",
    "dns_name",
    "qos_policy_id",
)
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_FOR_NETWORK_OWNERS = ("mac", "port_security_enabled", "address_pairs")


async def create_port(tx: Transaction, caller: Caller, values: Mapping[str, Any]) -> str:
    """A new port; returns its id. Raises what is wrong with the values."""
    network = await networks.get_network(tx, values["network_id"], caller.visible_project_id)
    if not await may_use_network(tx, network, caller.visible_project_id):
        raise Forbidden(f"cannot make a port on network {network.id}: only admins do")
    project_id = choose_project(caller, values.get("project_id"))
    _refuse_on_foreign_network(caller, network, values)
    await _check_device(tx, caller, project_id, values)
    await check_quota(tx, project_id, "port")
    secure = values.get("port_security_enabled", network.port_security_enabled)
    asked_mac = values.get("mac")
    mac = await choose_mac(tx, network.id, None if asked_mac is None else parse_mac(asked_mac))
    there = await subnets.list_subnets_of(tx, [network.id])
    fixed = await choose_fixed_ips(tx, there, AddressWish(mac, values.get("fixed_ips")))
    groups = values.get("group_ids")
    owner = values.get("device_owner", "")
    if groups is None and secure and not owner.startswith(NETWORK_OWNED):
        groups = [(await ensure_default_group(tx, project_id)).id]
    else:
        groups = await check_groups(tx, _group_scope(caller, project_id), groups or [])
        await refuse_mixed(tx, groups)
    pairs = parse_pairs(values.get("address_pairs", []), None)
    _check_security(secure, groups, pairs)
    if values.get("qos_policy_id") is not None:
        await get_usable_policy(tx, caller, values["qos_policy_id"])
    id = await make_port(
        tx,
        network,
        fixed,
        groups,
        project_id=project_id,
        name=values.get("name", ""),
        description=values.get("description", ""),
        admin_state_up=values.get("admin_state_up", True),
        device_id=values.get("device_id", ""),
        device_owner=owner,
        port_security_enabled=secure,
        address_pairs=pairs,
        dns_name=_check_name(values),
        dhcp_options=_dhcp_row((), values),
        qos_policy_id=values.get("qos_policy_id"),
        mac=mac,
        **await _find_host(tx, caller, values),
    )
    await touch_ports(tx, id)
    return id


def _dhcp_row(
    before: Sequence[DhcpOption], values: Mapping[str, Any]
) -> list[tuple[str, str, int]]:
    options = change_options(before, values.get("dhcp_options", []))
    return [(option.name, option.value, option.ip_version) for option in options]


def _check_name(values: Mapping[str, Any]) -> str:
    """The name that DHCP gives a guest. Raises `InvalidRequest` for one that is none."""
    name: str = values.get("dns_name", "")
    if name and not _HOST_NAME.fullmatch(name):
        raise InvalidRequest(
            f"cannot use the dns_name '{name}': it has letters, digits and hyphens, at most 63"
        )
    return name.lower()


def _group_scope(caller: Caller, project_id: str) -> str | None:
    return None if caller.is_admin else project_id


def parse_mac(text: str) -> str:
    """A MAC address as it is printed. Raises `InvalidRequest` for a multicast one too. Pure."""
    mac = text.lower().replace("-", ":")
    if not _MAC.fullmatch(mac) or int(mac[:2], 16) & 1 or mac == "00:00:00:00:00:00":
        raise InvalidRequest(
            f"cannot use the MAC address '{text}': it looks like fa:16:3e:12:34:56"
        )
    return mac


def parse_pairs(
    pairs: Sequence[tuple[str | None, str]], own_mac: str | None
) -> list[tuple[str, str]]:
    """Allowed address pairs, normalised; an empty MAC is the port's own. Pure.

    Raises `InvalidRequest` for what is no pair and for everything at once (0.0.0.0/0),
    `QuotaExceeded` for more than `ADDRESS_PAIRS_MAX`.
    """
    if len(pairs) > ADDRESS_PAIRS_MAX:
        raise QuotaExceeded(f"cannot allow a port more than {ADDRESS_PAIRS_MAX} address pairs")
    parsed = []
    for mac, address in pairs:
        network = parse_network(address, "the ip_address of an allowed address pair")
        if network.prefixlen == 0:
            raise InvalidRequest(
                f"cannot allow the address pair {address}: it is every address; switch "
                "port_security_enabled off instead"
            )
        text = str(network) if "/" in address else str(network.network_address)
        parsed.append((parse_mac(mac) if mac else own_mac or "", text))
    if len(set(parsed)) != len(parsed):
        raise InvalidRequest("cannot allow the same address pair twice")
    return parsed


def _check_security(secure: bool, groups: Sequence[str], pairs: Sequence[tuple[str, str]]) -> None:
    if not secure and groups:
        raise Conflict("cannot use security groups on a port without port security; set it")
    if not secure and pairs:
        raise Conflict("cannot use allowed address pairs on a port without port security; set it")


def _refuse_on_foreign_network(caller: Caller, network: Network, values: Mapping[str, Any]) -> None:
    """On a network shared by another project, its owner decides who is who (OSSA-2026-021)."""
    if caller.is_admin or network.project_id == caller.project_id:
        return
    for name in _FOR_NETWORK_OWNERS:
        if name in values:
            raise Forbidden(f"cannot set {name} on a network of another project")
    if any(wish.address is not None for wish in values.get("fixed_ips") or ()):
        raise Forbidden("cannot choose an address on a network of another project: only a subnet")


async def _check_device(
    tx: Transaction, caller: Caller, project_id: str, values: Mapping[str, Any]
) -> None:
    """Nobody takes the place of the network service or of another's server or router."""
    if caller.is_admin:
        return
    if values.get("device_owner", "").startswith(NETWORK_OWNED):
        raise Forbidden("cannot set a device_owner that begins with 'network:': only admins do")
    device_id = values.get("device_id", "")
    if device_id and (
        await routers.is_router_of_another(tx, device_id, project_id)
        or await ports.is_server_of_another(tx, device_id, project_id)
    ):
        raise Conflict(f"cannot use device_id {device_id}: your project does not own that device")


async def _find_host(
    tx: Transaction, caller: Caller, values: Mapping[str, Any]
) -> dict[str, str | None]:
    """The host that an admin binds a port to, by its name; an unknown name binds nothing."""
    if "host_name" not in values:
        return {}
    if not caller.is_admin:
        raise Forbidden("cannot set binding:host_id: only admins do")
    name = values["host_name"] or ""
    ids = [host.id for host in await list_hosts(tx) if host.name == name]
    return {"host_name": name, "host_id": ids[0] if ids else None}


async def update_port(tx: Transaction, caller: Caller, id: str, values: Mapping[str, Any]) -> None:
    """Change a port. Raises what is wrong with the values."""
    port = await ports.get_port(tx, id, caller.visible_project_id)
    require_owner(caller, port.project_id, "this port")
    network = await networks.find_network(tx, port.network_id)
    assert network is not None
    _refuse_on_foreign_network(caller, network, values)
    await _check_device(tx, caller, port.project_id, values)
    _refuse_for_owned(port, values)
    changed = {name: values[name] for name in _PLAIN if name in values}
    if "dns_name" in changed:
        changed["dns_name"] = _check_name(values)
    if "qos_policy_id" in values:
        await check_change(tx, caller, port.qos_policy_id, values["qos_policy_id"])
    if "mac" in values and parse_mac(values["mac"]) != port.mac:
        changed["mac"] = await _change_mac(tx, caller, port, values["mac"])
    changed |= await _find_host(tx, caller, values)
    secure = values.get("port_security_enabled", port.port_security_enabled)
    groups = list(port.group_ids)
    if values.get("group_ids") is not None:
        scope = _group_scope(caller, port.project_id)
        groups = await check_groups(tx, scope, values["group_ids"])
        await refuse_mixed(tx, groups)
    pairs = port.address_pairs
    if "address_pairs" in values:
        pairs = parse_pairs(values["address_pairs"], None)
    _check_security(secure, groups, pairs)
    if values.get("fixed_ips") is not None:
        await _change_fixed_ips(tx, port, values["fixed_ips"])
    if set(groups) != set(port.group_ids):
        await ports.replace_groups(tx, port.id, groups)
    if "dhcp_options" in values:
        changed["dhcp_options"] = _dhcp_row(port.dhcp_options, values)
    changed |= {"port_security_enabled": secure, "address_pairs": pairs}
    await ports.update_port(tx, port.id, **changed, updated_at=now())
    await touch_ports(tx, port.id)
    await touch_networks(tx, port.network_id)
    await touch_members(tx, *{*groups, *port.group_ids})
    if port.router_id is not None:
        await touch_routers(tx, port.router_id)


async def change_address_pairs(
    tx: Transaction,
    caller: Caller,
    id: str,
    pairs: Sequence[tuple[str | None, str]],
    *,
    remove: bool,
) -> None:
    """Add allowed address pairs to a port's, or take some of them away. Raises `NotFound`."""
    port = await ports.get_port(tx, id, caller.visible_project_id)
    named = [
        (mac, address) if mac != port.mac else ("", address) for mac, address in port.address_pairs
    ]
    wanted = parse_pairs(pairs, None)
    if remove:
        gone = [("", a) if mac == port.mac else (mac, a) for mac, a in wanted]
        missing = [pair for pair in gone if pair not in named]
        if missing:
            raise NotFound(f"cannot find the allowed address pair {missing[0][1]} on port {id}")
        left = [pair for pair in named if pair not in gone]
    else:
        left = [*named, *(pair for pair in wanted if pair not in named)]
    await update_port(tx, caller, id, {"address_pairs": left})


def _refuse_for_owned(port: Port, values: Mapping[str, Any]) -> None:
    """A port that a router or a server has is theirs: how it is plugged is not changed here."""
    protected = {"device_id": port.device_id, "device_owner": port.device_owner}
    if port.server_id is not None:
        protected |= {"host_name": port.host_name, "mac": port.mac}
    if port.router_id is not None or not port.is_guest:
        protected |= {"host_name": port.host_name}
        names = ["group_ids", "address_pairs", "port_security_enabled", "mac", "dhcp_options"]
        if port.device_owner != ROUTER_INTERFACE:
            names.append("fixed_ips")
        for name in names:
            if values.get(name):
                raise Conflict(
                    f"cannot change {name} of port {port.id}: {port.device_owner} has it"
                )
    elif port.server_id is None:
        return
    for name, value in protected.items():
        if name in values and values[name] != value:
            raise Conflict(
                f"cannot change {name} of port {port.id}: {port.device_owner} {port.device_id} has "
                "it; detach it there first"
            )


async def _change_mac(tx: Transaction, caller: Caller, port: Port, text: str) -> str:
    mac = parse_mac(text)
    if not caller.is_admin:
        raise Forbidden("cannot change the MAC address of a port: only admins do")
    if await ports.list_taken_macs(tx, port.network_id, [mac]):
        raise Conflict(f"cannot use the MAC address {mac}: a port on the network has it")
    return mac


async def _change_fixed_ips(tx: Transaction, port: Port, asked: Sequence[AskedIp]) -> None:
    """Give a port these addresses; those that it has and keeps stay as they are."""
    there = await subnets.list_subnets_of(tx, [port.network_id])
    kept, new = _keep(port, asked)
    gone = [address for address in port.addresses if address not in kept]
    await subnets.delete_fixed_ips(tx, port.id, gone)
    had = frozenset(f.subnet_id for f in port.fixed_ips if f.address in kept)
    is_router = port.router_id is not None
    wish = AddressWish(port.mac, new, is_router=is_router, had=had)
    fixed = await choose_fixed_ips(tx, there, wish)
    if is_router and had | {one.subnet_id for one in fixed} != {
        f.subnet_id for f in port.fixed_ips
    }:
        raise Conflict(
            f"cannot change the subnets of port {port.id}: router {port.router_id} has it; add and "
            "remove interfaces of the router"
        )
    for place, one in enumerate(fixed, len(port.fixed_ips)):
        await subnets.insert_fixed_ip(tx, port.id, one.subnet_id, one.address, place)
    await disassociate(tx, port.id, gone)


def _keep(port: Port, asked: Sequence[AskedIp]) -> tuple[set[str], list[AskedIp]]:
    """The addresses of a port that satisfy a wish, and the wishes that none satisfies. Pure."""
    kept: set[str] = set()
    new: list[AskedIp] = []
    for wish in sorted(asked, key=lambda wish: wish.address is None):
        match = next(
            (
                fixed.address
                for fixed in port.fixed_ips
                if fixed.address not in kept
                and wish.address in (None, fixed.address)
                and wish.subnet_id in (None, fixed.subnet_id)
            ),
            None,
        )
        if match is None:
            new.append(wish)
        else:
            kept.add(match)
    return kept, new


async def delete_port(tx: Transaction, caller: Caller, id: str) -> None:
    """Wish that a port is gone. Raises `Conflict` for one that the network service needs.

    The port of a network's DHCP comes back as another one, as with Neutron's agents, as long as a
    subnet has DHCP.
    """
    port = await ports.get_port(tx, id, caller.visible_project_id)
    if port.device_owner == DHCP:
        network = await networks.find_network(tx, port.network_id)
        assert network is not None
        await forget_port(tx, port)
        await sync_dhcp_port(tx, network)
        return
    if port.router_id is not None or not port.is_guest:
        raise Conflict(
            f"cannot delete port {port.id} directly via the port API: it has the device owner "
            f"{port.device_owner}"
        )
    await remove_port(tx, port)
