"""Subnets, and the DHCP port that serves them. In the caller's transaction."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Conflict, InvalidRequest
from pilvi.network.model.address import (
    SLAAC_PREFIX_LENGTH,
    Span,
    check_pools,
    default_pools,
    host_span,
    is_host,
    overlap,
    parse_address,
    parse_network,
    slaac_address,
    to_address,
    to_number,
)
from pilvi.network.model.address import Network as AddressRange
from pilvi.network.model.advice import tell_who_has
from pilvi.network.model.network import AUTOMATIC, Ipv6Mode, Network, Subnet
from pilvi.network.model.port import DHCP, NETWORK_OWNED, FixedIp
from pilvi.network.operations.addresses import find_free_number
from pilvi.network.operations.ownership import choose_project, require_owner
from pilvi.network.operations.port_life import make_port
from pilvi.network.operations.quotas import check_quota
from pilvi.network.operations.subnet_ranges import choose_range
from pilvi.network.operations.wakes import (
    touch_members,
    touch_networks,
    touch_ports,
    touch_routers,
)
from pilvi.network.store import networks, ports, routers, subnets
from pilvi.network.store.tags import delete_tags

# As Neutron's defaults. Higher: longer DHCP replies, which some clients cut.
DNS_SERVERS_MAX = 5
HOST_ROUTES_MAX = 20


async def create_subnet(tx: Transaction, caller: Caller, values: Mapping[str, Any]) -> str:
    """A new subnet; returns its id. Raises what is wrong with the values."""
    network = await networks.get_network(tx, values["network_id"], caller.visible_project_id)
    require_owner(caller, network.project_id, "this network")
    wanted = values.get("project_id", network.project_id if caller.is_admin else None)
    project_id = choose_project(caller, wanted)
    await check_quota(tx, project_id, "subnet")
    there = await subnets.list_subnets_of(tx, [network.id])
    cidr, pool_id = await choose_range(tx, caller, project_id, there, values)
    check_modes(cidr, values)
    for other in there:
        if overlap(cidr, other.network):
            raise InvalidRequest(
                f"cannot make a subnet of {cidr}: it overlaps with another subnet on the same "
                f"network: {other.cidr} ({other.id})"
            )
    gateway = _parse_gateway(cidr, values)
    asked = values.get("pools")
    pools = default_pools(cidr, gateway) if asked is None else parse_pools(asked, cidr.version)
    check_pools(cidr, gateway, pools)
    id, moment = str(uuid.uuid4()), now()
    await subnets.insert_subnet(
        tx,
        id=id,
        project_id=project_id,
        network_id=network.id,
        name=values.get("name", ""),
        description=values.get("description", ""),
        cidr=str(cidr),
        gateway_ip=gateway,
        enable_dhcp=values.get("enable_dhcp", True),
        pools=pools,
        dns_nameservers=check_dns_servers(values.get("dns_nameservers", [])),
        host_routes=check_routes(values.get("host_routes", []), HOST_ROUTES_MAX),
        next_number=0,
        ra_mode=values.get("ra_mode"),
        address_mode=values.get("address_mode"),
        subnetpool_id=pool_id,
        created_at=moment,
        updated_at=moment,
    )
    await sync_dhcp_port(tx, network)
    await _give_automatic_addresses(tx, await subnets.get_subnet(tx, id, None))
    await touch_networks(tx, network.id)
    return id


def _parse_gateway(cidr: AddressRange, values: Mapping[str, Any]) -> str | None:
    gateway = values.get("gateway_ip", to_address(host_span(cidr)[0], cidr.version))
    if gateway is None:
        return None
    gateway = parse_address(gateway, "gateway_ip", cidr.version)
    if not is_host(cidr, gateway):
        raise InvalidRequest(f"cannot use the gateway {gateway}: it is not a host's in {cidr}")
    return gateway


def check_modes(cidr: AddressRange, values: Mapping[str, Any]) -> None:
    """Refuse IPv6 modes that contradict each other or the range. Pure.

    Raises `InvalidRequest` (Networking API, "IPv6 address modes").
    """
    modes = {values[name] for name in ("ra_mode", "address_mode") if values.get(name) is not None}
    if not modes:
        return
    if cidr.version != 6:
        raise InvalidRequest("cannot use ipv6_ra_mode or ipv6_address_mode in an IPv4 subnet")
    if not values.get("enable_dhcp", True):
        raise InvalidRequest("cannot use ipv6_ra_mode or ipv6_address_mode with enable_dhcp false")
    for mode in modes:
        if mode not in list(Ipv6Mode):
            raise InvalidRequest(f"cannot use the IPv6 mode '{mode}'; use {', '.join(Ipv6Mode)}")
    if len(modes) > 1:
        raise InvalidRequest("cannot use an ipv6_ra_mode and another ipv6_address_mode")
    if modes & set(AUTOMATIC) and cidr.prefixlen != SLAAC_PREFIX_LENGTH:
        raise InvalidRequest(
            f"cannot make a subnet of {cidr} with this IPv6 mode: addresses made from MACs need "
            f"a prefix length of {SLAAC_PREFIX_LENGTH}"
        )


async def _give_automatic_addresses(tx: Transaction, subnet: Subnet) -> None:
    """Ports that are there already have addresses in a new subnet where guests make their own."""
    if not subnet.is_automatic:
        return
    for port in await ports.list_ports_of_network(tx, subnet.network_id):
        if port.is_guest:
            address = slaac_address(subnet.network, port.mac)
            await subnets.insert_fixed_ip(tx, port.id, subnet.id, address, len(port.fixed_ips))
            await touch_ports(tx, port.id)
            await touch_members(tx, *port.group_ids)


def parse_pools(pools: Sequence[tuple[str, str]], version: int) -> list[Span]:
    """Pools as a caller gives them. Raises `InvalidRequest`. Pure."""
    return [
        (
            to_number(parse_address(start, "the start of an allocation pool", version)),
            to_number(parse_address(end, "the end of an allocation pool", version)),
        )
        for start, end in pools
    ]


def check_dns_servers(servers: Sequence[str]) -> list[str]:
    """Name servers, each an address of either version, none twice. Pure."""
    parsed = [parse_address(server, "a DNS name server") for server in servers]
    if len(parsed) > DNS_SERVERS_MAX or len(set(parsed)) != len(parsed):
        raise InvalidRequest(
            f"cannot use these DNS name servers: at most {DNS_SERVERS_MAX}, none twice"
        )
    return parsed


def check_routes(routes: Sequence[tuple[str, str]], count_max: int) -> list[tuple[str, str]]:
    """Routes as destination and next hop, normalised, none twice. Pure."""
    parsed = []
    for destination, via in routes:
        network = parse_network(destination, "a route's destination")
        parsed.append((str(network), parse_address(via, "a next hop", network.version)))
    if len(parsed) > count_max or len(set(parsed)) != len(parsed):
        raise InvalidRequest(f"cannot use these routes: at most {count_max}, none twice")
    return parsed


async def update_subnet(
    tx: Transaction, caller: Caller, id: str, values: Mapping[str, Any]
) -> None:
    """Change a subnet. Raises what is wrong with the values."""
    subnet = await subnets.get_subnet(tx, id, caller.visible_project_id)
    require_owner(caller, subnet.project_id, "this subnet")
    changed = dict(values)
    gateway = _parse_gateway(
        subnet.network, {"gateway_ip": changed.get("gateway_ip", subnet.gateway_ip)}
    )
    if subnet.ra_mode or subnet.address_mode:
        check_modes(subnet.network, {"ra_mode": subnet.ra_mode or subnet.address_mode, **changed})
    if gateway != subnet.gateway_ip:
        await _check_gateway_free(tx, subnet)
    pools = parse_pools(changed["pools"], subnet.ip_version) if "pools" in changed else subnet.pools
    if "pools" in changed or gateway != subnet.gateway_ip:
        check_pools(subnet.network, gateway, pools)
    changed |= {"gateway_ip": gateway, "pools": pools}
    if "dns_nameservers" in changed:
        changed["dns_nameservers"] = check_dns_servers(changed["dns_nameservers"])
    if "host_routes" in changed:
        changed["host_routes"] = check_routes(changed["host_routes"], HOST_ROUTES_MAX)
    await subnets.update_subnet(
        tx, subnet.id, **changed, updated_at=now(), generation=subnet.generation + 1
    )
    network = await networks.find_network(tx, subnet.network_id)
    assert network is not None
    await sync_dhcp_port(tx, network)
    await touch_networks(tx, network.id)
    if network.is_external:
        reached = await routers.list_routers_to(tx, network.id)
        await touch_routers(tx, *(router.id for router in reached))
    await _touch_legs(tx, subnet)


async def _touch_legs(tx: Transaction, subnet: Subnet) -> None:
    """Routers advertise what an IPv6 subnet says."""
    if subnet.ra_mode is None:
        return
    there = await ports.list_ports_by_id(tx, await subnets.list_owners(tx, subnet.id))
    await touch_routers(tx, *{port.router_id for port in there if port.router_id is not None})


async def _check_gateway_free(tx: Transaction, subnet: Subnet) -> None:
    if subnet.gateway_ip is None:
        return
    for port in await ports.list_ports_by_id(tx, await subnets.list_owners(tx, subnet.id)):
        if port.router_id is not None and subnet.gateway_ip in port.addresses:
            raise Conflict(
                f"cannot change the gateway of subnet {subnet.id}: {subnet.gateway_ip} is in use "
                f"by the router port {port.id}"
            )


async def delete_subnet(tx: Transaction, caller: Caller, id: str) -> None:
    """Remove a subnet. Raises `Conflict` while ports other than DHCP's have addresses in it.

    Addresses that guests made themselves go with it.
    """
    subnet = await subnets.get_subnet(tx, id, caller.visible_project_id)
    require_owner(caller, subnet.project_id, "this subnet")
    owners = await subnets.list_owners(tx, subnet.id)
    made = [id for id, owner in owners.items() if not owner.startswith(NETWORK_OWNED)]
    idle = made if subnet.is_automatic else []
    used = [id for id, owner in owners.items() if owner != DHCP and id not in idle]
    if used:
        (first,) = await ports.list_ports_by_id(tx, used[:1])
        raise Conflict(
            f"cannot delete subnet {subnet.id}: one or more ports have an IP allocation from it; "
            f"first {tell_who_has(first)}"
        )
    await subnets.delete_subnet(tx, subnet.id)
    await delete_tags(tx, [subnet.id])
    await touch_ports(tx, *idle)
    network = await networks.find_network(tx, subnet.network_id)
    assert network is not None
    await sync_dhcp_port(tx, network)
    await touch_networks(tx, network.id)


async def sync_dhcp_port(tx: Transaction, network: Network) -> None:
    """Give a network's DHCP port one address in each subnet that has DHCP. Repeatable.

    A subnet whose pools are used up is left without: it has no DHCP then.
    """
    served = [s for s in await subnets.list_subnets_of(tx, [network.id]) if s.has_dhcp]
    port = await ports.find_dhcp_port(tx, network.id)
    have = {fixed.subnet_id: fixed for fixed in port.fixed_ips} if port is not None else {}
    wanted = {subnet.id for subnet in served}
    if port is not None:
        gone = [fixed.address for id, fixed in have.items() if id not in wanted]
        await subnets.delete_fixed_ips(tx, port.id, gone)
    new: list[FixedIp] = []
    for subnet in served:
        if subnet.id in have:
            continue
        number = await find_free_number(tx, subnet)
        if number is not None:
            new.append(FixedIp(subnet.id, to_address(number, subnet.ip_version)))
    if port is not None and not new and not wanted & have.keys():
        await ports.delete_port(tx, port.id)
    elif port is not None:
        for place, fixed in enumerate(new, len(have)):
            await subnets.insert_fixed_ip(tx, port.id, fixed.subnet_id, fixed.address, place)
    elif new:
        await make_port(
            tx,
            network,
            new,
            project_id=network.project_id,
            device_owner=DHCP,
            device_id=f"dhcp-{network.id}",
            port_security_enabled=False,
        )
