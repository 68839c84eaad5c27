"""What a port may ask for beside its rules, held against real packets."""

import asyncio
import contextlib
import socket
import threading
import time

import msgspec
import pytest

from agent.ports.small_host import (
    OUT,
    SmallHost,
    external_address,
    external_network,
    mac,
    network,
    port,
    router,
    rule,
    uuid,
)
from agent.ports.virtual_guest import Guests, VirtualGuest
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import DhcpOption, ForwardingSpec, Lease, LimitSpec, PacketLimitSpec

pytestmark = pytest.mark.root
OPEN = [OUT, rule()]


async def test_extra_dhcp_options_arrive_at_their_guest_only(
    host: SmallHost, guests: Guests
) -> None:
    options = [
        DhcpOption(name="bootfile-name", value="pxe linux.0"),
        DhcpOption(name="66", value="tftp.example"),
        DhcpOption(name="ntp-server", value="10.9.9.9,10.9.9.8"),
        DhcpOption(name="dns-server", value="x\ndhcp-script=/bin/sh"),
        DhcpOption(name="domain-name", value='evil"\ndhcp-script=/bin/sh'),
        DhcpOption(name="nonsense", value="x"),
    ]
    lease = Lease(
        port_id=uuid(11), mac=mac(11), address="10.0.1.11", hostname="vm", options=options
    )
    plain = Lease(port_id=uuid(12), mac=mac(12), address="10.0.1.12", hostname="vm2")
    host.assign(Kind.NETWORK, uuid(1), network(leases=[lease, plain]))
    await host.settle()
    ask = "busybox udhcpc -f -i eth0 -n -q -t 4 -T 1 -O bootfile -O tftp -O ntpsrv -s /tmp/dump-{n}"
    heard = {}
    for number in (11, 12):
        guest = await guests.boot(port(number), dhcp=False)
        script = f"/tmp/dump-{guest.name}"
        await guest.run(f"printf '#!/bin/sh\\nset\\n' > {script}; chmod 755 {script}")
        heard[number] = (await guest.run(ask.format(n=guest.name))).output
        await guest.run(f"rm {script}")
    assert "bootfile='pxe linux.0'" in heard[11] and "tftp='tftp.example'" in heard[11]
    assert "10.9.9.9 10.9.9.8" in heard[11]
    assert "ip='10.0.1.12'" in heard[12] and "pxe" not in heard[12]
    changed = msgspec.structs.replace(lease, options=options[1:2])
    host.assign(Kind.NETWORK, uuid(1), network(leases=[changed, plain]))
    await host.settle()
    text = (host.settings.agent_dir / "networks" / uuid(1) / "options").read_text()
    assert text.count("\n") == 1 and "dhcp-script" not in text


async def _send(first: VirtualGuest, second: VirtualGuest, number: int) -> float:
    """Seconds that three half megabytes from one guest to a TCP port of another take."""
    listener = second.listen(number)
    connection = await first.connect("10.0.1.12", number)
    size = 1_500_000

    def transfer() -> float:
        answer, _ = listener.accept()
        began = time.monotonic()
        connection.settimeout(60)
        answer.settimeout(60)
        with connection, answer:
            sender = threading.Thread(target=connection.sendall, args=(bytes(size),))
            sender.start()
            left = size
            while left:
                left -= len(answer.recv(65536))
            sender.join()
        return time.monotonic() - began

    return await asyncio.to_thread(transfer)


@pytest.mark.parametrize("direction", ["ingress", "egress"])
async def test_a_limit_slows_its_direction(host: SmallHost, guests: Guests, direction: str) -> None:
    first, second = await guests.pair(rules=OPEN)
    fast = await _send(first, second, 9000)
    limit = [LimitSpec(direction=direction, max_kbps=4000, burst_kbit=800)]
    number, rules = (12, OPEN) if direction == "ingress" else (11, [OUT])
    host.assign(Kind.PORT, uuid(number), port(number, rules=rules, limits=limit))
    await host.settle()
    slow = await _send(first, second, 9001)
    # The kernel's bucket holds what a second lets through and the burst; then 0.5 MB a second.
    assert slow > 1.2 and slow > 3 * fast, (fast, slow)
    host.assign(Kind.PORT, uuid(number), port(number, rules=rules))
    await host.settle()


@pytest.mark.parametrize("direction", ["ingress", "egress"])
async def test_a_limit_of_packets_drops_what_is_over_it(
    host: SmallHost, guests: Guests, direction: str
) -> None:
    first, second = await guests.pair(rules=OPEN)
    ear, mouth = second.open_udp(5000), first.open_udp(5001)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    ear.settimeout(0.3)

    async def arrived() -> int:
        """How many of 6,000 packets arrive that are sent as fast as they can be."""
        return await asyncio.to_thread(_shower, mouth, ear)

    all_of_them = await arrived()
    limit = [PacketLimitSpec(direction=direction, max_kpps=1, burst_kpps=0)]
    number, rules = (12, OPEN) if direction == "ingress" else (11, [OUT])
    host.assign(Kind.PORT, uuid(number), port(number, rules=rules, packet_limits=limit))
    await host.settle()
    began = time.monotonic()
    some = await arrived()
    # The kernel's bucket holds what a second lets through and the burst.
    most = 1_000 * (time.monotonic() - began + 1) + 800
    assert all_of_them > 5_000, all_of_them
    assert 500 < some <= most, (some, most)
    assert await first.pings("10.0.1.12"), "after a while there is room again"


