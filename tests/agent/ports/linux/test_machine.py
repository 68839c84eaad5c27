"""The machine's own namespace: what is changed there, and that it is put back."""

import asyncio
import socket
from pathlib import Path

import pytest

from agent.ports.small_host import (
    OUT,
    SmallHost,
    external_network,
    fresh_settings,
    network,
    port,
    router,
    uuid,
)
from agent.ports.virtual_guest import Guests
from pilvi.agent.ports.linux import machine, namespaces
from pilvi.agent.ports.linux.driver import LinuxPortDriver
from pilvi.agent.ports.linux.machine import render_masquerade
from pilvi.agent.ports.linux.nft import has_table
from pilvi.agent.ports.linux.purge import purge
from pilvi.host_api.contract import Kind

root = pytest.mark.root


def test_only_what_leaves_by_another_interface_is_masqueraded() -> None:
    rules = render_masquerade("pilvi", "pilvi-ext", "172.24.4.1/24")
    assert rules[-1].endswith('ip saddr @external oifname != "pilvi-ext" masquerade')
    assert "172.24.4.1/24" in rules[3]


@root
async def test_without_nat_the_machine_gets_an_uplink_and_no_table(host: SmallHost) -> None:
    before = Path("/proc/sys/net/ipv4/ip_forward").read_text()
    host.assign(Kind.NETWORK, uuid(99), external_network(host.settings))
    await host.settle()
    uplink = Path(f"/sys/class/net/{host.settings.name_prefix}-ext")
    assert (uplink / "operstate").read_text().strip() == "up"
    assert not has_table("ip", host.settings.name_prefix)
    assert Path("/proc/sys/net/ipv4/ip_forward").read_text() == before
    host.assign(Kind.NETWORK, uuid(99), None)
    await host.settle()
    assert not uplink.exists()


@root
async def test_with_nat_a_guest_goes_on_behind_the_machine_and_purge_puts_all_back(
    tmp_path: Path,
) -> None:
    switch = Path("/proc/sys/net/ipv4/ip_forward")
    before = switch.read_text()
    settings = fresh_settings(tmp_path, external_nat=True)
    host = SmallHost(settings, LinuxPortDriver(settings))
    guests = Guests(host, tmp_path)
    beyond = f"{settings.name_prefix}gb"
    # In the half of the benchmarking range (RFC 2544) that the external network is not in.
    half, third = settings.external_cidr.split(".")[1:3]
    beside = f"198.{37 - int(half)}.{third}"
    try:
        await host.start()
        await _lay_beyond(beyond, settings.name_prefix, beside)
        host.assign(Kind.NETWORK, uuid(99), external_network(settings))
        host.assign(Kind.ROUTER, uuid(0x50), router(settings))
        host.assign(Kind.NETWORK, uuid(1), network(ports=[11]))
        guest = await guests.boot(port(11, rules=[OUT]))
        assert switch.read_text().strip() == "1"
        with namespaces.inside(beyond):
            listener = socket.socket()
        with listener:
            listener.bind(("0.0.0.0", 8000))
            listener.listen(1)
            connection = await guest.connect(f"{beside}.2", 8000)
            _, peer = listener.accept()
            connection.close()
        assert peer[0] == f"{beside}.1"
    finally:
        for guest in guests.all:
            guest.close()
        await host.stop()
        purge(settings)
        namespaces.remove(beyond)
    assert switch.read_text() == before
    assert not has_table("ip", settings.name_prefix)
    assert not (machine.RECORD_DIR / settings.name_prefix).exists()


async def _lay_beyond(space: str, prefix: str, beside: str) -> None:
    """Another machine, .2, beside this one, .1; it knows no way to the cloud."""
    namespaces.create(space)
    process = await asyncio.create_subprocess_shell(
        f"ip link add {prefix}b type veth peer name e netns {space};"
        f"ip addr add {beside}.1/30 dev {prefix}b; ip link set {prefix}b up;"
        f"ip -n {space} addr add {beside}.2/30 dev e; ip -n {space} link set e up"
    )
    assert await process.wait() == 0
