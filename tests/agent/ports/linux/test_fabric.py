"""The filters of ports, held against real packets between guests."""

import asyncio
import socket

import pytest

from agent.ports.small_host import OUT, SmallHost, mac, network, port, rule, uuid
from agent.ports.virtual_guest import Guests
from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.linux.conntrack import Conntrack, TrackedFlow
from pilvi.agent.ports.names import tap_name
from pilvi.host_api.contract import Kind

root = pytest.mark.root


@root
async def test_nothing_comes_in_that_no_rule_allows_and_answers_always_do(guests: Guests) -> None:
    first, second = await guests.pair(rules=[OUT, rule(protocol="icmp")])
    assert await first.pings("10.0.1.12")
    assert not await second.pings("10.0.1.11")


@root
async def test_a_rule_opens_exactly_its_ports_and_its_removal_closes_them(
    host: SmallHost, guests: Guests
) -> None:
    opened = [OUT, rule(protocol="tcp", first=8000, last=8001, remotes=["10.0.1.11/32"])]
    first, second = await guests.pair(rules=opened)
    for number in (8000, 8001, 8002):
        second.listen(number)
    assert await first.reaches("10.0.1.12", 8000)
    assert await first.reaches("10.0.1.12", 8001)
    assert not await first.reaches("10.0.1.12", 8002)
    closed = [OUT, rule(protocol="tcp", first=8000, last=8001, remotes=["10.0.1.13/32"])]
    host.assign(Kind.PORT, uuid(12), port(12, rules=closed))
    await host.settle()
    assert not await first.reaches("10.0.1.12", 8000)


@root
async def test_a_connection_ends_with_the_rule_that_let_it_begin(
    host: SmallHost, guests: Guests
) -> None:
    first, second = await guests.pair(rules=[OUT, rule(protocol="tcp")])
    listener = second.listen(8000)
    connection = await first.connect("10.0.1.12", 8000)
    answer, _ = listener.accept()
    with connection, answer:
        assert await _carries(connection, answer)
        host.assign(Kind.PORT, uuid(12), port(12, rules=[OUT, rule(protocol="icmp")]))
        await host.settle()
        assert not await _carries(connection, answer)


@root
async def test_a_connection_that_another_rule_still_allows_goes_on(
    host: SmallHost, guests: Guests
) -> None:
    first, second = await guests.pair(rules=[OUT, rule(protocol="tcp"), rule(protocol="icmp")])
    listener = second.listen(8000)
    connection = await first.connect("10.0.1.12", 8000)
    answer, _ = listener.accept()
    with connection, answer:
        narrowed = [OUT, rule(protocol="tcp", first=8000, last=8000)]
        host.assign(Kind.PORT, uuid(12), port(12, rules=narrowed))
        await host.settle()
        assert await _carries(connection, answer)


@root
async def test_the_next_owner_of_an_address_inherits_no_connection(
    host: SmallHost, guests: Guests
) -> None:
    first, second = await guests.pair(rules=[OUT, rule(protocol="icmp")])
    assert await first.pings("10.0.1.12")
    namespace = f"{host.settings.name_prefix}-fabric"
    assert await asyncio.to_thread(_flows, namespace, "10.0.1.12")
    host.assign(Kind.PORT, uuid(12), None)
    await host.settle()
    assert not await asyncio.to_thread(_flows, namespace, "10.0.1.12")
    assert await asyncio.to_thread(_flows, namespace, "10.0.1.11")
    assert second.name in namespaces.list_names()


@root
async def test_a_guest_sends_from_its_own_address_and_mac_only(guests: Guests) -> None:
    open_to_all = [OUT, rule()]
    first, second = await guests.pair(rules=open_to_all)
    assert await first.pings("10.0.1.12")
    await first.run("ip addr add 10.0.1.66/24 dev eth0")
    assert not (await first.run("busybox ping -c 1 -W 1 -I 10.0.1.66 10.0.1.12")).ok
    assert "10.0.1.66" not in (await second.run("ip neigh")).output
    await first.run(f"ip link set eth0 address {mac(0x66)}")
    assert not await first.pings("10.0.1.12")
    await first.run(f"ip link set eth0 address {mac(11)}")
    assert await first.pings("10.0.1.12")


@root
async def test_arp_in_the_name_of_another_is_dropped(guests: Guests) -> None:
    first, second = await guests.pair(rules=[OUT, rule()])
    await second.run("ip neigh flush dev eth0")
    await first.run("busybox arping -U -c 2 -w 2 -I eth0 -s 10.0.1.1 10.0.1.12")
    assert "10.0.1.1 " not in (await second.run("ip neigh")).output


