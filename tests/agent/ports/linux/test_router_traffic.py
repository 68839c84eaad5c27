"""Meters, helpers and proxies of routers, held against real packets."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import msgspec
import pytest

from agent.ports.linux.test_ipv6 import advertised, boot6, dual, has, port6, six, slaac
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
from agent.ports.test_meter_rules import counted, meter
from agent.ports.virtual_guest import Guests, VirtualGuest
from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.linux.routers import list_helpers
from pilvi.agent.ports.meter_rules import counter_name
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import FloatingIp, HelperSpec, RouterSeen, helper_capability

pytestmark = pytest.mark.root
OPEN = [OUT, rule()]
ROUTER = uuid(0x50)


@pytest.fixture
async def routed(host: SmallHost, guests: Guests) -> tuple[VirtualGuest, VirtualGuest]:
    """Guests 11 and 12 on network 1, which a router joins to the external network."""
    host.assign(Kind.NETWORK, uuid(99), external_network(host.settings))
    host.assign(Kind.ROUTER, ROUTER, router(host.settings))
    host.assign(Kind.NETWORK, uuid(1), network(ports=[11, 12]))
    return (
        await guests.boot(port(11, rules=OPEN)),
        await guests.boot(port(12, rules=OPEN)),
    )


async def counts(host: SmallHost) -> dict[str, tuple[int, int]]:
    """What the router's meters have counted."""
    return (await host.driver.see_router(ROUTER)).counts


async def test_a_meter_counts_what_passes_the_gateway_and_counts_on(
    host: SmallHost, routed: tuple[VirtualGuest, VirtualGuest]
) -> None:
    rules = [
        counted("egress", "10.0.1.0/24"),
        counted("ingress", None, "10.0.1.0/24"),
        counted("egress", "10.0.1.12/32", excluded=True),
    ]
    meters = [meter(1, *rules), meter(2, counted("egress", "10.99.0.0/16"))]
    host.assign(Kind.ROUTER, ROUTER, router(host.settings, meters=meters))
    await host.settle()
    outside = external_address(host.settings, 1)
    ping = f"busybox ping -c 3 -i 0.2 -W 1 -s 100 {outside}"
    assert (await routed[0].run(ping)).ok
    both_ways = await counts(host)
    assert both_ways == {counter_name(uuid(1)): (6, 6 * 128), counter_name(uuid(2)): (0, 0)}
    assert (await routed[1].run(ping)).ok
    assert (await counts(host))[counter_name(uuid(1))] == (9, 9 * 128)
    assert await routed[0].pings("10.0.1.12"), "what stays inside is not counted"
    floating = FloatingIp(
        floating_address=external_address(host.settings, 7), fixed_address="10.0.1.11"
    )
    changed = router(host.settings, meters=[meter(1, rules[0])], floating_ips=[floating])
    host.assign(Kind.ROUTER, ROUTER, changed)
    await host.settle()
    assert await counts(host) == {counter_name(uuid(1)): (9, 9 * 128)}
    assert (await routed[0].run(ping)).ok
    assert await counts(host) == {counter_name(uuid(1)): (12, 12 * 128)}
    host.assign(Kind.ROUTER, ROUTER, msgspec.structs.replace(changed, snat=False))
    await host.settle()
    told = msgspec.json.decode(host.seen(Kind.ROUTER, ROUTER).seen, type=RouterSeen)
    assert [(one.label_id, one.packets) for one in told.meters] == [(uuid(1), 12)]
    host.assign(Kind.ROUTER, ROUTER, router(host.settings))
    await host.settle()
    assert await counts(host) == {}
    assert bytes(host.seen(Kind.ROUTER, ROUTER).seen) == b"null"


