"""Routers with real packets: SNAT, floating IPs, hairpin, and taking them away."""

import asyncio
import socket

import pytest

from agent.ports.small_host import (
    OUT,
    SmallHost,
    external_address,
    external_network,
    network,
    port,
    router,
    rule,
    uuid,
)
from agent.ports.virtual_guest import Guests, VirtualGuest
from pilvi.agent.ports.linux import namespaces
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import FloatingIp

pytestmark = pytest.mark.root

OPEN = [OUT, rule()]


@pytest.fixture
async def routed(host: SmallHost, guests: Guests) -> tuple[VirtualGuest, VirtualGuest]:
    """Guests 11 and 12 on network 1, which a router joins to the external network."""
    host.assign(Kind.NETWORK, uuid(99), external_network(host.settings))
    host.assign(Kind.ROUTER, uuid(0x50), router(host.settings))
    host.assign(Kind.NETWORK, uuid(1), network(ports=[11, 12]))
    return (
        await guests.boot(port(11, rules=OPEN)),
        await guests.boot(port(12, rules=OPEN)),
    )


def floating(host: SmallHost, *pairs: tuple[int, int]) -> list[FloatingIp]:
    return [
        FloatingIp(
            floating_address=external_address(host.settings, outer),
            fixed_address=f"10.0.1.{inner}",
        )
        for outer, inner in pairs
    ]


async def machine_pings(address: str) -> bool:
    process = await asyncio.create_subprocess_exec(
        *("busybox", "ping", "-c", "2", "-i", "0.2", "-W", "1", address),
        stdout=asyncio.subprocess.DEVNULL,
    )
    return await process.wait() == 0


async def test_a_guest_reaches_the_outside_under_the_routers_address(
    host: SmallHost, routed: tuple[VirtualGuest, VirtualGuest]
) -> None:
    with socket.socket() as listener:
        listener.bind((external_address(host.settings, 1), 0))
        listener.listen(1)
        connection = await routed[0].connect(*listener.getsockname())
        _, peer = listener.accept()
        connection.close()
    assert peer[0] == external_address(host.settings, 5)


async def test_a_floating_ip_answers_from_the_machine_until_it_is_taken_away(
    host: SmallHost, routed: tuple[VirtualGuest, VirtualGuest]
) -> None:
    address = external_address(host.settings, 7)
    assert not await machine_pings(address)
    listener = routed[0].listen(8000)
    host.assign(
        Kind.ROUTER, uuid(0x50), router(host.settings, floating_ips=floating(host, (7, 11)))
    )
    await host.settle()
    assert await machine_pings(address)
    established = await asyncio.to_thread(socket.create_connection, (address, 8000), 2.0)
    answer, _ = listener.accept()
    with established, answer:
        assert await _carries(established, answer)
        host.assign(Kind.ROUTER, uuid(0x50), router(host.settings))
        await host.settle()
        assert not await _carries(established, answer)
        assert not await _carries(answer, established)
    assert not await machine_pings(address)


async def test_a_guest_with_a_floating_ip_goes_out_under_it(
    host: SmallHost, routed: tuple[VirtualGuest, VirtualGuest]
) -> None:
    host.assign(
        Kind.ROUTER, uuid(0x50), router(host.settings, floating_ips=floating(host, (7, 11)))
    )
    await host.settle()
    with socket.socket() as listener:
        listener.bind((external_address(host.settings, 1), 0))
        listener.listen(2)
        peers = []
        for guest in routed:
            connection = await guest.connect(*listener.getsockname())
            peers.append(listener.accept()[1][0])
            connection.close()
    assert peers == [external_address(host.settings, 7), external_address(host.settings, 5)]


async def test_a_floating_ip_moves_to_another_guest(
    host: SmallHost, routed: tuple[VirtualGuest, VirtualGuest]
) -> None:
    for guest in routed:
        guest.listen(8000)
    address = external_address(host.settings, 7)
    for inner in (11, 12):
        spec = router(host.settings, floating_ips=floating(host, (7, inner)))
        host.assign(Kind.ROUTER, uuid(0x50), spec)
        await host.settle()
        done = await routed[inner - 11].run(f"busybox ping -c 1 -W 1 {address}")
        assert done.ok, done.output
        assert await machine_pings(address)


