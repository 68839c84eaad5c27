"""What is seen of networks, ports and routers, and the steps that change it: values only.

A step names everything it needs, so that its execution has nothing left to decide, and every step
may be repeated.
"""

from dataclasses import dataclass, field

from pilvi.agent.ports.meter_rules import MeterRules
from pilvi.agent.ports.port_rules import PortFilter
from pilvi.agent.ports.router_rules import RouterRules


@dataclass(frozen=True, slots=True)
class BridgeSeen:
    """A bridge in the fabric. One that is not up, or has no conntrack zone, is not ready."""

    mtu: int
    is_ready: bool


@dataclass(frozen=True, slots=True)
class DhcpSeen:
    """A network's DHCP namespace, its plug and the two processes in it."""

    plugged_into: str | None
    """Name of the bridge."""
    mtu: int
    addresses: frozenset[str]
    """Addresses with prefix length, the metadata address among them."""
    config_digest: str | None
    """Digest of the configuration that the living dnsmasq was started with; None: not running."""
    leases_digest: str | None
    """Digest of the leases that were last told to it; None when not known."""
    metadata_runs: bool


@dataclass(frozen=True, slots=True)
class UplinkSeen:
    """The way from the machine's own namespace into the external network."""

    plugged_into: str | None
    mtu: int
    addresses: frozenset[str]
    masquerades: bool


@dataclass(frozen=True, slots=True)
class NetworkSeen:
    """All that is seen of one network."""

    bridge: BridgeSeen | None = None
    dhcp: DhcpSeen | None = None
    uplink: UplinkSeen | None = None
    stray_bridges: tuple[str, ...] = ()
    """Bridges that carry this network's id under another name, or when it should be absent."""


@dataclass(frozen=True, slots=True)
class TapSeen:
    """A guest's tap in the fabric."""

    number: int
    """Its interface index: what its rules know it by."""
    plugged_into: str | None
    mtu: int
    is_up: bool


@dataclass(frozen=True, slots=True)
class PortSeen:
    """All that is seen of one port."""

    bridge: BridgeSeen | None = None
    """The bridge it belongs into."""
    tap: TapSeen | None = None
    filter_digest: str | None = None
    """Digest of the filter that is loaded for it; None when there is none."""


@dataclass(frozen=True, slots=True)
class LegSeen:
    """One leg of a router."""

    plugged_into: str | None
    mac: str
    mtu: int
    addresses: frozenset[str]
    is_up: bool


@dataclass(frozen=True, slots=True)
class RouterSeen:
    """All that is seen of one router."""

    exists: bool = False
    rules_digest: str | None = None
    legs: dict[str, LegSeen] = field(default_factory=dict)
    routes: frozenset[tuple[str, str]] = frozenset()
    """Destination CIDR and next hop of every route that has a next hop."""
    adverts_digest: str | None = None
    """Digest of the configuration that ranges are advertised with; None: they are not."""
    meters_digest: str | None = None
    """Digest of the meters that are loaded; None when there are none."""
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Packets and octets by the name of the meter's counter."""
    proxies: frozenset[tuple[str, str]] = frozenset()
    """Leg and IPv6 address of everything that is answered for in neighbour discovery."""


@dataclass(frozen=True, slots=True)
class LayBridge:
    """Make the bridge, or mend what differs, and give it a conntrack zone."""

    network_id: str
    bridge: str
    segment: int
    mtu: int


@dataclass(frozen=True, slots=True)
class RemoveBridge:
    """Take a bridge and its zone away; what was plugged into it stays, unplugged."""

    bridge: str


@dataclass(frozen=True, slots=True)
class LayUplink:
    """Join the machine's own namespace to the external network, or mend what differs."""

    bridge: str
    address: str
    mtu: int
    masquerade: bool


@dataclass(frozen=True, slots=True)
class RemoveUplink:
    """Cut the machine off the external network and put its forwarding back."""


@dataclass(frozen=True, slots=True)
class LayDhcp:
    """Make the DHCP namespace, plug it in and give it its addresses, or mend what differs."""

    network_id: str
    bridge: str
    mtu: int
    addresses: frozenset[str]


@dataclass(frozen=True, slots=True)
class TellLeases:
    """Write the static entries, let dnsmasq read them, and release those that are gone."""

    network_id: str
    servers: tuple[str, ...]
    """DHCP addresses, with prefix length, that the released leases were given by."""
    text: str
    options: str
    """What single guests are given besides."""
    digest: str