async def test_a_helper_lets_the_second_connection_of_ftp_in(
    host: SmallHost, routed: tuple[VirtualGuest, VirtualGuest]
) -> None:
    if helper_capability("ftp", "tcp") not in list_helpers():
        pytest.skip("this kernel has no helper for FTP")
    outside = external_address(host.settings, 1)
    routed[0].listen(5001)

    async def told() -> bytes:
        """What a server outside hears of the address that the guest wants to be reached under."""
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((outside, 21))
            server.listen(1)
            server.settimeout(5)
            control = await routed[0].connect(outside, 21)
            answer, _ = server.accept()
            with control, answer:
                answer.settimeout(5)
                # The kernel reads no line before it knows where one begins.
                control.sendall(b"USER anonymous\r\n")
                await asyncio.to_thread(answer.recv, 100)
                control.sendall(f"PORT 10,0,1,11,{5001 // 256},{5001 % 256}\r\n".encode())
                heard = await asyncio.to_thread(answer.recv, 100)
                *address, high, low = heard.decode().removeprefix("PORT ").strip().split(",")
                target = (".".join(address), int(high) * 256 + int(low))
                with contextlib.suppress(OSError):
                    data = await asyncio.to_thread(_connect, outside, target)
                    data.close()
                    return heard + b"reached"
        return heard

    without = await told()
    assert b"10,0,1,11" in without and b"reached" not in without
    helper = HelperSpec(helper="ftp", protocol="tcp", port=21)
    host.assign(Kind.ROUTER, ROUTER, router(host.settings, helpers=[helper]))
    await host.settle()
    gateway = external_address(host.settings, 5).replace(".", ",").encode()
    helped = await told()
    assert gateway in helped and b"reached" in helped
    host.assign(Kind.ROUTER, ROUTER, router(host.settings))
    await host.settle()
    assert b"reached" not in await told()


def _connect(source: str, target: tuple[str, int]) -> socket.socket:
    return socket.create_connection(target, timeout=2.0, source_address=(source, 0))


@pytest.fixture
async def outside(host: SmallHost) -> AsyncIterator[str]:
    """A namespace on the external network, to which all of fd00::/16 is one link."""
    prefix = host.settings.name_prefix
    space, plug = f"{prefix}gx", f"{prefix}x"
    host.assign(Kind.NETWORK, uuid(99), external_network(host.settings))
    await host.settle()
    namespaces.create(space, ipv6=True)
    commands = (
        f"ip link add {plug} type veth peer name e netns {space};"
        f"ip link set {plug} netns {prefix}-fabric;"
        f"ip -n {prefix}-fabric link set {plug} master br99 up;"
        f"ip -n {space} link set e up;"
        f"ip -n {space} addr add fd00:99::9/16 dev e nodad"
    )
    process = await asyncio.create_subprocess_shell(commands)
    assert await process.wait() == 0
    yield space
    namespaces.remove(space)


async def test_a_router_answers_for_the_addresses_that_it_is_a_proxy_of(
    host: SmallHost, guests: Guests, outside: str
) -> None:
    inner = msgspec.structs.replace(router(host.settings), interfaces=[advertised()])
    assert inner.gateway is not None
    gateway = msgspec.structs.replace(inner.gateway, further=["fd00:99::5/64"])
    plain = msgspec.structs.replace(inner, gateway=gateway)
    host.assign(Kind.NETWORK, uuid(1), dual())
    host.assign(Kind.ROUTER, ROUTER, plain)
    await host.settle()
    opened = [OUT, six(), msgspec.structs.replace(OUT, ip_version=6)]
    guest, other = [await boot6(guests, port6(number, rules=opened)) for number in (11, 12)]
    for one, number in ((guest, 11), (other, 12)):
        assert await has(one, slaac(number))

    async def reached(number: int) -> bool:
        command = ("ip", "netns", "exec", outside, "busybox", "ping", "-6")
        arguments = ("-c", "3", "-i", "0.3", "-W", "1", slaac(number))
        child = await asyncio.create_subprocess_exec(
            *command, *arguments, stdout=asyncio.subprocess.DEVNULL
        )
        return await child.wait() == 0

    assert not await reached(11), "nobody answers for it"
    proxied = msgspec.structs.replace(plain, enable_ndp_proxy=True, ndp_proxies=[slaac(11)])
    host.assign(Kind.ROUTER, ROUTER, proxied)
    await host.settle()
    assert await reached(11)
    assert not await reached(12)
    via = f"ip -n {outside} -6 route replace {slaac(12)} via fd00:99::5"
    process = await asyncio.create_subprocess_shell(via)
    assert await process.wait() == 0
    assert not await reached(12), "a neighbour's route leads to proxied addresses only"
    host.assign(Kind.ROUTER, ROUTER, msgspec.structs.replace(plain, enable_ndp_proxy=True))
    await host.settle()
    assert not await reached(11)
    assert (await host.driver.see_router(ROUTER)).proxies == frozenset()
