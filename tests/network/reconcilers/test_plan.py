"""Plans, run against a world in which anything may happen in between."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from network.rows import make_held, make_network, make_port, make_router
from pilvi.hosts.model.host import Held, HostId
from pilvi.network.model.port import ROUTER_INTERFACE, Port
from pilvi.network.model.router import Router
from pilvi.network.reconcilers.plan import (
    Assign,
    Forget,
    ForgetLegs,
    Record,
    Step,
    Withdraw,
    plan_network,
    plan_port,
    plan_router,
)

HOSTS = ("a", "b")


@dataclasses.dataclass
class Hosts:
    """Which hosts were asked to hold one thing, and what they said."""

    held: dict[str, Held] = dataclasses.field(default_factory=dict)

    def take(self, step: Step) -> None:
        """What `assign` and `withdraw` do."""
        if isinstance(step, Assign):
            old = self.held.get(step.host_id)
            if old is None:
                self.held[step.host_id] = make_held(
                    step.host_id, settled=False, seen_present=False, seen_generation=None
                )
            elif not old.present:
                self.held[step.host_id] = dataclasses.replace(
                    old, present=True, generation=old.generation + 1
                )
        if isinstance(step, Withdraw) and self.held[step.host_id].present:
            old = self.held[step.host_id]
            self.held[step.host_id] = dataclasses.replace(
                old, present=False, generation=old.generation + 1
            )

    def answer(self, host_id: str) -> None:
        """What `record_report` does when a host has fulfilled its wish."""
        one = self.held.get(host_id)
        if one is None:
            return
        if not one.present:
            del self.held[host_id]
            return
        self.held[host_id] = dataclasses.replace(
            one, settled=True, seen_present=True, seen_generation=one.generation
        )


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("bind"), st.sampled_from((None, *HOSTS))),
        st.tuples(st.just("answer"), st.sampled_from(HOSTS)),
        st.tuples(st.just("delete"), st.none()),
        # The process dies after so many steps of a plan.
        st.tuples(st.just("plan"), st.integers(0, 3)),
    ),
    max_size=30,
)


def run_port(port: Port | None, hosts: Hosts, steps_max: int) -> Port | None:
    """Take the first steps of a port's plan; None when its row is gone."""
    assert port is not None
    for step in plan_port(port, list(hosts.held.values()))[:steps_max]:
        if isinstance(step, Forget):
            assert hosts.held == {}
            return None
        if isinstance(step, Record):
            port = dataclasses.replace(port, held_host_id=step.host_id)
        if isinstance(step, Assign):
            assert port.held_host_id == step.host_id
        hosts.take(step)
        assert len([one for one in hosts.held.values() if one.present]) <= 1
    return port


@given(EVENTS)
def test_a_port_is_on_one_host_and_is_forgotten_when_on_none(
    events: list[tuple[str, object]],
) -> None:
    port: Port | None = make_port()
    hosts = Hosts()
    for event, value in events:
        assert port is not None
        match event:
            case "bind" if not port.is_deleting:
                port = dataclasses.replace(port, host_id=value)
            case "delete":
                port = dataclasses.replace(port, is_deleting=True)
            case "answer":
                hosts.answer(str(value))
            case "plan":
                assert isinstance(value, int)
                port = run_port(port, hosts, value)
        if port is None:
            return
        if hosts.held:
            assert port.held_host_id is not None
    for _ in range(4):
        for host_id in HOSTS:
            hosts.answer(host_id)
        if port is not None:
            port = run_port(port, hosts, 10)
    if port is None or port.is_deleting:
        assert port is None and hosts.held == {}
    else:
        assert set(hosts.held) == ({port.host_id} if port.host_id else set())
        assert port.held_host_id == port.host_id


