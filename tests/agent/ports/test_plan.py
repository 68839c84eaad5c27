"""Plans: from any state that a crash can leave, the same wish is reached, and then nothing more."""

import asyncio
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.ports.small_host import (
    external_network,
    fresh_settings,
    network,
    port,
    router,
    rule,
    uuid,
)
from pilvi.agent.ports import steps
from pilvi.agent.ports.fake import FakePortDriver
from pilvi.agent.ports.plan import (
    Plan,
    Segment,
    Uplink,
    plan_network,
    plan_port,
    plan_router,
)
from pilvi.agent.ports.steps import NetworkSeen, PortSeen, RouterSeen
from pilvi.errors import InvalidRequest
from pilvi.host_api.networks import FloatingIp, MeterSpec, NetworkSpec, PortSpec, RouterSpec

UPLINK = Uplink("198.18.0.0/28", masquerade=True)
CLOUD = fresh_settings(Path("/nonexistent"))
SEGMENTS = {uuid(1): Segment("br1", 1450), uuid(99): Segment("br99", 1500)}
READY = steps.BridgeSeen(1450, is_ready=True)

network_wishes: list[NetworkSpec | None] = [
    network(),
    network(ports=[11, 12]),
    network(mtu=1400),
    network(subnets=[]),
    external_network(CLOUD, 1),
    None,
]
port_wishes: list[PortSpec | None] = [
    port(11),
    port(11, rules=[rule(protocol="tcp")]),
    port(11, admin_state_up=False),
    port(11, port_security=False),
    None,
]
router_wishes: list[RouterSpec | None] = [
    router(CLOUD),
    router(CLOUD, interfaces=[]),
    router(CLOUD, gateway=None),
    router(CLOUD, admin_state_up=False),
    router(CLOUD, meters=[MeterSpec(label_id=uuid(7), rules=[])]),
    router(CLOUD, enable_ndp_proxy=True, ndp_proxies=["fd00:1::7"]),
    router(
        CLOUD, floating_ips=[FloatingIp(floating_address="198.18.0.9", fixed_address="10.0.1.11")]
    ),
    None,
]


async def follow(
    driver: FakePortDriver, kind: str, wish: object, budget: int, *, twice: bool
) -> bool:
    """Follow plans for at most `budget` steps, each perhaps doubled; whether nothing was left."""
    while True:
        plan = await look(driver, kind, wish)
        if plan.is_settled:
            return True
        assert plan.steps, plan.waiting
        for step in plan.steps:
            if budget == 0:
                return False
            budget -= 1
            await driver.apply(step)
            if twice:
                await driver.apply(step)


async def look(driver: FakePortDriver, kind: str, wish: object) -> Plan:
    if kind == "network":
        assert wish is None or isinstance(wish, NetworkSpec)
        seen = await driver.see_network(uuid(1), None if wish is None else 1)
        return plan_network(uuid(1), wish, seen, UPLINK)
    if kind == "port":
        assert wish is None or isinstance(wish, PortSpec)
        return plan_port(uuid(11), wish, await driver.see_port(uuid(11), 1))
    assert wish is None or isinstance(wish, RouterSpec)
    return plan_router(uuid(0x50), wish, await driver.see_router(uuid(0x50)), SEGMENTS)


async def prepared(kind: str) -> FakePortDriver:
    driver = FakePortDriver()
    if kind != "network":
        await driver.apply(steps.LayBridge(uuid(1), "br1", 1, 1450))
        await driver.apply(steps.LayBridge(uuid(99), "br99", 99, 1500))
    return driver


@pytest.mark.parametrize(
    ("kind", "wishes"),
    [("network", network_wishes), ("port", port_wishes), ("router", router_wishes)],
)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_killed_anywhere_with_steps_doubled_and_wishes_changed_it_converges(
    kind: str, wishes: list[object], data: st.DataObject
) -> None:
    history = data.draw(
        st.lists(
            st.tuples(st.integers(0, len(wishes) - 1), st.integers(0, 8), st.booleans()),
            max_size=5,
        )
    )
    last = data.draw(st.integers(0, len(wishes) - 1))

    async def run() -> None:
        driver, fresh = await prepared(kind), await prepared(kind)
        for place, budget, twice in history:
            await follow(driver, kind, wishes[place], budget, twice=twice)
        assert await follow(driver, kind, wishes[last], 100, twice=False)
        assert await follow(fresh, kind, wishes[last], 100, twice=False)
        assert (await look(driver, kind, wishes[last])).is_settled
        assert shape(driver) == shape(fresh)

    asyncio.run(run())


def shape(driver: FakePortDriver) -> object:
    """What a driver holds, without the numbers that only count."""
    ports = {
        id: (replace(held.tap, number=0), held.filter_digest) for id, held in driver.ports.items()
    }
    return driver.networks, ports, driver.routers, driver.uplink


