"""The fake driver refuses what the real one would: steps in the wrong order."""

from pathlib import Path

import pytest

from agent.ports.small_host import fresh_settings, network, port, router, uuid
from pilvi.agent.ports import steps
from pilvi.agent.ports.dhcp import dhcp_config
from pilvi.agent.ports.fake import FakePortDriver
from pilvi.agent.ports.port_rules import port_filter
from pilvi.agent.ports.router_rules import router_rules
from pilvi.errors import Unavailable


@pytest.fixture
def driver() -> FakePortDriver:
    return FakePortDriver()


async def test_nothing_is_plugged_into_a_bridge_that_is_not_there(driver: FakePortDriver) -> None:
    await driver.apply(steps.MakeTap(uuid(11)))
    for step in (
        steps.PlugTap(uuid(11), "br1", 1450),
        steps.LayDhcp(uuid(1), "br1", 1450, frozenset()),
        steps.LayUplink("br1", "198.18.0.1/28", 1500, masquerade=False),
    ):
        with pytest.raises(Unavailable):
            await driver.apply(step)


async def test_a_port_is_filtered_and_raised_only_when_it_has_a_tap(driver: FakePortDriver) -> None:
    filter = port_filter(port(11))
    assert filter is not None
    for step in (steps.LoadFilter(uuid(11), "br1", filter), steps.RaiseTap(uuid(11))):
        with pytest.raises(Unavailable):
            await driver.apply(step)
    await driver.apply(steps.RemoveTap(uuid(11)))
    assert driver.ports == {}


async def test_dhcp_is_served_only_in_its_namespace(driver: FakePortDriver) -> None:
    await driver.apply(steps.LayBridge(uuid(1), "br1", 1, 1450))
    config = dhcp_config(network())
    with pytest.raises(Unavailable):
        await driver.apply(steps.ServeDhcp(uuid(1), config.text, config.digest))


async def test_rules_are_loaded_only_into_a_router_that_is_there(
    driver: FakePortDriver, tmp_path: Path
) -> None:
    rules = router_rules(router(fresh_settings(tmp_path)))
    with pytest.raises(Unavailable):
        await driver.apply(steps.LoadRouterRules(uuid(0x50), rules))
    await driver.apply(steps.RemoveRouter(uuid(0x50)))
    assert driver.routers == {}