@given(EVENTS)
def test_a_router_is_on_one_host_and_keeps_its_legs_until_it_let_go(
    events: list[tuple[str, object]],
) -> None:
    router: Router | None = make_router()
    legs = [make_port(id="leg", device_owner=ROUTER_INTERFACE, router_id="router-1")]
    hosts = Hosts()

    def run(steps_max: int) -> None:
        nonlocal router, legs
        assert router is not None
        for step in plan_router(router, legs, list(hosts.held.values()), "a")[:steps_max]:
            match step:
                case Record(host_id):
                    router = dataclasses.replace(router, host_id=host_id)
                case ForgetLegs():
                    assert all(one.is_settled for one in hosts.held.values())
                    legs = [leg for leg in legs if not leg.is_deleting]
                case Forget():
                    assert hosts.held == {} and legs == []
                    router = None
                    return
            hosts.take(step)

    for event, value in events:
        if router is None:
            return
        match event:
            case "bind" if not router.is_deleting:
                gone = [dataclasses.replace(leg, is_deleting=True) for leg in legs]
                legs = [*gone, make_port(id="new", router_id="router-1")] if value else gone
            case "delete":
                legs = [dataclasses.replace(leg, is_deleting=True) for leg in legs]
                router = dataclasses.replace(router, is_deleting=True)
            case "answer":
                hosts.answer(str(value))
            case "plan":
                assert isinstance(value, int)
                run(value)
        assert set(hosts.held) <= {"a"}
    for _ in range(4):
        hosts.answer("a")
        if router is not None:
            run(10)
    if router is None:
        assert hosts.held == {} and legs == []
    else:
        assert not router.is_deleting and not any(leg.is_deleting for leg in legs)
        assert set(hosts.held) == ({"a"} if legs else set())


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("pin"), st.sampled_from((None, *HOSTS))),
        st.tuples(st.just("park"), st.none()),
        st.tuples(st.just("answer"), st.sampled_from(HOSTS)),
        st.tuples(st.just("plan"), st.integers(0, 3)),
    ),
    max_size=30,
)


@given(MOVES)
def test_a_router_moves_and_is_never_on_two_hosts_that_answer(
    events: list[tuple[str, object]],
) -> None:
    router = make_router()
    legs = [make_port(id="leg", device_owner=ROUTER_INTERFACE, router_id="router-1")]
    hosts = Hosts()

    def run(steps_max: int) -> None:
        nonlocal router
        for step in plan_router(router, legs, list(hosts.held.values()), "a")[:steps_max]:
            if isinstance(step, Record):
                router = dataclasses.replace(router, host_id=step.host_id)
            hosts.take(step)
            assert len(hosts.held) <= 1

    for event, value in events:
        match event:
            case "pin":
                pinned = None if value is None else str(value)
                router = dataclasses.replace(router, pinned_host_id=pinned, is_parked=False)
            case "park":
                router = dataclasses.replace(router, pinned_host_id=None, is_parked=True)
            case "answer":
                hosts.answer(str(value))
            case "plan":
                assert isinstance(value, int)
                run(value)
    for _ in range(4):
        for host_id in HOSTS:
            hosts.answer(host_id)
        run(10)
    if router.is_parked:
        assert hosts.held == {} and router.host_id is None
    else:
        assert set(hosts.held) == {router.pinned_host_id or router.host_id}
        assert router.host_id is not None


def test_a_host_that_is_away_is_not_waited_for() -> None:
    router = make_router(host_id="a")
    legs = [make_port(id="leg", device_owner=ROUTER_INTERFACE, router_id="router-1")]
    held = [make_held(HostId("a"))]
    moved = [Withdraw("a"), Record("b"), Assign("b")]
    assert plan_router(router, legs, held, "b", {"a"}) == moved
    pinned = dataclasses.replace(router, pinned_host_id="b")
    assert plan_router(pinned, legs, held, None, {"a"}) == moved
    # One that answers is.
    assert plan_router(pinned, legs, held, None) == [Withdraw("a")]
    # With nowhere to go it stays.
    assert plan_router(router, legs, held, None, {"a"}) == [Assign("a")]


@given(st.lists(st.sets(st.sampled_from(HOSTS)), min_size=1, max_size=5), st.booleans())
def test_a_network_is_where_it_is_needed(needs: list[set[str]], is_deleting: bool) -> None:
    hosts = Hosts()
    for needed in needs:
        for step in plan_network(make_network(), needed, list(hosts.held.values())):
            hosts.take(step)
        assert {one.host_id for one in hosts.held.values() if one.present} == needed
    for host_id in HOSTS:
        hosts.answer(host_id)
    assert set(hosts.held) == needs[-1]
    going = make_network(is_deleting=is_deleting)
    steps = plan_network(going, needs[-1], list(hosts.held.values()))
    if is_deleting:
        # It stays as it is until the last port has left, and then goes.
        assert steps == ([] if needs[-1] else [Forget()])


def test_ports_of_the_network_service_are_on_no_host_by_themselves() -> None:
    leg = make_port(device_owner=ROUTER_INTERFACE, host_id="a")
    assert plan_port(leg, []) == []
    moving = [make_held(HostId("b"))]
    assert plan_port(make_port(host_id="a", held_host_id="b"), moving) == [Withdraw("b")]
