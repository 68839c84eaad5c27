"""Reconcilers of networks, ports, address sets and routers on one host.

All of them work alike: read the wish, look, plan, take the steps, look again, until a look finds
nothing to do; then tell what was seen. A restart of the agent looks at everything once and changes
what differs, which is nothing when nothing happened meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import msgspec
import structlog

from pilvi.agent.context import AgentContext
from pilvi.agent.faults import HostTerminal, fault_of
from pilvi.agent.ports.dhcp import dhcp_addresses
from pilvi.agent.ports.documents import (
    addresses_in_use,
    documents_of_network,
    documents_of_port,
    list_ports_of_network,
)
from pilvi.agent.ports.driver import PortDriver
from pilvi.agent.ports.meter_rules import label_of
from pilvi.agent.ports.names import bridge_name
from pilvi.agent.ports.plan import (
    Plan,
    Segment,
    Uplink,
    plan_network,
    plan_port,
    plan_router,
    plan_set,
    router_interfaces,
)
from pilvi.agent.ports.steps import LayBridge, Step
from pilvi.agent.step_log import take
from pilvi.core.reconcile import Again, Done, Result
from pilvi.errors import InvalidRequest
from pilvi.host_api.contract import Assignment, Kind, Observation
from pilvi.host_api.networks import (
    AddressSetSpec,
    MeterSeen,
    NetworkSpec,
    PortSpec,
    RouterSeen,
    RouterSpec,
)

log = structlog.get_logger()

LOOKS_MAX = 8
"""Looks in one try. Lower: a port needs more tries; higher: two that undo each other go on."""

WAIT_S = 2.0
"""Pause when another object has to be there first. Its reconciler wakes this one sooner."""

METER_S = 30.0
"""Pause between readings of a router's meters. Lower: more reports of routers that have meters;
higher: counts are shown later."""

NOTHING_SEEN = msgspec.Raw(b"null")

WATCH_S = 1.0
"""Pause between looks for ended processes. Lower: more wake-ups while idle; higher: guests are
without DHCP and metadata for longer."""

Spec = TypeVar("Spec")


@dataclass(slots=True)
class _Outcome:
    """How far one try came."""

    plan: Plan = field(default_factory=Plan)
    is_there: bool = False
    """Whether anything of the object was seen at the last look."""
    taken: list[Step] = field(default_factory=list)


class NetworkReconciler:
    """Bridges, DHCP, metadata and the uplink."""

    def __init__(self, context: AgentContext, driver: PortDriver) -> None:
        self._context = context
        self._driver = driver
        settings = context.settings
        self._uplink = Uplink(settings.external_cidr, settings.external_nat)

    @property
    def kind(self) -> str:
        """The kind that wake-ups name."""
        return Kind.NETWORK

    async def reconcile(self, id: str) -> Result:
        """Make a network as it is wished. Repeatable."""
        assignment = self._context.desired.find(Kind.NETWORK, id)
        if assignment is None:
            return Done()
        spec = _decode(assignment, NetworkSpec)

        async def look() -> tuple[Plan, bool]:
            seen = await self._driver.see_network(id, None if spec is None else spec.segment)
            is_there = bool(seen.bridge or seen.dhcp or seen.stray_bridges)
            return plan_network(id, spec, seen, self._uplink), is_there

        outcome = await _settle(self._driver, (self.kind, id), look)
        if spec is not None and dhcp_addresses(spec):
            documents = documents_of_network(self._context.desired, id)
            await self._driver.write_documents(id, documents, only=True)
        if any(isinstance(step, LayBridge) for step in outcome.taken):
            self._wake_neighbours(id)
        return _publish(self._context, assignment, outcome)

    async def list_unsettled(self) -> Sequence[str]:
        """Ids of all networks that are not known to be as wished: all of them at start."""
        return _list_unsettled(self._context, Kind.NETWORK)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Tell why the last try failed."""
        _note_failure(self._context, Kind.NETWORK, id, error)

    async def watch(self) -> None:
        """Wake the networks of which a DHCP or metadata process ended; run until cancelled."""
        while True:
            await asyncio.sleep(WATCH_S)
            for kind, id in await self._driver.list_broken():
                log.warning("a process of a network or router ended", kind=kind, id=id)
                self._context.wake(kind, id)

    def _wake_neighbours(self, network_id: str) -> None:
        """A bridge was laid: what belongs into it can be plugged in now."""
        desired = self._context.desired
        for port_id in list_ports_of_network(desired, network_id):
            self._context.wake(Kind.PORT, port_id)
        for assignment in desired.list(Kind.ROUTER):
            spec = _decode(assignment, RouterSpec)
            if spec is not None and network_id in {i.network_id for i in router_interfaces(spec)}:
                self._context.wake(Kind.ROUTER, assignment.id)


