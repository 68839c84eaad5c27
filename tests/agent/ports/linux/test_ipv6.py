"""IPv6 on the data path: addresses, discovery, filters and routes, with real packets."""

import asyncio
import socket
import struct

import msgspec
import pytest

from agent.ports.small_host import (
    OUT,
    SmallHost,
    mac,
    network,
    port,
    router,
    rule,
    uuid,
)
from agent.ports.virtual_guest import Guests, VirtualGuest
from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.port_rules import link_local
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import (
    AddressSetSpec,
    AdvertSpec,
    DhcpOption,
    Lease,
    NetworkSpec,
    PortSpec,
    RouterInterface,
    RouterSpec,
    RuleSpec,
    SubnetSpec,
)

pytestmark = pytest.mark.root
OUT6 = msgspec.structs.replace(OUT, ip_version=6)


def six(**values: object) -> RuleSpec:
    """An inward rule of IPv6."""
    return msgspec.structs.replace(rule(), ip_version=6, **values)


def subnet6(number: int = 1, *, dhcp: bool = False) -> SubnetSpec:
    """The range fd00:N::/64."""
    return SubnetSpec(
        subnet_id=uuid(number + 0x200),
        cidr=f"fd00:{number}::/64",
        gateway=f"fd00:{number}::1",
        dhcp_enabled=dhcp,
        dhcp_address=f"fd00:{number}::2" if dhcp else None,
        dns_servers=["fd00:99::53"],
        host_routes=[],
    )


def dual(number: int = 1, *, dhcp: bool = False, leases: tuple[Lease, ...] = ()) -> NetworkSpec:
    """A network with IPv4 and IPv6."""
    four = network(number, ports=[11, 12])
    changes = {
        "subnets": [*four.subnets, subnet6(number, dhcp=dhcp)],
        "leases": [*four.leases, *leases],
    }
    return msgspec.structs.replace(four, **changes)


def slaac(number: int, of: int = 1) -> str:
    """The address that a port makes of its MAC."""
    return link_local(mac(number)).replace("fe80::", f"fd00:{of}::")


def port6(number: int, of: int = 1, **changes: object) -> PortSpec:
    """A port with its address of either version."""
    values = {"addresses": [f"10.0.{of}.{number}", slaac(number, of)], "rules": [OUT, OUT6]}
    return msgspec.structs.replace(port(number, of), **(values | changes))


async def boot6(guests: Guests, spec: PortSpec) -> VirtualGuest:
    """A guest with IPv6 switched on and its addresses made at once."""
    guest = await guests.boot(spec, dhcp=False)

    def switch() -> None:
        with namespaces.inside(guest.name):
            namespaces.switch_ipv6(on=True)
            for key in ("accept_ra", "autoconf"):
                namespaces.set_sysctl(f"net/ipv6/conf/eth0/{key}", "2")

    await asyncio.to_thread(switch)
    await guest.run("ip link set eth0 down; ip link set eth0 up")
    return guest


def advertised(of: int = 1, mode: str = "slaac") -> RouterInterface:
    """A router's leg that advertises network `of`."""
    advert = AdvertSpec(cidr=f"fd00:{of}::/64", mode=mode, dns_servers=["fd00:99::53"])
    return RouterInterface(
        port_id=uuid(0x60 + of),
        network_id=uuid(of),
        mac=mac(0x60 + of),
        address=f"10.0.{of}.1/24",
        further=[f"fd00:{of}::1/64"],
        adverts=[advert],
    )


def router6(host: SmallHost, *interfaces: RouterInterface) -> RouterSpec:
    """A router of IPv6 networks without a way out."""
    changes = {"interfaces": list(interfaces), "gateway": None, "gateway_next_hop": None}
    return msgspec.structs.replace(router(host.settings), **changes)


async def has(guest: VirtualGuest, text: str, command: str = "ip -6 addr", tries: int = 50) -> bool:
    """Whether a command in the guest comes to say something, within some seconds."""
    for _ in range(tries):
        if text in (await guest.run(command)).output:
            return True
        await asyncio.sleep(0.2)
    return False


async def pair(host: SmallHost, guests: Guests, **changes: object) -> list[VirtualGuest]:
    """Guests 11 and 12 with the addresses of their MACs; the changes are the second one's."""
    host.assign(Kind.NETWORK, uuid(1), dual())
    await host.settle()
    found = [await boot6(guests, port6(11)), await boot6(guests, port6(12, **changes))]
    for number, guest in zip((11, 12), found, strict=True):
        done = await guest.run(f"ip -6 addr add {slaac(number)}/64 dev eth0 nodad")
        assert done.ok, done.output
    return found


