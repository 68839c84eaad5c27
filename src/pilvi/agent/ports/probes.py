"""What a trace looks at, in which order, and what its findings mean. Pure.

`plan_trace` makes probes of what this host should hold; a prober (`linux/prober.py`,
`fake_prober.py`) measures each; `hop_of` says what was found and what mends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pilvi.agent.ports.names import bridge_name, leg_name, tap_name
from pilvi.host_api.networks import NetworkSpec, PortSpec, RouterInterface, RouterSpec
from pilvi.host_api.traces import Hop, HopName, Outcome, TraceSpec


@dataclass(frozen=True, slots=True)
class TapProbe:
    """Whether a tap is there, up, and held by its guest."""

    port_id: str
    tap: str
    is_up: bool
    """Whether it should be."""
    hop = HopName.TAP


@dataclass(frozen=True, slots=True)
class RulesProbe:
    """Whether every chain of a port's filter is loaded whole, and packets are led through it."""

    port: PortSpec
    bridge: str
    hop = HopName.RULES


@dataclass(frozen=True, slots=True)
class BridgeProbe:
    """Whether a bridge is up and a tap is plugged into it."""

    bridge: str
    tap: str
    mtu: int
    hop = HopName.BRIDGE


@dataclass(frozen=True, slots=True)
class DhcpProbe:
    """Whether a request with the guest's MAC is offered the guest's address."""

    network_id: str
    bridge: str
    mac: str
    address: str
    hop = HopName.DHCP


@dataclass(frozen=True, slots=True)
class MetadataProbe:
    """Whether the metadata server answers, and has something for the guest."""

    network_id: str
    bridge: str
    dhcp_address: str
    address: str
    hop = HopName.METADATA


@dataclass(frozen=True, slots=True)
class RouterProbe:
    """Whether a router answers in the network, and the world beyond it."""

    router_id: str
    bridge: str
    address: str
    """Of its leg in the network."""
    gateway_leg: str
    """Name of its leg to the outside; empty when it has none."""
    next_hop: str
    """Where it sends what leaves; empty when it knows nobody."""
    hop = HopName.ROUTER


@dataclass(frozen=True, slots=True)
class FloatingProbe:
    """Whether a public address answers outside and is translated to the guest's."""

    router_id: str
    bridge: str
    """Of the external network."""
    floating_address: str
    fixed_address: str
    hop = HopName.FLOATING_IP


@dataclass(frozen=True, slots=True)
class GuestProbe:
    """Whether the guest itself answers for its address."""

    bridge: str
    address: str
    hop = HopName.GUEST