class PortReconciler:
    """Taps with their filters, and what their guests read from the metadata server."""

    def __init__(self, context: AgentContext, driver: PortDriver) -> None:
        self._context = context
        self._driver = driver
        self._documented: dict[str, tuple[str, frozenset[str]]] = {}
        """Port to its network and the addresses whose documents this run has written."""

    @property
    def kind(self) -> str:
        """The kind that wake-ups name."""
        return Kind.PORT

    async def reconcile(self, id: str) -> Result:
        """Make a port as it is wished, and wake its vm when that took any step. Repeatable."""
        assignment = self._context.desired.find(Kind.PORT, id)
        if assignment is None:
            return Done()
        spec = _decode(assignment, PortSpec)

        async def look() -> tuple[Plan, bool]:
            seen = await self._driver.see_port(id, None if spec is None else spec.segment)
            is_there = seen.tap is not None or seen.filter_digest is not None
            return plan_port(id, spec, seen), is_there

        outcome = await _settle(self._driver, (self.kind, id), look)
        await self._write_documents(id, spec)
        result = _publish(self._context, assignment, outcome)
        if spec is not None and outcome.taken and outcome.plan.is_settled:
            self._context.wake(Kind.VM, spec.server_id)
        return result

    async def list_unsettled(self) -> Sequence[str]:
        """Ids of all ports that are not known to be as wished: all of them at start."""
        return _list_unsettled(self._context, Kind.PORT)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Tell why the last try failed."""
        _note_failure(self._context, Kind.PORT, id, error)

    async def _write_documents(self, id: str, spec: PortSpec | None) -> None:
        """Write what the guest of this port may read, and remove what it may no longer."""
        desired = self._context.desired
        documents: dict[str, bytes] = {}
        if spec is not None:
            network = desired.find_spec(Kind.NETWORK, spec.network_id, NetworkSpec)
            if network is not None and dhcp_addresses(network):
                documents = documents_of_port(desired, spec)
                await self._driver.write_documents(spec.network_id, documents)
        former_network, former = self._documented.pop(id, ("", frozenset[str]()))
        if spec is not None and documents:
            self._documented[id] = (spec.network_id, frozenset(documents))
        stale = (
            former if spec is None or spec.network_id != former_network else former - set(documents)
        )
        if stale:
            # An address that another port has meanwhile is that port's to keep.
            taken = addresses_in_use(desired, former_network, besides=id)
            await self._driver.remove_documents(former_network, sorted(stale - taken))


class AddressSetReconciler:
    """The sets of addresses that rules of ports name."""

    def __init__(self, context: AgentContext, driver: PortDriver) -> None:
        self._context = context
        self._driver = driver

    @property
    def kind(self) -> str:
        """The kind that wake-ups name."""
        return Kind.ADDRESS_SET

    async def reconcile(self, id: str) -> Result:
        """Make a set as it is wished. Repeatable."""
        assignment = self._context.desired.find(Kind.ADDRESS_SET, id)
        if assignment is None:
            return Done()
        spec = _decode(assignment, AddressSetSpec)

        async def look() -> tuple[Plan, bool]:
            seen = await self._driver.see_set(id)
            return plan_set(id, spec, seen), seen is not None

        return _publish(
            self._context, assignment, await _settle(self._driver, (self.kind, id), look)
        )

    async def list_unsettled(self) -> Sequence[str]:
        """Ids of all sets that are not known to be as wished: all of them at start."""
        return _list_unsettled(self._context, Kind.ADDRESS_SET)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Tell why the last try failed."""
        _note_failure(self._context, Kind.ADDRESS_SET, id, error)