async def pings(guest: VirtualGuest, address: str) -> bool:
    """Whether an IPv6 address answers one of three pings."""
    return (await guest.run(f"busybox ping -6 -c 3 -i 0.2 -W 1 {address}")).ok


async def test_rules_of_ipv6_open_and_close(host: SmallHost, guests: Guests) -> None:
    first, second = await pair(host, guests)
    assert not await pings(first, slaac(12))
    opened = [OUT, OUT6, six(protocol="ipv6-icmp")]
    host.assign(Kind.PORT, uuid(12), port6(12, rules=opened))
    await host.settle()
    assert await pings(first, slaac(12))
    assert not await pings(second, slaac(11)), "only answers come back"
    four = [OUT, OUT6, rule(protocol="icmp"), rule()]
    host.assign(Kind.PORT, uuid(12), port6(12, rules=four))
    await host.settle()
    assert not await pings(first, slaac(12)), "a rule of IPv4 opens nothing of IPv6"


async def test_a_guest_takes_the_advertised_range_and_is_routed(
    host: SmallHost, guests: Guests
) -> None:
    for number in (1, 2):
        host.assign(Kind.NETWORK, uuid(number), dual(number))
    host.assign(Kind.ROUTER, uuid(0x50), router6(host, advertised(1), advertised(2)))
    await host.settle()
    open_ = [OUT, OUT6, six(protocol="ipv6-icmp")]
    first = await boot6(guests, port6(11, 1, rules=open_))
    second = await boot6(guests, port6(12, 2, rules=open_))
    assert await has(first, f"{slaac(11, 1)}/64") and await has(second, f"{slaac(12, 2)}/64")
    assert await has(first, "default via fe80:", "ip -6 route")
    assert await pings(first, slaac(12, 2))
    host.assign(Kind.ROUTER, uuid(0x50), router6(host, advertised(2)))
    await host.settle()
    assert not await pings(first, slaac(12, 2))


async def test_advertising_is_taken_up_again_by_itself(host: SmallHost, guests: Guests) -> None:
    host.assign(Kind.NETWORK, uuid(1), dual())
    host.assign(Kind.ROUTER, uuid(0x50), router6(host, advertised()))
    await host.settle()
    space = f"{host.settings.name_prefix}-router-{uuid(0x50)}"
    (process,) = namespaces.list_processes(space)
    namespaces.kill(process.pid, space)
    guest = await boot6(guests, port6(11))
    assert await has(guest, f"{slaac(11)}/64", tries=75)


async def test_nobody_but_a_router_is_taken_for_one(host: SmallHost, guests: Guests) -> None:
    """OSSA-2016-009, OSSA-2021-001: forged advertisements and neighbours reach nobody."""
    open_ = [OUT, OUT6, six()]
    first, second = await pair(host, guests, rules=open_)
    victim = socket.inet_pton(socket.AF_INET6, slaac(12))
    own = socket.inet_pton(socket.AF_INET6, slaac(11))
    hardware = bytes.fromhex(mac(11).replace(":", ""))
    advert = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
    prefix = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 9000, 9000, 0)
    prefix += socket.inet_pton(socket.AF_INET6, "fd66::")
    redirect = struct.pack("!BBHI", 137, 0, 0, 0) + own + victim
    stranger = socket.inet_pton(socket.AF_INET6, "fd00:1::77")
    neighbour = struct.pack("!BBHI", 136, 0, 0, 0x20000000) + stranger + b"\x02\x01" + hardware
    honest = struct.pack("!BBHI", 136, 0, 0, 0x20000000) + own + b"\x02\x01" + hardware
    heard = await _icmp6_heard(second, first, [advert + prefix, redirect, neighbour, honest])
    assert heard == {136: {slaac(11)}}
    assert not await has(second, "fd66", tries=2)


async def _icmp6_heard(
    to: VirtualGuest, source: VirtualGuest, payloads: list[bytes]
) -> dict[int, set[str]]:
    """Send messages from one guest to all nodes; the types that another hears, and the targets."""

    def talk() -> dict[int, set[str]]:
        with namespaces.inside(to.name):
            ears = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58)
            index = socket.if_nametoindex("eth0")
        ears.settimeout(1.0)
        with namespaces.inside(source.name):
            mouth = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58)
            there = socket.if_nametoindex("eth0")
        assert index
        mouth.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        mouth.bind((slaac(11), 0, 0, there))
        for payload in payloads:
            mouth.sendto(payload, ("ff02::1", 0, 0, there))
        heard: dict[int, set[str]] = {}
        try:
            while True:
                data, address = ears.recvfrom(2048)
                if address[0] == slaac(11) and data[0] >= 134 and data[0] != 135:
                    target = socket.inet_ntop(socket.AF_INET6, data[8:24])
                    heard.setdefault(data[0], set()).add(target)
        except TimeoutError:
            return heard
        finally:
            ears.close()
            mouth.close()

    return await asyncio.to_thread(talk)


