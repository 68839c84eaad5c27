"""Purging one cloud: nothing is left, and its neighbour notices nothing."""

import msgspec
import pytest

from agent.ports.small_host import (
    SmallHost,
    external_network,
    network,
    port,
    router,
    uuid,
)
from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.linux.driver import LinuxPortDriver
from pilvi.agent.ports.linux.purge import networks_dir, purge
from pilvi.host_api.contract import Kind

pytestmark = pytest.mark.root


async def test_nothing_is_left_and_a_cloud_with_a_longer_prefix_is_untouched(
    host: SmallHost,
) -> None:
    prefix = host.settings.name_prefix
    shorter = msgspec.structs.replace(
        host.settings, name_prefix=prefix[:-1], state_dir=f"{host.settings.state_dir}-2"
    )
    other = SmallHost(shorter, LinuxPortDriver(shorter))
    try:
        await other.start()
        for one in (host, other):
            if one is host:
                one.assign(Kind.NETWORK, uuid(99), external_network(one.settings))
                one.assign(Kind.ROUTER, uuid(0x50), router(one.settings))
            one.assign(Kind.NETWORK, uuid(1), network(ports=[11]))
            one.assign(Kind.PORT, uuid(11), port(11))
            await one.settle()
        theirs = await other.driver.see_port(uuid(11), 1)
        pids = namespaces.list_processes(f"{shorter.name_prefix}-dhcp-{uuid(1)}")
        await host.driver.purge()
        assert not [n for n in namespaces.list_names() if n.startswith(f"{prefix}-")]
        assert not networks_dir(host.settings).exists()
        assert await other.driver.see_port(uuid(11), 1) == theirs
        assert namespaces.list_processes(f"{shorter.name_prefix}-dhcp-{uuid(1)}") == pids
        purge(host.settings)
    finally:
        await other.stop()
        purge(shorter)
    assert not [n for n in namespaces.list_names() if n.startswith(f"{shorter.name_prefix}-")]


async def test_what_was_purged_is_made_again_when_it_is_still_wished(host: SmallHost) -> None:
    host.assign(Kind.NETWORK, uuid(1), network(ports=[11]))
    host.assign(Kind.PORT, uuid(11), port(11))
    await host.settle()
    await host.driver.purge()
    assert not host.driver.is_ready(uuid(11))
    host.assign(Kind.NETWORK, uuid(1), network(ports=[11]))
    host.assign(Kind.PORT, uuid(11), port(11))
    await host.settle()
    assert host.driver.is_ready(uuid(11))