Probe = (
    TapProbe
    | RulesProbe
    | BridgeProbe
    | DhcpProbe
    | MetadataProbe
    | RouterProbe
    | FloatingProbe
    | GuestProbe
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a prober found."""

    is_well: bool
    words: str
    took_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What this host should hold around a port; None and nothing where it should not."""

    port: PortSpec | None
    network: NetworkSpec | None
    routers: Sequence[RouterSpec] = ()
    """Those with a leg in the network."""
    externals: Sequence[NetworkSpec] = ()


def plan_trace(spec: TraceSpec, around: Surroundings) -> list[Probe | Hop]:
    """What to look at, in the order of the way; what needs no look is a hop already. Pure."""
    port, network = around.port, around.network
    if port is None or network is None:
        what = "the port" if port is None else "the network of the port"
        return [_failed(HopName.WISH, f"this host does not know {what}")]
    bridge, tap = bridge_name(port.segment), tap_name(port.port_id)
    four = next((address for address in port.addresses if ":" not in address), None)
    hops: list[Probe | Hop] = [
        Hop(name=HopName.WISH, outcome=Outcome.OK, words="this host knows the port and its network")
    ]
    if not port.admin_state_up:
        hops = [_failed(HopName.WISH, "the port's admin state is down: nothing is let through")]
    hops += [
        TapProbe(port.port_id, tap, port.admin_state_up),
        RulesProbe(port, bridge),
        BridgeProbe(bridge, tap, network.mtu),
        *_plan_services(port, network, bridge, four),
        *_plan_routers(spec, around, bridge),
        *_plan_floating(spec, around),
    ]
    if four is not None and port.admin_state_up:
        hops.append(GuestProbe(bridge, four))
    else:
        hops.append(_absent(HopName.GUEST, "the port has no IPv4 address to ask for"))
    return hops


def _plan_services(
    port: PortSpec, network: NetworkSpec, bridge: str, address: str | None
) -> list[Probe | Hop]:
    served = [
        subnet.dhcp_address
        for subnet in network.subnets
        if subnet.dhcp_enabled and subnet.dhcp_address and ":" not in subnet.dhcp_address
    ]
    if not served or address is None:
        words = "no IPv4 subnet of the network has DHCP"
        return [_absent(HopName.DHCP, words), _absent(HopName.METADATA, words)]
    return [
        DhcpProbe(network.network_id, bridge, port.mac, address),
        MetadataProbe(network.network_id, bridge, served[0], address),
    ]


def _plan_routers(spec: TraceSpec, around: Surroundings, bridge: str) -> list[Probe | Hop]:
    if not spec.router_ids:
        return [_absent(HopName.ROUTER, "no router has a leg in the port's network")]
    hops: list[Probe | Hop] = []
    here = {router.router_id: router for router in around.routers}
    for id in spec.router_ids:
        router = here.get(id)
        leg = None if router is None else _leg_in(router, around)
        if router is None or leg is None:
            hops.append(
                Hop(
                    name=HopName.ROUTER,
                    outcome=Outcome.UNKNOWN,
                    words=f"the router {id} is not on this host, or not with a leg in the network",
                )
            )
            continue
        gateway = router.gateway
        hops.append(
            RouterProbe(
                id,
                bridge,
                leg.address.partition("/")[0],
                "" if gateway is None else leg_name(gateway.port_id),
                router.gateway_next_hop or "",
            )
        )
    return hops


def _leg_in(router: RouterSpec, around: Surroundings) -> RouterInterface | None:
    wanted = around.network.network_id if around.network is not None else ""
    return next(
        (leg for leg in router.interfaces if leg.network_id == wanted and ":" not in leg.address),
        None,
    )


def _plan_floating(spec: TraceSpec, around: Surroundings) -> list[Probe | Hop]:
    if not spec.floating_addresses:
        return [_absent(HopName.FLOATING_IP, "no floating IP stands for the port")]
    bridges = {one.network_id: bridge_name(one.segment) for one in around.externals}
    hops: list[Probe | Hop] = []
    for address in spec.floating_addresses:
        found = [
            FloatingProbe(
                router.router_id,
                bridges[router.gateway.network_id],
                address,
                one.fixed_address,
            )
            for router in around.routers
            if router.gateway is not None and router.gateway.network_id in bridges
            for one in router.floating_ips
            if one.floating_address == address
        ]
        if found:
            hops += found[:1]
        else:
            words = f"no router on this host is to answer for {address}"
            hops.append(Hop(name=HopName.FLOATING_IP, outcome=Outcome.UNKNOWN, words=words))
    return hops


def _absent(name: HopName, words: str) -> Hop:
    return Hop(name=name, outcome=Outcome.ABSENT, words=words)


def _failed(name: HopName, words: str) -> Hop:
    return Hop(name=name, outcome=Outcome.FAILED, words=words, mend=MENDS[name])


_LAY_AGAIN = "start the host's agent anew (guests go on): it lays again what is missing"
MENDS = {
    HopName.WISH: "let packets through ('openstack port set --enable ID'), or wait for the host",
    HopName.HOST: "start the host or its agent: 'pilvi up', then 'pilvi doctor', on it",
    HopName.TAP: f"{_LAY_AGAIN}; is the server's guest off, start it",
    HopName.RULES: _LAY_AGAIN,
    HopName.BRIDGE: _LAY_AGAIN,
    HopName.DHCP: f"look into dnsmasq.log in the network's folder; {_LAY_AGAIN}",
    HopName.METADATA: f"look into metadata.log in the network's folder; {_LAY_AGAIN}",
    HopName.ROUTER: f"see whether the machine reaches the next hop itself; {_LAY_AGAIN}",
    HopName.FLOATING_IP: f"see that nobody else has the address outside; {_LAY_AGAIN}",
    HopName.GUEST: (
        "everything up to the guest is well: look into it, 'openstack console log show SERVER' "
        "says whether it has booted and taken its address"
    ),
}
"""What mends each part that fails."""


def hop_of(probe: Probe, finding: Finding) -> Hop:
    """What a finding means. Pure."""
    return Hop(
        name=probe.hop,
        outcome=Outcome.OK if finding.is_well else Outcome.FAILED,
        words=finding.words,
        mend="" if finding.is_well else MENDS[probe.hop],
        took_ms=finding.took_ms,
    )