async def test_a_guest_sends_from_its_own_addresses_only(host: SmallHost, guests: Guests) -> None:
    first, second = await pair(host, guests, rules=[OUT, OUT6, six()])
    assert await pings(first, slaac(12))
    await first.run("ip -6 addr flush dev eth0 scope global")
    await first.run("ip -6 addr add fd00:1::77/64 dev eth0 nodad")
    assert not await pings(first, slaac(12))
    pair_ = [(mac(11), "fd00:1::70/124")]
    host.assign(Kind.PORT, uuid(11), port6(11, allowed_pairs=pair_))
    await host.settle()
    assert await pings(first, slaac(12))


async def test_dhcpv6_gives_the_address_of_the_port(host: SmallHost, guests: Guests) -> None:
    option = DhcpOption(name="bootfile-url", value="tftp://x/y", ip_version=6)
    lease = Lease(
        port_id=uuid(11), mac=mac(11), address="fd00:1::11", hostname="vm-11", options=[option]
    )
    host.assign(Kind.NETWORK, uuid(1), dual(dhcp=True, leases=(lease,)))
    await host.settle()
    guest = await boot6(guests, port6(11, addresses=["10.0.1.11", "fd00:1::11"]))
    assert await has(guest, "fe80::")
    answer = await asyncio.to_thread(_ask_dhcp6, guest)
    assert socket.inet_pton(socket.AF_INET6, "fd00:1::11") in answer
    assert socket.inet_pton(socket.AF_INET6, "fd00:99::53") in answer
    assert b"tftp://x/y" in answer


def _ask_dhcp6(guest: VirtualGuest) -> bytes:
    """The advertisement that answers a solicitation (RFC 8415)."""
    hardware = bytes.fromhex(mac(11).replace(":", ""))

    def option(code: int, value: bytes) -> bytes:
        return struct.pack("!HH", code, len(value)) + value

    message = b"\x01\x11\x22\x33" + option(1, b"\x00\x03\x00\x01" + hardware)
    message += option(3, struct.pack("!III", 7, 0, 0)) + option(6, struct.pack("!HHH", 23, 59, 24))
    message += option(8, b"\x00\x00")
    with namespaces.inside(guest.name):
        talker = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        index = socket.if_nametoindex("eth0")
    talker.settimeout(1.0)
    talker.bind(("::", 546))
    try:
        for _ in range(8):
            talker.sendto(message, ("ff02::1:2", 547, 0, index))
            try:
                return talker.recv(2048)
            except TimeoutError:
                continue
        return b""
    finally:
        talker.close()


async def test_a_member_that_goes_ends_its_connections(host: SmallHost, guests: Guests) -> None:
    named = msgspec.structs.replace(six(protocol="tcp"), remotes=None, remote_set=uuid(9))
    first, second = await pair(host, guests, rules=[OUT, OUT6, named])
    await second.run("true")
    assert not await _connects(first, second)
    host.assign(Kind.ADDRESS_SET, uuid(9), _members(f"{slaac(11)}/128"))
    await host.settle()
    assert await _connects(first, second)
    host.assign(Kind.ADDRESS_SET, uuid(9), _members("fd00:1::99/128"))
    await host.settle()
    assert not await _connects(first, second)
    host.assign(Kind.PORT, uuid(12), port6(12))
    host.assign(Kind.ADDRESS_SET, uuid(9), None)
    await host.settle()


def _members(*addresses: str) -> msgspec.Struct:
    return AddressSetSpec(set_id=uuid(9), addresses=list(addresses))


async def _connects(first: VirtualGuest, second: VirtualGuest) -> bool:
    """Whether one guest reaches a TCP port of another over IPv6."""

    def talk() -> bool:
        with namespaces.inside(second.name):
            listener = socket.create_server(("::", 0), family=socket.AF_INET6)
        with namespaces.inside(first.name):
            caller = socket.socket(socket.AF_INET6)
        caller.settimeout(1.0)
        with listener, caller:
            try:
                caller.connect((slaac(12), listener.getsockname()[1]))
            except OSError:
                return False
        return True

    return await asyncio.to_thread(talk)
