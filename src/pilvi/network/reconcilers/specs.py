"""What hosts are told of networks, ports and routers. Pure.

The same rows always give the same spec, so that an unchanged wish is seen as unchanged.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pilvi.host_api.networks import (
    AdvertSpec,
    ForwardingSpec,
    HelperSpec,
    Lease,
    LimitSpec,
    MeterRule,
    MeterSpec,
    NetworkSpec,
    PacketLimitSpec,
    PortSpec,
    RouterInterface,
    RouterSpec,
    RuleSpec,
    SubnetSpec,
)
from pilvi.host_api.networks import DhcpOption as DhcpOptionSpec
from pilvi.host_api.networks import (
    FloatingIp as FloatingIpSpec,
)
from pilvi.network.model.metering import MeteringRule
from pilvi.network.model.network import Network, Subnet
from pilvi.network.model.port import (
    DHCP,
    ROUTER_GATEWAY,
    ROUTER_INTERFACE,
    DhcpOption,
    Port,
    name_of_address,
)
from pilvi.network.model.qos import QosRule, RuleKind
from pilvi.network.model.router import (
    ConntrackHelper,
    FloatingIp,
    NdpProxy,
    PortForwarding,
    Router,
)


def network_spec(network: Network, subnets: Sequence[Subnet], ports: Sequence[Port]) -> NetworkSpec:
    """A network with the DHCP entries of all its guests."""
    dhcp = {
        fixed.subnet_id: fixed.address
        for port in ports
        if port.device_owner == DHCP
        for fixed in port.fixed_ips
    }
    served: set[str] = {subnet.id for subnet in subnets if subnet.has_dhcp and subnet.id in dhcp}
    leased: set[str] = {s.id for s in subnets if s.id in served and not s.is_automatic}
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
            for lease in _leases(port, leased)
        ],
    )


def _leases(port: Port, served: set[str]) -> list[Lease]:
    """One entry for each subnet with DHCP: a MAC can be given one address of it."""
    leases: dict[str, Lease] = {}
    for fixed in port.fixed_ips:
        if fixed.subnet_id in served:
            name = port.dns_name or port.hostname or name_of_address(fixed.address)
            lease = Lease(
                port_id=port.id,
                mac=port.mac,
                address=fixed.address,
                hostname=name,
                options=[_option(option) for option in port.dhcp_options],
            )
            leases.setdefault(fixed.subnet_id, lease)
    return list(leases.values())


def _option(option: DhcpOption) -> DhcpOptionSpec:
    return DhcpOptionSpec(name=option.name, value=option.value, ip_version=option.ip_version)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortExtras:
    """What a port has beside its rules."""

    quality: Sequence[QosRule] = ()
    stateful: bool = True
    logged: Sequence[str] = ()
    floating: Sequence[FloatingIp] = ()


def port_spec(
    port: Port, network: Network, rules: Sequence[RuleSpec], extras: PortExtras | None = None
) -> PortSpec:
    """A guest's port with its rules, remote groups named."""
    extras = extras or PortExtras()
    quality = extras.quality
    secure = port.port_security_enabled
    return PortSpec(
        port_id=port.id,
        server_id=port.server_id or "",
        network_id=port.network_id,
        segment=network.segment,
        mac=port.mac,
        addresses=port.addresses,
        allowed_pairs=[
            (mac or port.mac, str(ipaddress.ip_network(address)))
            for mac, address in port.address_pairs
        ]
        if secure
        else [],
        port_security=secure,
        admin_state_up=port.admin_state_up and network.admin_state_up,
        rules=list(rules) if secure else [],
        stateful=extras.stateful,
        logged=list(extras.logged),
        public_addresses={
            one.fixed_address: one.address
            for one in extras.floating
            if one.fixed_address is not None
        },
        limits=[
            LimitSpec(
                direction=rule.direction,
                max_kbps=rule.max_kbps or 0,
                burst_kbit=rule.max_burst_kbps or 0,
            )
            for rule in sorted(quality, key=lambda rule: rule.direction)
            if rule.kind is RuleKind.BANDWIDTH_LIMIT
        ],
        dscp_mark=next((r.dscp_mark for r in quality if r.kind is RuleKind.DSCP_MARKING), None),
        packet_limits=[
            PacketLimitSpec(
                direction=rule.direction,
                max_kpps=rule.max_kpps or 0,
                burst_kpps=rule.max_burst_kpps or 0,
            )
            for rule in sorted(quality, key=lambda rule: rule.direction)
            if rule.kind is RuleKind.PACKET_RATE_LIMIT
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterExtras:
    """What a router does beside routing."""

    forwardings: Sequence[PortForwarding] = ()
    helpers: Sequence[ConntrackHelper] = ()
    proxies: Sequence[NdpProxy] = ()
    meters: Mapping[str, Sequence[MeteringRule]] = field(default_factory=dict)
    """The rules of each metering label that counts this router's traffic."""


def router_spec(
    router: Router,
    legs: Sequence[Port],
    subnets: Mapping[str, Subnet],
    floating_ips: Sequence[FloatingIp],
    extras: RouterExtras | None = None,
) -> RouterSpec:
    """A router with the legs that it should have now."""
    extras = extras or RouterExtras()
    there = [leg for leg in legs if not leg.is_deleting]
    outside = [leg for leg in there if leg.device_owner == ROUTER_GATEWAY and leg.fixed_ips]
    gateway = outside[0] if outside else None
    hops: dict[int, str | None] = {}
    for fixed in gateway.fixed_ips if gateway else ():
        subnet = subnets[fixed.subnet_id]
        hops.setdefault(subnet.ip_version, subnet.gateway_ip)
    floating: dict[str, str] = {one.id: one.address for one in floating_ips}
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
        gateway_next_hop=hops.get(4),
        gateway_next_hop6=hops.get(6),
        snat=router.enable_snat,
        floating_ips=[
            FloatingIpSpec(floating_address=one.address, fixed_address=one.fixed_address)
            for one in floating_ips
            if one.fixed_address is not None
        ]
        if gateway
        else [],
        routes=router.routes,
        forwardings=[_forwarding(one, floating[one.floating_ip_id]) for one in extras.forwardings]
        if gateway
        else [],
        helpers=[
            HelperSpec(helper=one.helper, protocol=one.protocol, port=one.port)
            for one in extras.helpers
        ],
        meters=[_meter(id, rules) for id, rules in sorted(extras.meters.items())],
        enable_ndp_proxy=router.enable_ndp_proxy,
        ndp_proxies=sorted(one.address for one in extras.proxies),
    )


def _meter(label_id: str, rules: Sequence[MeteringRule]) -> MeterSpec:
    return MeterSpec(
        label_id=label_id,
        rules=[
            MeterRule(
                direction=rule.direction,
                source=rule.source,
                destination=rule.destination,
                excluded=rule.is_excluded,
            )
            for rule in rules
        ],
    )


def _forwarding(forwarding: PortForwarding, address: str) -> ForwardingSpec:
    return ForwardingSpec(
        floating_address=address,
        protocol=forwarding.protocol,
        external_first=forwarding.external[0],
        external_last=forwarding.external[1],
        fixed_address=forwarding.internal_address,
        internal_first=forwarding.internal[0],
    )


def _interface(leg: Port, subnets: Mapping[str, Subnet]) -> RouterInterface:
    addresses = [
        f"{fixed.address}/{subnets[fixed.subnet_id].network.prefixlen}" for fixed in leg.fixed_ips
    ]
    there = [subnets[fixed.subnet_id] for fixed in leg.fixed_ips]
    return RouterInterface(
        port_id=leg.id,
        network_id=leg.network_id,
        mac=leg.mac,
        address=addresses[0],
        further=addresses[1:],
        adverts=[
            AdvertSpec(cidr=s.cidr, mode=s.ra_mode, dns_servers=s.dns_nameservers)
            for s in there
            if s.ra_mode is not None and leg.device_owner == ROUTER_INTERFACE
        ],
    )