class RouterReconciler:
    """Routers: legs, translation, floating IPs, routes, meters."""

    def __init__(self, context: AgentContext, driver: PortDriver) -> None:
        self._context = context
        self._driver = driver

    @property
    def kind(self) -> str:
        """The kind that wake-ups name."""
        return Kind.ROUTER

    async def reconcile(self, id: str) -> Result:
        """Make a router as it is wished. Repeatable."""
        assignment = self._context.desired.find(Kind.ROUTER, id)
        if assignment is None:
            return Done()
        spec = _decode(assignment, RouterSpec)

        counts: dict[str, tuple[int, int]] = {}

        async def look() -> tuple[Plan, bool]:
            nonlocal counts
            segments = {} if spec is None else await self._find_segments(spec)
            seen = await self._driver.see_router(id)
            counts = seen.counts
            return plan_router(id, spec, seen, segments), seen.exists

        outcome = await _settle(self._driver, (self.kind, id), look)
        return _publish(self._context, assignment, outcome, _tell_meters(counts))

    async def watch(self) -> None:
        """Have the meters read again and again. Runs until cancelled."""
        while True:
            await asyncio.sleep(METER_S)
            for assignment in self._context.desired.list(Kind.ROUTER):
                spec = _decode(assignment, RouterSpec)
                if spec is not None and spec.meters:
                    self._context.wake(Kind.ROUTER, assignment.id)

    async def list_unsettled(self) -> Sequence[str]:
        """Ids of all routers that are not known to be as wished: all of them at start."""
        return _list_unsettled(self._context, Kind.ROUTER)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Tell why the last try failed."""
        _note_failure(self._context, Kind.ROUTER, id, error)

    async def _find_segments(self, spec: RouterSpec) -> dict[str, Segment]:
        segments = {}
        for network_id in {interface.network_id for interface in router_interfaces(spec)}:
            network = self._context.desired.find_spec(Kind.NETWORK, network_id, NetworkSpec)
            if network is None:
                continue
            bridge = await self._driver.see_bridge(network.segment)
            if bridge is not None and bridge.is_ready:
                segments[network_id] = Segment(bridge_name(network.segment), bridge.mtu)
        return segments


async def _settle(
    driver: PortDriver, key: tuple[str, str], look: Callable[[], Awaitable[tuple[Plan, bool]]]
) -> _Outcome:
    """Look and take steps until there are none, or something has to be waited for.

    Raises `HostTerminal` when the wish itself cannot be carried out.
    """
    outcome = _Outcome()
    for _ in range(LOOKS_MAX):
        try:
            outcome.plan, outcome.is_there = await look()
        except InvalidRequest as error:
            raise HostTerminal(error) from error
        for step in outcome.plan.steps:
            await take(key[0], key[1], step, partial(driver.apply, step))
            outcome.taken.append(step)
        if not outcome.plan.steps:
            break
    return outcome


def _tell_meters(counts: Mapping[str, tuple[int, int]]) -> msgspec.Raw:
    meters = [
        MeterSeen(label_id=label_of(name), packets=packets, octets=octets)
        for name, (packets, octets) in sorted(counts.items())
    ]
    return msgspec.Raw(msgspec.json.encode(RouterSeen(meters=meters) if meters else None))


def _publish(
    context: AgentContext,
    assignment: Assignment,
    outcome: _Outcome,
    seen: msgspec.Raw = NOTHING_SEEN,
) -> Result:
    plan = outcome.plan
    context.outbox.publish(
        Observation(
            kind=assignment.kind,
            id=assignment.id,
            generation=assignment.generation,
            present=outcome.is_there,
            settled=plan.is_settled,
            waiting=plan.waiting,
            seen=seen,
        )
    )
    if plan.is_settled:
        return Done()
    return Again(WAIT_S, plan.waiting or "what was just changed")


def _decode(assignment: Assignment, spec_type: type[Spec]) -> Spec | None:
    if not assignment.present:
        return None
    return msgspec.json.decode(assignment.spec, type=spec_type)


def _list_unsettled(context: AgentContext, kind: Kind) -> list[str]:
    unsettled = []
    for assignment in context.desired.list(kind):
        seen = context.outbox.find(kind, assignment.id)
        if seen is None or not seen.settled or seen.generation != assignment.generation:
            unsettled.append(assignment.id)
    return unsettled


def _note_failure(context: AgentContext, kind: Kind, id: str, error: Exception) -> None:
    assignment = context.desired.find(kind, id)
    if assignment is None:
        return
    before = context.outbox.find(kind, id)
    context.outbox.publish(
        Observation(
            kind=kind,
            id=id,
            generation=assignment.generation,
            # A try that failed may have made something.
            present=True if before is None else before.present or assignment.present,
            settled=False,
            fault=fault_of(error, f"set up the {kind}"),
        )
    )
