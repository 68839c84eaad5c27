"""A trace with real packets: one hop is broken on purpose, and the walk names it."""

import asyncio
import subprocess
from collections.abc import Callable

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
    vm,
)
from agent.ports.virtual_guest import Guests
from pilvi.agent.context import AgentContext
from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.linux.prober import (
    LinuxProber,
    make_arp_request,
    make_discover,
    read_arp_reply,
    read_offer,
)
from pilvi.agent.ports.names import CloudNames, leg_name, tap_name
from pilvi.agent.ports.tracer import TraceReconciler
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import FloatingIp
from pilvi.host_api.traces import Hop, HopName, Outcome, TraceSpec

OWN, GUEST = bytes.fromhex("020000000001"), bytes.fromhex("fa163e00000b")


def test_an_arp_request_names_no_sender_and_its_reply_is_read() -> None:
    request = make_arp_request(OWN, b"\x0a\x00\x01\x0b")
    assert request[:12] == b"\xff" * 6 + OWN and request[28:32] == bytes(4)
    reply = (
        OWN + GUEST + request[12:20] + b"\x00\x02" + GUEST + b"\x0a\x00\x01\x0b" + OWN + bytes(4)
    )
    assert read_arp_reply(reply, b"\x0a\x00\x01\x0b") == GUEST.hex(":")
    assert read_arp_reply(reply, b"\x0a\x00\x01\x0c") is None
    assert read_arp_reply(request, b"\x0a\x00\x01\x0b") is None
    assert read_arp_reply(reply[:30], b"\x0a\x00\x01\x0b") is None


def test_only_the_offer_to_our_own_discover_is_read() -> None:
    discover = make_discover(OWN, GUEST, 7)
    assert read_offer(discover, 7, GUEST) is None
    payload = bytearray(discover[42:])
    payload[0], payload[16:20] = 2, b"\x0a\x00\x01\x0b"
    offer = discover[:34] + b"\x00\x43\x00\x44" + discover[38:42] + bytes(payload)
    assert read_offer(offer, 7, GUEST) == "10.0.1.11"
    assert read_offer(offer, 8, GUEST) is None
    assert read_offer(offer, 7, OWN) is None
    assert read_offer(offer[:60], 7, GUEST) is None


root = pytest.mark.root


class Walker:
    """Walks along port 11."""

    def __init__(self, host: SmallHost) -> None:
        self.host = host
        self.names = CloudNames(host.settings.name_prefix)
        context = AgentContext(host.settings, host.desired, host.outbox, host.wake)
        self.tracer = TraceReconciler(context, LinuxProber(host.settings))

    async def walk(self) -> dict[HopName, Hop]:
        """Every hop by its name."""
        spec = TraceSpec(
            port_id=uuid(11),
            trace_id="t",
            asked_at=0.0,
            router_ids=[uuid(0x50)],
            floating_addresses=[external_address(self.host.settings, 7)],
        )
        return {hop.name: hop for hop in await self.tracer.walk(spec)}

    def run(self, namespace: str, *command: str) -> None:
        """A command in a namespace, as somebody who breaks things would type it."""
        with namespaces.inside(namespace):
            subprocess.run(command, check=True, timeout=10)


@pytest.fixture
async def walker(host: SmallHost, guests: Guests) -> Walker:
    """A guest with everything around it: DHCP, metadata, a router, a floating IP."""
    pair = FloatingIp(
        floating_address=external_address(host.settings, 7), fixed_address="10.0.1.11"
    )
    host.assign(Kind.NETWORK, uuid(99), external_network(host.settings))
    host.assign(Kind.ROUTER, uuid(0x50), router(host.settings, floating_ips=[pair]))
    host.assign(Kind.NETWORK, uuid(1), network(ports=[11]))
    host.assign(Kind.VM, uuid(11 + 0x1000), vm(11))
    await guests.boot(port(11, rules=[OUT, rule(protocol="icmp")]))
    host.loop.wake(Kind.NETWORK, uuid(1))
    await host.settle()
    return Walker(host)


@root
async def test_a_port_on_which_all_is_well(walker: Walker) -> None:
    hops = await walker.walk()
    assert list(hops) == [name for name in HopName if name is not HopName.HOST]
    wrong = [hop for hop in hops.values() if hop.outcome is not Outcome.OK]
    assert wrong == []
    assert "is offered 10.0.1.11" in hops[HopName.DHCP].words
    for name in (HopName.DHCP, HopName.METADATA, HopName.ROUTER, HopName.GUEST):
        assert hops[name].took_ms is not None, name


def _drop_rules(walker: Walker) -> None:
    chain = f"to_{tap_name(uuid(11))}"
    walker.run(walker.names.fabric, "nft", "flush", "chain", "inet", "ports", chain)


def _unhook_rules(walker: Walker) -> None:
    walker.run(walker.names.fabric, "nft", "flush", "map", "inet", "ports", "to_guests")


def _lower_tap(walker: Walker) -> None:
    walker.run(walker.names.fabric, "ip", "link", "set", tap_name(uuid(11)), "down")


def _unplug_tap(walker: Walker) -> None:
    walker.run(walker.names.fabric, "ip", "link", "set", tap_name(uuid(11)), "nomaster")


def _kill(walker: Walker, program: str) -> None:
    space = walker.names.dhcp(uuid(1))
    for process in namespaces.list_processes(space):
        if any(program in word for word in process.arguments):
            namespaces.kill(process.pid, space)


def _kill_dnsmasq(walker: Walker) -> None:
    _kill(walker, "dnsmasq")


def _kill_metadata(walker: Walker) -> None:
    _kill(walker, "pilvi.agent.ports.metadata")


def _remove_router(walker: Walker) -> None:
    namespaces.remove(walker.names.router(uuid(0x50)))


def _lower_gateway(walker: Walker) -> None:
    walker.run(walker.names.fabric, "ip", "link", "set", leg_name(uuid(0x80)), "down")


def _drop_translation(walker: Walker) -> None:
    space = walker.names.router(uuid(0x50))
    walker.run(space, "nft", "flush", "map", "ip", "router", "floating_to_fixed")


@root
@pytest.mark.parametrize(
    ("break_it", "first", "words"),
    [
        (_lower_tap, HopName.TAP, "is down"),
        (_drop_rules, HopName.RULES, "rules are missing"),
        (_unhook_rules, HopName.RULES, "nothing leads packets"),
        (_unplug_tap, HopName.BRIDGE, "not plugged into"),
        (_kill_dnsmasq, HopName.DHCP, "nobody answers"),
        (_kill_metadata, HopName.METADATA, "does not answer"),
        (_remove_router, HopName.ROUTER, "is missing"),
        (_lower_gateway, HopName.ROUTER, "next hop"),
        (_drop_translation, HopName.FLOATING_IP, "is not translated"),
    ],
)
async def test_the_broken_hop_is_the_first_that_fails(
    walker: Walker, break_it: Callable[[Walker], None], first: HopName, words: str
) -> None:
    await walker.host.rest()
    await asyncio.to_thread(break_it, walker)
    hops = await walker.walk()
    failed = [hop for hop in hops.values() if hop.outcome is Outcome.FAILED]
    assert failed and failed[0].name is first, [(hop.name, hop.words) for hop in failed]
    assert words in failed[0].words
    assert failed[0].mend


@root
async def test_a_guest_that_is_silent_is_the_last_hop(walker: Walker, guests: Guests) -> None:
    await guests.all[0].run("ip addr flush dev eth0")
    hops = await walker.walk()
    failed = [hop.name for hop in hops.values() if hop.outcome is Outcome.FAILED]
    assert failed == [HopName.GUEST]