def kinds(plan: Plan) -> list[str]:
    return [type(step).__name__ for step in plan.steps]


def test_a_tap_is_raised_only_after_its_filter() -> None:
    tap = steps.TapSeen(5, None, 1500, is_up=False)
    plan = plan_port(uuid(11), port(11), PortSeen(READY, tap))
    assert kinds(plan) == ["LoadFilter", "PlugTap", "RaiseTap"]


def test_a_tap_that_was_made_anew_gets_its_filter_anew() -> None:
    tap = steps.TapSeen(6, "br1", 1450, is_up=True)
    assert kinds(plan_port(uuid(11), port(11), PortSeen(READY, tap, "stale"))) == ["LoadFilter"]


def test_a_port_waits_for_its_bridge_and_says_so() -> None:
    for bridge in (None, replace(READY, is_ready=False)):
        plan = plan_port(uuid(11), port(11), PortSeen(bridge))
        assert (plan.steps, plan.waiting) == ((), f"network {uuid(1)}")


def test_an_absent_port_is_unplugged_before_its_filter_goes() -> None:
    tap = steps.TapSeen(6, "br1", 1450, is_up=True)
    plan = plan_port(uuid(11), None, PortSeen(None, tap, "digest"))
    assert kinds(plan) == ["RemoveTap", "UnloadFilter"]


def test_a_router_waits_for_a_network_and_lays_what_it_can() -> None:
    only = {uuid(99): SEGMENTS[uuid(99)]}
    plan = plan_router(uuid(0x50), router(CLOUD), RouterSeen(), only)
    assert plan.waiting == f"network {uuid(1)}"
    assert kinds(plan) == ["MakeRouter", "LoadRouterRules", "LayLeg", "SetRoutes"]


def test_a_route_that_no_leg_reaches_is_left_out() -> None:
    spec = router(CLOUD, routes=[("10.200.0.0/16", "10.9.9.9"), ("10.201.0.0/16", "10.0.1.9")])
    plan = plan_router(uuid(0x50), spec, RouterSeen(), SEGMENTS)
    routes = next(step for step in plan.steps if isinstance(step, steps.SetRoutes)).routes
    assert ("10.201.0.0/16", "10.0.1.9") in routes
    assert "10.200.0.0/16" not in dict(routes)


def test_meters_and_proxies_change_nothing_but_themselves() -> None:
    driver = asyncio.run(prepared("router"))
    asyncio.run(follow(driver, "router", router(CLOUD), 100, twice=False))
    meters = [MeterSpec(label_id=uuid(7), rules=[])]
    assert kinds(asyncio.run(look(driver, "router", router(CLOUD, meters=meters)))) == [
        "LoadMeters"
    ]
    proxied = router(CLOUD, enable_ndp_proxy=True, ndp_proxies=["fd00:1::7"])
    plan = asyncio.run(look(driver, "router", proxied))
    assert kinds(plan) == ["LoadRouterRules", "SetProxies"]
    asyncio.run(follow(driver, "router", proxied, 100, twice=False))
    back = asyncio.run(look(driver, "router", router(CLOUD)))
    assert kinds(back) == ["LoadRouterRules", "SetProxies"]
    four = router(CLOUD, enable_ndp_proxy=True, ndp_proxies=["10.0.0.1"])
    with pytest.raises(InvalidRequest):
        plan_router(uuid(0x50), four, RouterSeen(), SEGMENTS)


def test_a_new_lease_only_tells_it() -> None:
    driver = FakePortDriver()
    asyncio.run(follow(driver, "network", network(), 100, twice=False))
    plan = asyncio.run(look(driver, "network", network(ports=[11])))
    assert kinds(plan) == ["TellLeases"]


def test_the_uplink_is_cut_before_its_bridge_goes() -> None:
    seen = NetworkSeen(
        uplink=steps.UplinkSeen("br1", 1500, frozenset(), masquerades=True),
        stray_bridges=("br1",),
    )
    plan = plan_network(uuid(1), None, seen, UPLINK)
    assert kinds(plan) == ["RemoveUplink", "RemoveBridge"]


def test_a_wish_that_is_none_is_refused() -> None:
    tap = steps.TapSeen(6, "br1", 1450, is_up=True)
    with pytest.raises(InvalidRequest):
        plan_port(uuid(11), port(11, mac="no"), PortSeen(READY, tap))
    with pytest.raises(InvalidRequest):
        bad = msgspec.structs.replace(router(CLOUD).interfaces[0], address="10.0.0.1/99")
        plan_router(uuid(0x50), router(CLOUD, interfaces=[bad]), RouterSeen(), SEGMENTS)
