"""What hosts are told of networks, ports and routers. Pure.

The same rows always give the same spec, so that an unchanged wish is seen as unchanged.
"""

from collections.abc import Mapping, Sequence

from pilvi.host_api.networks import (
    FloatingIp as FloatingIpSpec,
)
from pilvi.host_api.networks import (
    Lease,
    NetworkSpec,
    PortSpec,
    RouterInterface,
    RouterSpec,
    RuleSpec,
    SubnetSpec,
)
from pilvi.network.model.network import Network, Subnet
from pilvi.network.model.port import DHCP, ROUTER_GATEWAY, ROUTER_INTERFACE, Port
from pilvi.network.model.router import FloatingIp, Router


def network_spec(network: Network, subnets: Sequence[Subnet], ports: Sequence[Port]) -> NetworkSpec:
    """A network with the DHCP entries of all its guests."""
    dhcp = {
        fixed.subnet_id: fixed.address
        for port in ports
        if port.device_owner == DHCP
        for fixed in port.fixed_ips
    }
    served: set[str] = {subnet.id for subnet in subnets if subnet.enable_dhcp and subnet.id in dhcp}
    return NetworkSpec(
        network_id=network.id,
        project_id=network.project_id,
        segment=network.segment,
        mtu=network.mtu,
        is_external=network.is_uplink,
        subnets=[
            SubnetSpec(
                subnet_id=subnet.id,
                cidr=subnet.cidr,
                gateway=subnet.gateway_ip,
                dhcp_enabled=subnet.id in served,
                dhcp_address=dhcp.get(subnet.id) if subnet.id in served else None,
                dns_servers=subnet.dns_nameservers,
                host_routes=subnet.host_routes,
            )
            for subnet in subnets
        ],
        leases=[
            lease
            for port in sorted(ports, key=lambda port: port.id)
            if port.is_guest
            for lease in _leases(port, served)
        ],
    )


def _leases(port: Port, served: set[str]) -> list[Lease]:
    """One entry for each subnet with DHCP: a MAC can be given one address of it."""
    leases: dict[str, Lease] = {}
    for fixed in port.fixed_ips:
        if fixed.subnet_id in served:
            name = port.hostname or f"host-{fixed.address.replace('.', '-')}"
            lease = Lease(port_id=port.id, mac=port.mac, address=fixed.address, hostname=name)
            leases.setdefault(fixed.subnet_id, lease)
    return list(leases.values())


def port_spec(port: Port, network: Network, rules: Sequence[RuleSpec]) -> PortSpec:
    """A guest's port with its rules, remote groups resolved."""
    secure = port.port_security_enabled
    return PortSpec(
        port_id=port.id,
        server_id=port.server_id or "",
        network_id=port.network_id,
        segment=network.segment,
        mac=port.mac,
        addresses=port.addresses,
        allowed_pairs=[
            (mac or port.mac, address if "/" in address else f"{address}/32")
            for mac, address in port.address_pairs
        ]
        if secure
        else [],
        port_security=secure,
        admin_state_up=port.admin_state_up and network.admin_state_up,
        rules=list(rules) if secure else [],
    )


def router_spec(
    router: Router,
    legs: Sequence[Port],
    subnets: Mapping[str, Subnet],
    floating_ips: Sequence[FloatingIp],
) -> RouterSpec:
    """A router with the legs that it should have now."""
    there = [leg for leg in legs if not leg.is_deleting]
    outside = [leg for leg in there if leg.device_owner == ROUTER_GATEWAY and leg.fixed_ips]
    gateway = outside[0] if outside else None
    next_hop = subnets[gateway.fixed_ips[0].subnet_id].gateway_ip if gateway else None
    return RouterSpec(
        router_id=router.id,
        project_id=router.project_id,
        admin_state_up=router.admin_state_up,
        interfaces=[
            _interface(leg, subnets)
            for leg in there
            if leg.device_owner == ROUTER_INTERFACE and leg.fixed_ips
        ],
        gateway=_interface(gateway, subnets) if gateway else None,
        gateway_next_hop=next_hop,
        snat=router.enable_snat,
        floating_ips=[
            FloatingIpSpec(floating_address=one.address, fixed_address=one.fixed_address)
            for one in floating_ips
            if one.fixed_address is not None
        ]
        if gateway
        else [],
        routes=router.routes,
    )


def _interface(leg: Port, subnets: Mapping[str, Subnet]) -> RouterInterface:
    fixed = leg.fixed_ips[0]
    return RouterInterface(
        port_id=leg.id,
        network_id=leg.network_id,
        mac=leg.mac,
        address=f"{fixed.address}/{subnets[fixed.subnet_id].network.prefixlen}",
    )
