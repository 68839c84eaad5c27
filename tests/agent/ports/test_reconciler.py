"""Reconcilers on the fake driver: what is told, whom they wake, what they wait for."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from agent.ports.small_host import (
    SmallHost,
    external_network,
    fresh_settings,
    network,
    port,
    router,
    uuid,
    vm,
)
from pilvi.agent.ports.fake import FakePortDriver
from pilvi.agent.ports.metadata_tree import find_answer
from pilvi.agent.ports.meter_rules import counter_name
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import MeterSpec, RouterSeen


@pytest.fixture
def driver() -> FakePortDriver:
    return FakePortDriver()


@pytest.fixture
async def host(tmp_path: Path, driver: FakePortDriver) -> AsyncIterator[SmallHost]:
    host = SmallHost(fresh_settings(tmp_path), driver)
    await host.start()
    yield host
    await host.stop()


async def until_idle(host: SmallHost) -> None:
    async with asyncio.timeout(20):
        while not host.loop.idle:  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def test_a_port_waits_for_its_network_and_then_wakes_its_vm(host: SmallHost) -> None:
    host.assign(Kind.PORT, uuid(11), port(11))
    await asyncio.sleep(0.02)
    told = host.seen(Kind.PORT, uuid(11))
    assert (told.present, told.settled, told.waiting) == (False, False, f"network {uuid(1)}")
    assert not host.driver.is_ready(uuid(11))
    host.assign(Kind.NETWORK, uuid(1), network())
    await asyncio.wait_for(host.settle(), 20)
    told = host.seen(Kind.PORT, uuid(11))
    assert (told.present, told.settled, told.waiting, told.generation) == (True, True, "", 1)
    assert host.driver.is_ready(uuid(11))
    assert host.woken.count((Kind.VM, uuid(0x100B))) == 1


async def test_a_router_is_woken_by_the_bridge_it_waits_for(host: SmallHost) -> None:
    host.assign(Kind.NETWORK, uuid(1), network())
    host.assign(Kind.ROUTER, uuid(0x50), router(host.settings))
    await asyncio.sleep(0.02)
    assert host.seen(Kind.ROUTER, uuid(0x50)).waiting == f"network {uuid(99)}"
    host.assign(Kind.NETWORK, uuid(99), external_network(host.settings))
    await asyncio.wait_for(host.settle(), 20)
    assert host.seen(Kind.ROUTER, uuid(0x50)).settled


async def test_absence_is_told_with_the_generation_that_asked_for_it(
    host: SmallHost, driver: FakePortDriver
) -> None:
    host.assign(Kind.NETWORK, uuid(1), network(ports=[11]))
    host.assign(Kind.PORT, uuid(11), port(11))
    host.assign(Kind.ROUTER, uuid(0x50), router(host.settings, gateway=None))
    await host.settle()
    for kind, id in ((Kind.ROUTER, uuid(0x50)), (Kind.PORT, uuid(11)), (Kind.NETWORK, uuid(1))):
        host.assign(kind, id, None)
        await host.settle()
        told = host.seen(kind, id)
        assert (told.present, told.settled, told.generation) == (False, True, 2)
    assert (driver.networks, driver.ports, driver.routers) == ({}, {}, {})


async def test_a_changed_mtu_reaches_ports_and_routers(
    host: SmallHost, driver: FakePortDriver
) -> None:
    host.assign(Kind.NETWORK, uuid(1), network())
    host.assign(Kind.PORT, uuid(11), port(11))
    host.assign(Kind.ROUTER, uuid(0x50), router(host.settings, gateway=None))
    await host.settle()
    host.assign(Kind.NETWORK, uuid(1), network(mtu=1300))
    await host.settle()
    await until_idle(host)
    assert driver.ports[uuid(11)].tap.mtu == 1300
    assert {leg.mtu for leg in driver.routers[uuid(0x50)].legs.values()} == {1300}


async def test_documents_follow_ports_and_vms(host: SmallHost, driver: FakePortDriver) -> None:
    host.assign(Kind.VM, uuid(0x100B), vm(11))
    host.assign(Kind.VM, uuid(0x100C), vm(12))
    host.assign(Kind.NETWORK, uuid(1), network())
    for number in (11, 12):
        host.assign(Kind.PORT, uuid(number), port(number))
    await host.settle()
    await until_idle(host)
    documents = driver.networks[uuid(1)].documents
    assert sorted(documents) == ["10.0.1.11", "10.0.1.12"]
    answer = find_answer("/latest/meta-data/instance-id", documents["10.0.1.12"])
    assert answer == ("text/plain", b"i-0000000c")
    host.assign(Kind.PORT, uuid(11), port(11, addresses=["10.0.1.99"]))
    host.assign(Kind.PORT, uuid(12), None)
    await host.settle()
    await until_idle(host)
    assert sorted(driver.networks[uuid(1)].documents) == ["10.0.1.99"]


async def test_an_address_that_changed_hands_keeps_its_new_document(
    host: SmallHost, driver: FakePortDriver
) -> None:
    for number in (11, 12):
        host.assign(Kind.VM, uuid(number + 0x1000), vm(number))
    host.assign(Kind.NETWORK, uuid(1), network())
    host.assign(Kind.PORT, uuid(11), port(11))
    await host.settle()
    host.assign(Kind.PORT, uuid(12), port(12, addresses=["10.0.1.11"]))
    await host.settle()
    host.assign(Kind.PORT, uuid(11), None)
    await host.settle()
    await until_idle(host)
    document = driver.networks[uuid(1)].documents["10.0.1.11"]
    assert find_answer("/latest/meta-data/instance-id", document) == ("text/plain", b"i-0000000c")


async def test_a_process_that_ended_is_started_again(
    host: SmallHost, driver: FakePortDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pilvi.agent.ports.reconciler.WATCH_S", 0.01)
    host.assign(Kind.NETWORK, uuid(1), network())
    await host.settle()
    held = driver.networks[uuid(1)]
    assert held.dhcp is not None
    held.dhcp = replace(held.dhcp, config_digest=None, metadata_runs=False)
    async with asyncio.timeout(20):
        while await driver.list_broken():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert held.dhcp.metadata_runs


async def test_a_wish_that_cannot_be_carried_out_is_told_and_not_tried_again(
    host: SmallHost,
) -> None:
    host.assign(Kind.NETWORK, uuid(1), network())
    host.assign(Kind.PORT, uuid(11), port(11, mac="no mac"))
    host.assign(Kind.PORT, uuid(12), port(12))
    await until_idle(host)
    fault = host.seen(Kind.PORT, uuid(11)).fault
    assert fault is not None
    assert (fault.kind, fault.terminal) == ("InvalidRequest", True)
    assert "no mac" in fault.message
    assert host.seen(Kind.PORT, uuid(12)).settled


async def test_after_a_start_everything_is_looked_at_and_nothing_is_changed(
    host: SmallHost, driver: FakePortDriver
) -> None:
    host.assign(Kind.NETWORK, uuid(1), network(ports=[11]))
    host.assign(Kind.PORT, uuid(11), port(11))
    await host.settle()
    await until_idle(host)
    number = driver.ports[uuid(11)].tap.number
    again = SmallHost(host.settings, driver)
    assert len(again.unsettled()) == 2
    await again.start()
    try:
        await again.settle()
        assert again.woken == []
        assert driver.ports[uuid(11)].tap.number == number
        assert again.seen(Kind.PORT, uuid(11)).settled
    finally:
        await again.stop()


async def test_a_router_with_meters_is_read_and_told_again(
    host: SmallHost, driver: FakePortDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await host.stop()
    monkeypatch.setattr("pilvi.agent.ports.reconciler.METER_S", 0.02)
    await host.start()
    for number, spec in ((1, network()), (99, external_network(host.settings))):
        host.assign(Kind.NETWORK, uuid(number), spec)
    meters = [MeterSpec(label_id=uuid(7), rules=[])]
    host.assign(Kind.ROUTER, uuid(0x50), router(host.settings, meters=meters))
    await asyncio.wait_for(host.settle(), 20)
    for packets in (3, 5):
        counted = {counter_name(uuid(7)): (packets, packets * 100)}
        driver.routers[uuid(0x50)] = replace(driver.routers[uuid(0x50)], counts=counted)
        async with asyncio.timeout(20):
            while _told_packets(host) != [packets]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert host.seen(Kind.ROUTER, uuid(0x50)).settled
    host.assign(Kind.ROUTER, uuid(0x50), router(host.settings))
    driver.routers[uuid(0x50)] = replace(driver.routers[uuid(0x50)], counts={})
    await asyncio.wait_for(host.settle(), 20)
    await until_idle(host)
    assert _told_packets(host) == []


def _told_packets(host: SmallHost) -> list[int]:
    seen = msgspec.json.decode(host.seen(Kind.ROUTER, uuid(0x50)).seen, type=RouterSeen | None)
    return [] if seen is None else [meter.packets for meter in seen.meters]
