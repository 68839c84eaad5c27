"""Networks, ports and routers as one host carries them.

Addresses are strings as `ipaddress` prints them, of either version. What was added after the first
shapes has a default, so that a host still reads the wishes that it wrote down before.
"""

import msgspec


class SubnetSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One subnet of a network, as DHCP serves it."""

    subnet_id: str
    cidr: str
    gateway: str | None
    dhcp_enabled: bool
    dhcp_address: str | None
    """Address of the DHCP and metadata server; None when `dhcp_enabled` is false."""
    dns_servers: list[str]
    host_routes: list[tuple[str, str]]
    """Destination CIDR and next hop."""


class DhcpOption(msgspec.Struct, frozen=True, kw_only=True):
    """One more option for one guest, as its owner gave it: nothing in it is to be trusted."""

    name: str
    """A name that DHCP servers know, or a number."""
    value: str
    ip_version: int = 4


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """One static DHCP entry."""

    port_id: str
    mac: str
    address: str
    hostname: str
    options: list[DhcpOption] = []


class NetworkSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One network on this host: a bridge, and DHCP with metadata where a subnet asks for it."""

    network_id: str
    project_id: str
    segment: int
    """Number of the network, 1 to 16,777,215; unique in the cloud (VNI, conntrack zone)."""
    mtu: int
    is_external: bool
    """The network that leaves the machine: its bridge holds the uplink."""
    subnets: list[SubnetSpec]
    leases: list[Lease]


class AddressSetSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses that rules of ports on this host name together: a change of them is one wish."""

    set_id: str
    addresses: list[str]
    """CIDRs of either version."""


class RuleSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One allowing rule."""

    direction: str
    """`ingress` (towards the guest) or `egress`."""
    protocol: str | None
    """`tcp`, `udp`, `icmp`, ... or a protocol number; None is any."""
    port_min: int | None
    """First port, or the ICMP type."""
    port_max: int | None
    """Last port, or the ICMP code."""
    remotes: list[str] | None
    """CIDRs of the other side; None is any, an empty list is nobody."""
    remote_set: str | None = None
    """Id of the address set that the other side has to be in; `remotes` is None then."""
    ip_version: int = 4


class LimitSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How much a guest may send or be sent."""

    direction: str
    """`ingress` (towards the guest) or `egress`."""
    max_kbps: int
    burst_kbit: int
    """Beyond the rate at once; 0: the host chooses."""


class PacketLimitSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How many packets a guest may send or be sent."""

    direction: str
    """`ingress` (towards the guest) or `egress`."""
    max_kpps: int
    """In thousands a second."""
    burst_kpps: int
    """Thousands beyond the rate at once; 0: the host chooses."""


class PortSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One guest's plug: a tap, its anti-spoofing and its security rules."""

    port_id: str
    server_id: str
    network_id: str
    segment: int
    mac: str
    addresses: list[str]
    allowed_pairs: list[tuple[str, str]]
    """Extra (MAC, CIDR) that the guest may use as its own."""
    port_security: bool
    admin_state_up: bool
    rules: list[RuleSpec]
    stateful: bool = True
    """Whether the answer to what a rule allows is allowed as well."""
    limits: list[LimitSpec] = []
    public_addresses: dict[str, str] = {}
    """The floating IP that stands for each fixed address that has one, for its guest to read."""
    dscp_mark: int | None = None
    """What the guest's packets are marked with."""
    packet_limits: list[PacketLimitSpec] = []
    logged: list[str] = []
    """`ACCEPT`, `DROP` or both: of which packets the host keeps a log."""


class AdvertSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One IPv6 range that a router advertises."""

    cidr: str
    mode: str
    """`slaac`, `dhcpv6-stateless` or `dhcpv6-stateful`."""
    dns_servers: list[str]


class RouterInterface(msgspec.Struct, frozen=True, kw_only=True):
    """A router's leg in a subnet."""

    port_id: str
    network_id: str
    mac: str
    address: str
    """Address with prefix length: 10.0.0.1/24."""
    further: list[str] = []
    """More addresses of the same leg."""
    adverts: list[AdvertSpec] = []


class FloatingIp(msgspec.Struct, frozen=True, kw_only=True):
    """One public address and the fixed address it stands for."""

    floating_address: str
    fixed_address: str


class ForwardingSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Ports of a public address that lead to ports of a fixed one."""

    floating_address: str
    protocol: str
    """`tcp` or `udp`."""
    external_first: int
    external_last: int
    fixed_address: str
    internal_first: int


class HelperSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A protocol whose further connections a router reads out of the first one."""

    helper: str
    """Name of the kernel's helper: `ftp`, `tftp`, ..."""
    protocol: str
    port: int
    """Where the first connection goes to."""


class MeterRule(msgspec.Struct, frozen=True, kw_only=True):
    """Which traffic through a router's gateway a meter counts; None is any address."""

    direction: str
    """`ingress` (from outside) or `egress`."""
    source: str | None
    destination: str | None
    """CIDRs, of addresses as they are inside."""
    excluded: bool = False
    """Whether this traffic is left out, whatever other rules of the meter say."""


class MeterSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One meter of a router; it counts nothing without rules."""

    label_id: str
    rules: list[MeterRule]


class RouterSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One router: a namespace with its legs, translation and routes."""

    router_id: str
    project_id: str
    admin_state_up: bool
    interfaces: list[RouterInterface]
    gateway: RouterInterface | None
    """The leg in the external network."""
    gateway_next_hop: str | None
    snat: bool
    floating_ips: list[FloatingIp]
    routes: list[tuple[str, str]]
    """Destination CIDR and next hop."""
    gateway_next_hop6: str | None = None
    forwardings: list[ForwardingSpec] = []
    helpers: list[HelperSpec] = []
    meters: list[MeterSpec] = []
    enable_ndp_proxy: bool = False
    """Whether of the inner IPv6 addresses only those in `ndp_proxies` are reached from outside."""
    ndp_proxies: list[str] = []
    """IPv6 addresses inside that the router answers for on its gateway's link."""


class MeterSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What a meter has counted since it was made."""

    label_id: str
    packets: int
    octets: int


class RouterSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What a host tells of a router beside whether it is as wished."""

    meters: list[MeterSeen]


def helper_capability(helper: str, protocol: str) -> str:
    """The ability of a host to help with a protocol: not every kernel has every helper."""
    return f"network.helper.{helper}.{protocol}"