@dataclass(frozen=True, slots=True)
class ServeDhcp:
    """Run dnsmasq with this configuration, in the place of any that runs with another."""

    network_id: str
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class ServeMetadata:
    """Run the metadata server if it does not run."""

    network_id: str


@dataclass(frozen=True, slots=True)
class Posted:
    """What a guest posted to the metadata server, which waits until it is forgotten here."""

    network_id: str
    address: str
    text: str


@dataclass(frozen=True, slots=True)
class ForgetPosted:
    """What was posted has arrived: the guest may be told so."""

    posted: Posted


@dataclass(frozen=True, slots=True)
class RemoveDhcp:
    """End the processes, remove the namespace and the files."""

    network_id: str


@dataclass(frozen=True, slots=True)
class MakeTap:
    """Make the persistent tap: down, plugged into nothing."""

    port_id: str


@dataclass(frozen=True, slots=True)
class LoadFilter:
    """Put this filter in the place of any that is loaded for the port, in one transaction."""

    port_id: str
    bridge: str
    filter: PortFilter


@dataclass(frozen=True, slots=True)
class UnloadFilter:
    """Take the port's filter away, and forget its flows."""

    port_id: str


@dataclass(frozen=True, slots=True)
class LoadSet:
    """Give an address set exactly these members, and forget the flows of those that go."""

    set_id: str
    members: tuple[str, ...]
    """Disjoint CIDRs."""
    digest: str


@dataclass(frozen=True, slots=True)
class RemoveSet:
    """Remove an address set, which no rule may name any more."""

    set_id: str


@dataclass(frozen=True, slots=True)
class PlugTap:
    """Put the tap into its bridge with this MTU, or into none."""

    port_id: str
    bridge: str | None
    mtu: int


@dataclass(frozen=True, slots=True)
class RaiseTap:
    """Bring the tap up; from here on it is ready for its guest."""

    port_id: str


@dataclass(frozen=True, slots=True)
class RemoveTap:
    """Remove the tap, also from under a guest that still holds it."""

    port_id: str


@dataclass(frozen=True, slots=True)
class MakeRouter:
    """Make the router's namespace and let it forward."""

    router_id: str


@dataclass(frozen=True, slots=True)
class LoadRouterRules:
    """Put these rules in the place of the router's former ones, in one transaction."""

    router_id: str
    rules: RouterRules


@dataclass(frozen=True, slots=True)
class LayLeg:
    """Make a leg, or mend what differs, and announce the addresses that are new on it."""

    router_id: str
    name: str
    bridge: str
    mac: str
    mtu: int
    addresses: frozenset[str]


@dataclass(frozen=True, slots=True)
class RemoveLeg:
    """Remove a leg."""

    router_id: str
    name: str


@dataclass(frozen=True, slots=True)
class SetRoutes:
    """Make the routes that have a next hop exactly these."""

    router_id: str
    routes: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class LoadMeters:
    """Change the meters with these rules, in one transaction; what stays counts on."""

    router_id: str
    rules: MeterRules


@dataclass(frozen=True, slots=True)
class SetProxies:
    """Answer in neighbour discovery on a leg for exactly these addresses."""

    router_id: str
    leg: str
    addresses: frozenset[str]


@dataclass(frozen=True, slots=True)
class ServeAdverts:
    """Advertise IPv6 ranges with this configuration, in the place of any other."""

    router_id: str
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class StopAdverts:
    """Advertise nothing any more."""

    router_id: str


@dataclass(frozen=True, slots=True)
class RemoveRouter:
    """Remove the router's namespace with all that is in it."""

    router_id: str


NetworkStep = (
    LayBridge
    | RemoveBridge
    | LayUplink
    | RemoveUplink
    | LayDhcp
    | TellLeases
    | ServeDhcp
    | ServeMetadata
    | ForgetPosted
    | RemoveDhcp
)
PortStep = MakeTap | LoadFilter | UnloadFilter | PlugTap | RaiseTap | RemoveTap
SetStep = LoadSet | RemoveSet
RouterStep = (
    MakeRouter
    | LoadRouterRules
    | LayLeg
    | RemoveLeg
    | SetRoutes
    | LoadMeters
    | SetProxies
    | ServeAdverts
    | StopAdverts
    | RemoveRouter
)
Step = NetworkStep | PortStep | SetStep | RouterStep
