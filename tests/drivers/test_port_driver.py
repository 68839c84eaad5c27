"""One suite for every port driver: what is told to it is seen, again and again."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.ports.small_host import (
    external_network,
    fresh_settings,
    network,
    port,
    router,
    rule,
    uuid,
)
from audit.held import check_held
from pilvi.agent.ports import steps
from pilvi.agent.ports.driver import PortDriver
from pilvi.agent.ports.fake import FakePortDriver
from pilvi.agent.ports.linux.driver import LinuxPortDriver
from pilvi.agent.ports.plan import (
    Plan,
    Segment,
    Uplink,
    plan_network,
    plan_port,
    plan_router,
    plan_set,
)
from pilvi.errors import Unavailable
from pilvi.host_api.contract import Kind
from pilvi.host_api.holdings import HoldingKind
from pilvi.host_api.networks import AddressSetSpec, NetworkSpec, PortSpec, RouterSpec
from pilvi.settings import Settings

LOOKS_MAX = 8


class Followed:
    """A driver that is led by plans, every step taken twice."""

    def __init__(self, driver: PortDriver, settings: Settings) -> None:
        self.driver = driver
        self.settings = settings
        self.uplink = Uplink(settings.external_cidr, settings.external_nat)

    async def network(self, spec: NetworkSpec | None, number: int = 1) -> None:
        for _ in range(LOOKS_MAX):
            seen = await self.driver.see_network(uuid(number), None if spec is None else number)
            if await self._take(plan_network(uuid(number), spec, seen, self.uplink)):
                return
        raise AssertionError("a network does not settle")

    async def port(self, spec: PortSpec | None) -> None:
        for _ in range(LOOKS_MAX):
            seen = await self.driver.see_port(uuid(11), 1)
            if await self._take(plan_port(uuid(11), spec, seen)):
                return
        raise AssertionError("a port does not settle")

    async def set(self, spec: AddressSetSpec | None) -> None:
        for _ in range(LOOKS_MAX):
            if await self._take(plan_set(uuid(9), spec, await self.driver.see_set(uuid(9)))):
                return
        raise AssertionError("an address set does not settle")

    async def router(self, spec: RouterSpec | None) -> None:
        segments = {uuid(1): Segment("br1", 1450), uuid(99): Segment("br99", 1500)}
        for _ in range(LOOKS_MAX):
            seen = await self.driver.see_router(uuid(0x50))
            if await self._take(plan_router(uuid(0x50), spec, seen, segments)):
                return
        raise AssertionError("a router does not settle")

    async def _take(self, plan: Plan) -> bool:
        for step in plan.steps:
            await self.driver.apply(step)
            await self.driver.apply(step)
        return plan.is_settled


@pytest.fixture(params=["fake", pytest.param("linux", marks=pytest.mark.root)])
async def followed(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Followed]:
    settings = fresh_settings(tmp_path)
    driver: PortDriver
    driver = FakePortDriver() if request.param == "fake" else LinuxPortDriver(settings)
    yield Followed(driver, settings)
    await driver.purge()
    await driver.close()


async def test_at_first_there_is_nothing(followed: Followed) -> None:
    driver = followed.driver
    assert await driver.see_network(uuid(1), 1) == steps.NetworkSeen()
    assert await driver.see_bridge(1) is None
    assert await driver.see_port(uuid(11), 1) == steps.PortSeen()
    assert await driver.see_router(uuid(0x50)) == steps.RouterSeen()
    assert await driver.list_broken() == []
    assert not driver.is_ready(uuid(11))
    with pytest.raises(Unavailable):
        driver.open_tap(uuid(11))
    assert driver.capabilities


async def test_a_network_comes_changes_and_goes(followed: Followed) -> None:
    await followed.network(network())
    seen = await followed.driver.see_network(uuid(1), 1)
    assert seen.bridge == steps.BridgeSeen(1450, is_ready=True)
    assert seen.dhcp is not None
    assert seen.dhcp.addresses == {"10.0.1.2/24", "169.254.169.254/32"}
    assert seen.dhcp.metadata_runs
    assert seen.uplink is None
    await followed.network(network(ports=[11], mtu=1400))
    again = await followed.driver.see_network(uuid(1), 1)
    assert again.bridge == steps.BridgeSeen(1400, is_ready=True)
    assert again.dhcp is not None
    assert again.dhcp.leases_digest != seen.dhcp.leases_digest
    assert await followed.driver.list_broken() == []
    await followed.network(None)
    assert await followed.driver.see_network(uuid(1), None) == steps.NetworkSeen()


async def test_the_external_network_has_an_uplink(followed: Followed) -> None:
    await followed.network(external_network(followed.settings), 99)
    seen = await followed.driver.see_network(uuid(99), 99)
    assert seen.uplink == steps.UplinkSeen(
        "br99", 1500, frozenset({followed.uplink.address}), masquerades=False
    )
    assert seen.dhcp is None
    await followed.network(network())
    assert (await followed.driver.see_network(uuid(1), 1)).uplink is None
    await followed.network(None, 99)
    assert await followed.driver.see_network(uuid(99), None) == steps.NetworkSeen()


async def test_a_port_comes_changes_and_goes(followed: Followed) -> None:
    driver = followed.driver
    await followed.network(network())
    await followed.port(port(11))
    first = await driver.see_port(uuid(11), 1)
    assert first.tap is not None
    assert (first.tap.plugged_into, first.tap.mtu, first.tap.is_up) == ("br1", 1450, True)
    assert driver.is_ready(uuid(11))
    await followed.port(port(11, rules=[rule(protocol="tcp", first=1, last=9, remotes=[])]))
    await followed.port(port(11, rules=[rule(protocol="tcp", first=1, last=9)]))
    second = await driver.see_port(uuid(11), 1)
    assert second.tap == first.tap
    assert second.filter_digest not in (None, first.filter_digest)
    await followed.port(port(11, port_security=False, admin_state_up=False))
    third = await driver.see_port(uuid(11), 1)
    assert third.filter_digest is None
    assert third.tap is not None and third.tap.plugged_into is None
    assert driver.is_ready(uuid(11))
    await followed.port(None)
    assert await driver.see_port(uuid(11), None) == steps.PortSeen()
    assert not driver.is_ready(uuid(11))


async def test_a_tap_is_opened_closed_and_opened_again(followed: Followed) -> None:
    await followed.network(network())
    await followed.port(port(11))
    for _ in range(2):
        descriptor = followed.driver.open_tap(uuid(11))
        assert not os.get_inheritable(descriptor)
        os.close(descriptor)
    assert followed.driver.is_ready(uuid(11))
    with pytest.raises(Unavailable):
        followed.driver.open_tap(uuid(12))
    assert not followed.driver.is_ready(uuid(12))


async def test_an_address_set_comes_changes_and_goes(followed: Followed) -> None:
    assert await followed.driver.see_set(uuid(9)) is None
    await followed.set(AddressSetSpec(set_id=uuid(9), addresses=["10.0.0.1", "2001:db8::/64"]))
    before = await followed.driver.see_set(uuid(9))
    await followed.set(AddressSetSpec(set_id=uuid(9), addresses=["10.0.0.0/24"]))
    assert await followed.driver.see_set(uuid(9)) not in (None, before)
    await followed.set(AddressSetSpec(set_id=uuid(9), addresses=[]))
    await followed.set(None)
    assert await followed.driver.see_set(uuid(9)) is None


async def test_a_router_comes_changes_and_goes(followed: Followed) -> None:
    await followed.network(network())
    await followed.network(external_network(followed.settings), 99)
    await followed.router(router(followed.settings))
    seen = await followed.driver.see_router(uuid(0x50))
    assert len(seen.legs) == 2
    assert {leg.plugged_into for leg in seen.legs.values()} == {"br1", "br99"}
    assert dict(seen.routes)["0.0.0.0/0"] == router(followed.settings).gateway_next_hop
    await followed.router(router(followed.settings, gateway=None, routes=[]))
    again = await followed.driver.see_router(uuid(0x50))
    assert len(again.legs) == 1
    assert again.routes == frozenset()
    assert again.rules_digest != seen.rules_digest
    await followed.router(None)
    assert await followed.driver.see_router(uuid(0x50)) == steps.RouterSeen()


async def test_what_is_there_is_listed_and_nothing_after_its_end(followed: Followed) -> None:
    driver = followed.driver
    assert await driver.holdings() == []
    inner, outer = network(ports=[11]), external_network(followed.settings)
    guest, way_out = port(11), router(followed.settings)
    members = AddressSetSpec(set_id=uuid(9), addresses=["10.0.0.1", "2001:db8::/64"])
    await followed.network(inner)
    await followed.network(outer, 99)
    await followed.set(members)
    await followed.port(guest)
    await followed.router(way_out)
    await driver.write_documents(uuid(1), {"10.0.1.11": b"{}"})
    found = await driver.holdings()
    check_held(Kind.NETWORK, uuid(1), inner, found)
    check_held(Kind.NETWORK, uuid(99), outer, found)
    check_held(Kind.PORT, uuid(11), guest, found)
    check_held(Kind.ROUTER, uuid(0x50), way_out, found)
    check_held(Kind.ADDRESS_SET, uuid(9), members, found)
    owners = {uuid(number) for number in (1, 99, 11, 0x50, 9)}
    assert [one for one in found if one.owner not in owners] == []
    assert (HoldingKind.DOCUMENT, "10.0.1.11") in {(one.kind, one.part) for one in found}
    await followed.router(None)
    await followed.port(None)
    await followed.set(None)
    await followed.network(None, 99)
    await followed.network(None)
    assert await driver.holdings() == []


async def test_documents_may_be_written_and_removed_at_any_time(followed: Followed) -> None:
    driver = followed.driver
    await driver.remove_documents(uuid(1), ["10.0.1.11"])
    await followed.network(network())
    await driver.write_documents(uuid(1), {"10.0.1.11": b"{}", "10.0.1.12": b"{}"})
    await driver.write_documents(uuid(1), {"10.0.1.11": b"{}"}, only=True)
    await driver.remove_documents(uuid(1), ["10.0.1.11", "10.0.1.12"])
    await followed.network(None)
    assert await driver.see_network(uuid(1), None) == steps.NetworkSeen()


async def test_purging_takes_everything_and_can_be_repeated(followed: Followed) -> None:
    await followed.network(network())
    await followed.port(port(11))
    for _ in range(2):
        await followed.driver.purge()
        assert await followed.driver.see_network(uuid(1), 1) == steps.NetworkSeen()
        assert await followed.driver.see_port(uuid(11), 1) == steps.PortSeen()