@root
async def test_neither_ipv6_nor_tagged_frames_leave_or_reach_a_secured_port(
    host: SmallHost, guests: Guests
) -> None:
    first, second = await guests.pair(rules=[OUT, rule()])
    for guest, last in ((first, 11), (second, 12)):
        setup = (
            "ip link add link eth0 name eth0.5 type vlan id 5; ip link set eth0.5 up;"
            f"ip addr add 10.5.0.{last}/24 dev eth0.5; ip -6 addr add fd00::{last}/64 dev eth0"
        )
        await guest.run(f"sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0; {setup}")
    # The tagged frame carries the guest's own address, so that only its tag can betray it.
    await first.run("ip route add 10.5.0.12 dev eth0.5 src 10.0.1.11")
    assert not await first.pings("10.5.0.12")
    assert not (await first.run("busybox ping -6 -c 1 -W 1 fd00::12")).ok
    host.assign(Kind.PORT, uuid(11), port(11, port_security=False))
    await host.settle()
    assert not await first.pings("10.5.0.12")


@root
async def test_a_guest_is_no_dhcp_server(guests: Guests) -> None:
    first, second = await guests.pair(rules=[OUT, rule()])
    client = second.open_udp(68)
    first.open_udp(67).sendto(b"offer", ("10.0.1.12", 68))
    first.open_udp(66).sendto(b"no offer", ("10.0.1.12", 68))
    assert await asyncio.to_thread(client.recv, 100) == b"no offer"


@root
async def test_an_allowed_pair_may_be_used_by_two_guests(guests: Guests) -> None:
    pairs = {n: [(mac(n), "10.0.1.100/32")] for n in (11, 12)}
    everything = [OUT, rule()]
    _, second = await guests.pair(rules=everything, allowed_pairs=pairs[12])
    third = await guests.boot(port(13, rules=everything), dhcp=False)
    fourth = await guests.boot(
        port(14, rules=everything, allowed_pairs=[(mac(14), "10.0.1.100/32")]), dhcp=False
    )
    await third.set_address("10.0.1.13/24")
    for holder in (second, fourth):
        await holder.run("ip addr add 10.0.1.100/24 dev eth0; ip link set eth0 up")
        await third.run("ip neigh flush dev eth0")
        assert await third.pings("10.0.1.100")
        await holder.run("ip addr del 10.0.1.100/24 dev eth0")
    await third.run("ip neigh flush dev eth0")
    assert not await third.pings("10.0.1.100")


@root
async def test_without_port_security_everything_passes(guests: Guests) -> None:
    first, second = await guests.pair(port_security=False)
    await second.run("ip addr add 10.0.1.66/24 dev eth0")
    assert await first.pings("10.0.1.66")


@root
async def test_the_same_addresses_on_two_networks_do_not_meet(
    host: SmallHost, guests: Guests
) -> None:
    first, _ = await guests.pair(rules=[OUT, rule()])
    host.assign(Kind.NETWORK, uuid(2), network(2))
    spec = port(21, of=2, addresses=["10.0.1.12"], rules=[OUT, rule()])
    stranger = await guests.boot(spec, dhcp=False)
    await stranger.set_address("10.0.1.12/24")
    assert await first.pings("10.0.1.12")
    assert not await stranger.pings("10.0.1.11")


@root
async def test_a_port_that_is_down_carries_nothing_and_keeps_its_tap(
    host: SmallHost, guests: Guests
) -> None:
    first, _ = await guests.pair(rules=[OUT, rule()])
    host.assign(Kind.PORT, uuid(12), port(12, rules=[OUT, rule()], admin_state_up=False))
    await host.settle()
    assert host.driver.is_ready(uuid(12))
    assert not await first.pings("10.0.1.12")
    host.assign(Kind.PORT, uuid(12), port(12, rules=[OUT, rule()]))
    await host.settle()
    assert await first.pings("10.0.1.12")


def _flows(namespace: str, address: str) -> list[TrackedFlow]:
    with namespaces.inside(namespace):
        conntrack = Conntrack()
    try:
        return conntrack.list_flows({address}, 1)
    finally:
        conntrack.close()


async def _carries(connection: socket.socket, answer: socket.socket) -> bool:
    """Whether bytes still come through, both ways."""
    for sender, receiver in ((connection, answer), (answer, connection)):
        sender.send(b"x")
        receiver.settimeout(1.0)
        try:
            await asyncio.to_thread(receiver.recv, 1)
        except TimeoutError:
            return False
    return True


@root
async def test_a_tap_that_somebody_removed_comes_back_with_its_rules(
    host: SmallHost, guests: Guests
) -> None:
    first, _ = await guests.pair(rules=[OUT, rule(protocol="icmp")])
    fabric = f"{host.settings.name_prefix}-fabric"
    process = await asyncio.create_subprocess_exec(
        *("ip", "-n", fabric, "link", "del", tap_name(uuid(12)))
    )
    assert await process.wait() == 0
    assert not host.driver.is_ready(uuid(12))
    again = await guests.boot(port(12, rules=[OUT, rule(protocol="icmp")]))
    assert await first.pings("10.0.1.12")
    assert not await again.pings("10.0.1.11")
    await again.run("ip addr add 10.0.1.66/24 dev eth0")
    assert not (await again.run("busybox ping -c 1 -W 1 -I 10.0.1.66 10.0.1.2")).ok