def _shower(mouth: socket.socket, ear: socket.socket) -> int:
    counted = [0]

    def count() -> None:
        with contextlib.suppress(TimeoutError):
            while True:
                ear.recv(64)
                counted[0] += 1

    hearing = threading.Thread(target=count)
    hearing.start()
    for _ in range(60):
        for _ in range(100):
            mouth.sendto(b"x", ("10.0.1.12", 5000))
        time.sleep(0.005)
    hearing.join()
    return counted[0]


async def test_packets_are_marked(host: SmallHost, guests: Guests) -> None:
    first, second = await guests.pair(rules=OPEN)
    ear = second.open_udp(5000)
    mouth = first.open_udp(5001)
    ear.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)

    async def heard() -> int:
        mouth.sendto(b"x", ("10.0.1.12", 5000))
        _, notes, _, _ = await asyncio.to_thread(ear.recvmsg, 64, 64)
        return notes[0][2][0]

    assert await heard() == 0
    host.assign(Kind.PORT, uuid(11), port(11, rules=[OUT], dscp_mark=46))
    await host.settle()
    assert await heard() == 46 << 2


async def test_without_port_security_a_limit_is_all_there_is(
    host: SmallHost, guests: Guests
) -> None:
    limit = [LimitSpec(direction="egress", max_kbps=100_000, burst_kbit=0)]
    changes = {"port_security": False, "limits": limit}
    first, second = await guests.pair(**changes)
    assert await first.pings("10.0.1.12")
    await second.set_address("10.0.1.77/24")
    host.assign(Kind.PORT, uuid(11), port(11, rules=OPEN))
    await host.settle()
    assert await second.pings("10.0.1.11")
    host.assign(Kind.PORT, uuid(12), port(12, rules=OPEN))
    await host.settle()
    assert not await second.pings("10.0.1.11"), "its own address is not the guest's"


async def test_a_stateless_port_lets_in_no_answer_by_itself(
    host: SmallHost, guests: Guests
) -> None:
    first, _ = await guests.pair(rules=[OUT, rule(protocol="icmp")])
    assert await first.pings("10.0.1.12")
    host.assign(Kind.PORT, uuid(11), port(11, rules=[OUT], stateful=False))
    await host.settle()
    assert not await first.pings("10.0.1.12")
    answer = rule(protocol="icmp", first=0)
    host.assign(Kind.PORT, uuid(11), port(11, rules=[OUT, answer], stateful=False))
    await host.settle()
    assert await first.pings("10.0.1.12")


async def test_a_forwarded_port_leads_to_its_guest_and_closes(
    host: SmallHost, guests: Guests
) -> None:
    settings = host.settings
    floating = external_address(settings, 9)
    host.assign(Kind.NETWORK, uuid(1), network(ports=[11, 12]))
    host.assign(Kind.NETWORK, uuid(99), external_network(settings))

    def forwarding(first: int, last: int, to: int, guest: int) -> ForwardingSpec:
        return ForwardingSpec(
            floating_address=floating,
            protocol="tcp",
            external_first=first,
            external_last=last,
            fixed_address=f"10.0.1.{guest}",
            internal_first=to,
        )

    both = [forwarding(2222, 2222, 22, 11), forwarding(8000, 8001, 9000, 12)]
    host.assign(Kind.ROUTER, uuid(0x50), router(settings, forwardings=both))
    await host.settle()
    web, shell = [await guests.boot(port(n, rules=OPEN)) for n in (12, 11)]
    shell.listen(22)
    web.listen(9001)

    def reaches(number: int) -> bool:
        try:
            socket.create_connection((floating, number), timeout=1.0).close()
        except OSError:
            return False
        return True

    assert await asyncio.to_thread(reaches, 2222)
    assert await asyncio.to_thread(reaches, 8001)
    assert not await asyncio.to_thread(reaches, 22)
    held = await asyncio.to_thread(socket.create_connection, (floating, 2222), 1.0)
    host.assign(Kind.ROUTER, uuid(0x50), router(settings, forwardings=both[1:]))
    await host.settle()
    assert not await asyncio.to_thread(reaches, 2222)
    assert await asyncio.to_thread(reaches, 8001)
    held.settimeout(1.0)
    with held, pytest.raises(OSError):
        held.sendall(b"x")
        assert held.recv(1)
