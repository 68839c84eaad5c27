"""What to do next about one network, port or router. Pure.

Each function compares a wish with what is seen and answers the steps that are known now; no steps
and no `waiting` means that they agree. A step that needs what an earlier one will show (a tap's
number) is planned at the next look.
"""

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from pilvi.agent.ports.adverts import advert_config
from pilvi.agent.ports.dhcp import dhcp_addresses, dhcp_config, dhcp_leases, dhcp_options
from pilvi.agent.ports.meter_rules import meter_rules, meters_digest
from pilvi.agent.ports.names import bridge_name, leg_name
from pilvi.agent.ports.port_rules import (
    METADATA_ADDRESS,
    parse_address,
    parse_mac,
    parse_members,
    port_filter,
)
from pilvi.agent.ports.router_rules import leg_addresses, proxied_addresses, router_rules
from pilvi.agent.ports.steps import (
    LayBridge,
    LayDhcp,
    LayLeg,
    LayUplink,
    LegSeen,
    LoadFilter,
    LoadMeters,
    LoadRouterRules,
    LoadSet,
    MakeRouter,
    MakeTap,
    NetworkSeen,
    NetworkStep,
    PlugTap,
    PortSeen,
    PortStep,
    RaiseTap,
    RemoveBridge,
    RemoveDhcp,
    RemoveLeg,
    RemoveRouter,
    RemoveSet,
    RemoveTap,
    RemoveUplink,
    RouterSeen,
    RouterStep,
    ServeAdverts,
    ServeDhcp,
    ServeMetadata,
    SetProxies,
    SetRoutes,
    Step,
    StopAdverts,
    TellLeases,
    UnloadFilter,
)
from pilvi.host_api.networks import (
    AddressSetSpec,
    NetworkSpec,
    PortSpec,
    RouterInterface,
    RouterSpec,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps to take now, in order, and what the step after them waits for."""

    steps: tuple[Step, ...] = ()
    waiting: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether what is seen agrees with the wish."""
        return not self.steps and not self.waiting


@dataclass(frozen=True, slots=True)
class Uplink:
    """How this machine joins an external network."""

    cidr: str
    """The machine takes its first address."""
    masquerade: bool

    @property
    def address(self) -> str:
        """The machine's address with its prefix length."""
        network = ipaddress.IPv4Network(self.cidr)
        return f"{network[1]}/{network.prefixlen}"


def plan_network(
    network_id: str, spec: NetworkSpec | None, seen: NetworkSeen, uplink: Uplink
) -> Plan:
    """Steps for a network; `spec` None means that it should be absent."""
    steps: list[NetworkStep] = [RemoveBridge(bridge) for bridge in seen.stray_bridges]
    if spec is None:
        if seen.uplink is not None:
            steps.insert(0, RemoveUplink())
        if seen.dhcp is not None:
            steps.insert(0, RemoveDhcp(network_id))
        return Plan(tuple(steps))
    bridge = bridge_name(spec.segment)
    if seen.bridge is None or seen.bridge.mtu != spec.mtu or not seen.bridge.is_ready:
        steps.append(LayBridge(network_id, bridge, spec.segment, spec.mtu))
    steps += _plan_uplink(spec, seen, uplink)
    steps += _plan_dhcp(spec, seen)
    return Plan(tuple(steps))


def _plan_uplink(spec: NetworkSpec, seen: NetworkSeen, uplink: Uplink) -> list[NetworkStep]:
    if not spec.is_external:
        return [RemoveUplink()] if seen.uplink is not None else []
    bridge = bridge_name(spec.segment)
    there = seen.uplink
    if (
        there is not None
        and there.plugged_into == bridge
        and there.mtu == spec.mtu
        and there.addresses == {uplink.address}
        and there.masquerades == uplink.masquerade
    ):
        return []
    return [LayUplink(bridge, uplink.address, spec.mtu, uplink.masquerade)]


def _plan_dhcp(spec: NetworkSpec, seen: NetworkSeen) -> list[NetworkStep]:
    addresses = dhcp_addresses(spec)
    there = seen.dhcp
    if not addresses:
        return [RemoveDhcp(spec.network_id)] if there is not None else []
    steps: list[NetworkStep] = []
    bridge = bridge_name(spec.segment)
    if there is None or (there.plugged_into, there.mtu, there.addresses) != (
        bridge,
        spec.mtu,
        addresses,
    ):
        steps.append(LayDhcp(spec.network_id, bridge, spec.mtu, addresses))
    leases = dhcp_leases(spec)
    if there is None or there.leases_digest != leases.digest:
        servers = tuple(sorted(a for a in addresses if a != f"{METADATA_ADDRESS}/32"))
        options = dhcp_options(spec)
        steps.append(TellLeases(spec.network_id, servers, leases.text, options, leases.digest))
    config = dhcp_config(spec)
    if there is None or there.config_digest != config.digest:
        steps.append(ServeDhcp(spec.network_id, config.text, config.digest))
    if there is None or not there.metadata_runs:
        steps.append(ServeMetadata(spec.network_id))
    return steps


def plan_port(port_id: str, spec: PortSpec | None, seen: PortSeen) -> Plan:
    """Steps for a port; `spec` None means that it should be absent.

    The filter is loaded while the tap is down, and a tap that is up is one whose filter was
    loaded. A port that is administratively down is up and plugged into nothing: its guest can
    hold it.
    """
    if spec is None:
        return Plan(tuple(_plan_port_absent(port_id, seen)))
    wanted = port_filter(spec)
    if seen.bridge is None or not seen.bridge.is_ready:
        return Plan(waiting=f"network {spec.network_id}")
    if seen.tap is None:
        return Plan((MakeTap(port_id),))
    bridge = bridge_name(spec.segment)
    steps: list[PortStep] = []
    if wanted is None and seen.filter_digest is not None:
        steps.append(UnloadFilter(port_id))
    if wanted is not None and seen.filter_digest != wanted.digest:
        steps.append(LoadFilter(port_id, bridge, wanted))
    plug = bridge if spec.admin_state_up else None
    if seen.tap.plugged_into != plug or seen.tap.mtu != seen.bridge.mtu:
        steps.append(PlugTap(port_id, plug, seen.bridge.mtu))
    if not seen.tap.is_up:
        steps.append(RaiseTap(port_id))
    return Plan(tuple(steps))


def _plan_port_absent(port_id: str, seen: PortSeen) -> list[PortStep]:
    steps: list[PortStep] = []
    if seen.tap is not None:
        steps.append(RemoveTap(port_id))
    if seen.filter_digest is not None:
        steps.append(UnloadFilter(port_id))
    return steps


def plan_set(set_id: str, spec: AddressSetSpec | None, seen: str | None) -> Plan:
    """Steps for an address set, of whose members `seen` is the digest."""
    if spec is None:
        return Plan((RemoveSet(set_id),) if seen is not None else ())
    members = parse_members(spec.addresses)
    digest = hashlib.sha256(" ".join(members).encode()).hexdigest()[:16]
    return Plan((LoadSet(set_id, members, digest),) if seen != digest else ())


@dataclass(frozen=True, slots=True)
class Segment:
    """Where a router's leg is plugged in: the bridge of its network, as it is there now."""

    bridge: str
    mtu: int


def plan_router(
    router_id: str,
    spec: RouterSpec | None,
    seen: RouterSeen,
    segments: Mapping[str, Segment],
) -> Plan:
    """Steps for a router; `spec` None means that it should be absent.

    `segments` names the networks whose bridges are ready. A router that is administratively down
    has no legs.
    """
    if spec is None:
        return Plan((RemoveRouter(router_id),) if seen.exists else ())
    steps: list[RouterStep] = [] if seen.exists else [MakeRouter(router_id)]
    rules = router_rules(spec)
    if seen.rules_digest != rules.digest:
        steps.append(LoadRouterRules(router_id, rules))
    legs, missing = _legs(router_id, spec, segments)
    steps += [RemoveLeg(router_id, name) for name in sorted(seen.legs.keys() - legs.keys())]
    steps += [leg for name, leg in legs.items() if seen.legs.get(name) != _as_seen(leg)]
    routes = _routes(spec, set(legs))
    if seen.routes != routes:
        steps.append(SetRoutes(router_id, routes))
    steps += _plan_adverts(router_id, spec, seen, legs)
    steps += _plan_proxies(router_id, spec, seen, legs)
    if seen.meters_digest != meters_digest(spec):
        steps.append(LoadMeters(router_id, meter_rules(spec, seen.counts)))
    return Plan(tuple(steps), f"network {', '.join(missing)}" if missing else "")


def _plan_adverts(
    router_id: str, spec: RouterSpec, seen: RouterSeen, legs: Mapping[str, LayLeg]
) -> list[RouterStep]:
    """Only what can be reached is advertised: legs that are there."""
    mtus = {name: leg.mtu for name, leg in legs.items()}
    config = advert_config(spec, mtus)
    if config is None:
        return [StopAdverts(router_id)] if seen.adverts_digest is not None else []
    if seen.adverts_digest == config.digest:
        return []
    return [ServeAdverts(router_id, config.text, config.digest)]


def _plan_proxies(
    router_id: str, spec: RouterSpec, seen: RouterSeen, legs: Mapping[str, LayLeg]
) -> list[RouterStep]:
    """Only a gateway that is there answers for others."""
    gateway = "" if spec.gateway is None else leg_name(spec.gateway.port_id)
    addresses = frozenset(proxied_addresses(spec))
    there = frozenset(address for leg, address in seen.proxies if leg == gateway)
    if gateway not in legs or there == addresses:
        return []
    return [SetProxies(router_id, gateway, addresses)]


def router_interfaces(spec: RouterSpec) -> list[RouterInterface]:
    """All legs that a router should have now, the one in the external network last."""
    if not spec.admin_state_up:
        return []
    return spec.interfaces + ([spec.gateway] if spec.gateway is not None else [])


def _legs(
    router_id: str, spec: RouterSpec, segments: Mapping[str, Segment]
) -> tuple[dict[str, LayLeg], list[str]]:
    legs: dict[str, LayLeg] = {}
    missing: list[str] = []
    for interface in router_interfaces(spec):
        segment = segments.get(interface.network_id)
        if segment is None:
            missing.append(interface.network_id)
            continue
        addresses = set(leg_addresses(interface))
        if interface is spec.gateway:
            floating = [f.floating_address for f in spec.floating_ips]
            floating += [f.floating_address for f in spec.forwardings]
            addresses |= {f"{parse_address(address)}/32" for address in floating}
        name = leg_name(interface.port_id)
        legs[name] = LayLeg(
            router_id,
            name,
            segment.bridge,
            parse_mac(interface.mac),
            segment.mtu,
            frozenset(addresses),
        )
    return legs, sorted(set(missing))


def _as_seen(leg: LayLeg) -> LegSeen:
    return LegSeen(leg.bridge, leg.mac, leg.mtu, leg.addresses, is_up=True)


def _routes(spec: RouterSpec, legs: set[str]) -> frozenset[tuple[str, str]]:
    """The routes whose next hop can be reached from the legs that are there."""
    wanted = [(str(ipaddress.ip_network(to, strict=False)), via) for to, via in spec.routes]
    if spec.gateway is not None and spec.gateway_next_hop is not None:
        wanted.insert(0, ("0.0.0.0/0", spec.gateway_next_hop))
    if spec.gateway is not None and spec.gateway_next_hop6 is not None:
        wanted.insert(0, ("::/0", spec.gateway_next_hop6))
    reachable = [
        ipaddress.ip_interface(address).network
        for interface in router_interfaces(spec)
        if leg_name(interface.port_id) in legs
        for address in leg_addresses(interface)
    ]
    chosen: dict[str, str] = {}
    for destination, via in wanted:
        hop = ipaddress.ip_address(parse_address(via))
        if any(hop in network for network in reachable):
            chosen[destination] = str(hop)
    return frozenset(chosen.items())