async def test_a_guest_reaches_a_floating_ip_of_its_own_network(
    host: SmallHost, routed: tuple[VirtualGuest, VirtualGuest]
) -> None:
    listener = routed[0].listen(8000)
    for pairs, source in (([(7, 11)], 5), ([(7, 11), (8, 12)], 8)):
        spec = router(host.settings, floating_ips=floating(host, *pairs))
        host.assign(Kind.ROUTER, uuid(0x50), spec)
        await host.settle()
        connection = await routed[1].connect(external_address(host.settings, 7), 8000)
        _, peer = listener.accept()
        connection.close()
        assert peer[0] == external_address(host.settings, source)
        assert await routed[0].pings(external_address(host.settings, 7))


async def test_the_outside_cannot_reach_a_fixed_address(
    host: SmallHost, routed: tuple[VirtualGuest, VirtualGuest]
) -> None:
    gateway = external_address(host.settings, 5)
    space = f"{host.settings.name_prefix}gx"
    namespaces.create(space)
    try:
        outside = f"{host.settings.name_prefix}x"
        commands = (
            f"ip link add {outside} type veth peer name e netns {space};"
            f"ip link set {outside} netns {host.settings.name_prefix}-fabric;"
            f"ip -n {host.settings.name_prefix}-fabric link set {outside} master br99 up;"
            f"ip -n {space} addr add {external_address(host.settings, 9)}/28 dev e;"
            f"ip -n {space} link set e up; ip -n {space} route add 10.0.1.0/24 via {gateway}"
        )
        process = await asyncio.create_subprocess_shell(commands)
        assert await process.wait() == 0
        for address, answers in ((gateway, True), ("10.0.1.11", False)):
            ping = ("ip", "netns", "exec", space, "busybox", "ping", "-c", "1", "-W", "1", address)
            child = await asyncio.create_subprocess_exec(*ping, stdout=asyncio.subprocess.DEVNULL)
            assert (await child.wait() == 0) == answers
    finally:
        namespaces.remove(space)


async def test_two_networks_meet_in_their_router_and_static_routes_lead_on(
    host: SmallHost, guests: Guests, routed: tuple[VirtualGuest, VirtualGuest]
) -> None:
    host.assign(Kind.NETWORK, uuid(2), network(2, ports=[21]))
    spec = router(host.settings, inside=(1, 2), routes=[("10.200.0.0/16", "10.0.1.12")])
    host.assign(Kind.ROUTER, uuid(0x50), spec)
    other = await guests.boot(port(21, of=2, rules=OPEN))
    assert await routed[0].pings("10.0.2.21")
    assert await other.pings("10.0.1.11")
    seen = await host.driver.see_router(uuid(0x50))
    assert ("10.200.0.0/16", "10.0.1.12") in seen.routes


async def test_a_router_that_is_down_routes_nothing_and_one_that_is_absent_leaves_nothing(
    host: SmallHost, routed: tuple[VirtualGuest, VirtualGuest]
) -> None:
    outside = external_address(host.settings, 1)
    assert await routed[0].pings(outside)
    host.assign(Kind.ROUTER, uuid(0x50), router(host.settings, admin_state_up=False))
    await host.settle()
    assert not await routed[0].pings(outside)
    host.assign(Kind.ROUTER, uuid(0x50), None)
    await host.settle()
    assert not host.seen(Kind.ROUTER, uuid(0x50)).present
    assert not namespaces.exists(f"{host.settings.name_prefix}-router-{uuid(0x50)}")
    process = await asyncio.create_subprocess_exec(
        *("ip", "-n", f"{host.settings.name_prefix}-fabric", "-o", "link"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert b"leg" not in (await process.communicate())[0]


async def _carries(sender: socket.socket, receiver: socket.socket) -> bool:
    sender.send(b"x")
    receiver.settimeout(1.0)
    try:
        return bool(await asyncio.to_thread(receiver.recv, 1))
    except (TimeoutError, ConnectionResetError):
        # What has no way any more is told so, or hears nothing.
        return False
