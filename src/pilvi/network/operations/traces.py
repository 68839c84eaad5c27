"""Traces: a port's host is asked to walk along it. In the caller's transaction.

There is at most one trace of a port; a newer one takes its place. What the control plane knows
itself (the wish, whether the host is alive) are the first hops, told without asking anybody.
"""

import uuid
from dataclasses import dataclass

import msgspec

from pilvi.core.db import Transaction, now
from pilvi.host_api.contract import Kind
from pilvi.host_api.traces import TRACE_CAPABILITY, Hop, HopName, Outcome, TraceSeen, TraceSpec
from pilvi.hosts.model.host import Host, HostId
from pilvi.hosts.operations.assignments import abandon, assign, list_held, list_held_of
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.network.model.port import Port
from pilvi.network.operations.port_waits import find_trouble
from pilvi.network.store.floating_ips import list_of_ports
from pilvi.network.store.ports import list_ports_of_network

TRACE = "trace"
"""Kind of the wake-up; the id is the port's."""

# Seconds for which a trace can be read. Lower: a slow reader misses it; higher: old ones lie about.
KEPT_S = 120.0
_WAIT = "wait: the host is making it so; 'pilvi explain port ID' says what it waits for"
_PLUG = "plug it into a server: 'openstack server add port SERVER PORT'"
_START = "start the host or its agent ('pilvi up'); 'pilvi doctor' there says what it lacks"
_UPGRADE = "bring the host to this release and start its agent anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A walk, as far as it got."""

    id: str
    port_id: str
    is_over: bool
    """Whether nothing more will be found."""
    hops: tuple[Hop, ...]

    @property
    def first_failure(self) -> Hop | None:
        """The first hop that fails; None when none does, as far as the walk got."""
        return next((hop for hop in self.hops if hop.outcome is Outcome.FAILED), None)


async def begin_trace(tx: Transaction, port: Port, lease_s: float) -> Trace:
    """Look at what is known here, and ask the port's host to walk on if there is anybody to ask."""
    await end_trace(tx, port.id)
    id, hosts = str(uuid.uuid4()), {host.id: host for host in await list_hosts(tx)}
    host = hosts.get(HostId(port.host_id)) if port.host_id is not None else None
    known = [await _look_at_wish(tx, port, lease_s), _look_at_host(host, lease_s)]
    if host is None or known[1].outcome is not Outcome.OK:
        return Trace(id=id, port_id=port.id, is_over=True, hops=tuple(known))
    legs = await list_ports_of_network(tx, port.network_id)
    subnets = {fixed.subnet_id for fixed in port.fixed_ips}
    routers = {
        leg.router_id: None
        for leg in legs
        if leg.router_id is not None and subnets & {fixed.subnet_id for fixed in leg.fixed_ips}
    }
    spec = TraceSpec(
        port_id=port.id,
        trace_id=id,
        asked_at=now().timestamp(),
        router_ids=list(routers),
        floating_addresses=[one.address for one in await list_of_ports(tx, [port.id])],
    )
    await assign(tx, host.id, Kind.TRACE, port.id, spec, owner=(TRACE, port.id))
    return Trace(id=id, port_id=port.id, is_over=False, hops=tuple(known))


async def find_trace(tx: Transaction, port: Port, lease_s: float) -> Trace | None:
    """The newest walk along a port, as far as its host has told; None when there is none."""
    held = next((one for one in await list_held(tx, Kind.TRACE, [port.id]) if one.present), None)
    if held is None:
        return None
    host = next((one for one in await list_hosts(tx) if one.id == held.host_id), None)
    known = (await _look_at_wish(tx, port, lease_s), _look_at_host(host, lease_s))
    spec = msgspec.json.decode(held.spec, type=TraceSpec)
    seen = held.decode_seen(TraceSeen)
    if seen is None or seen.trace_id != spec.trace_id:
        is_over = known[1].outcome is not Outcome.OK
        return Trace(id=spec.trace_id, port_id=port.id, is_over=is_over, hops=known)
    return Trace(id=spec.trace_id, port_id=port.id, is_over=True, hops=_joined(known, seen.hops))


def _joined(known: tuple[Hop, Hop], walked: list[Hop]) -> tuple[Hop, ...]:
    """One hop for the wish: the first that is not well, of ours and the host's. Pure."""
    wishes = [known[0], *(hop for hop in walked if hop.name is HopName.WISH)]
    wish = next((hop for hop in wishes if hop.outcome is not Outcome.OK), wishes[0])
    return (wish, known[1], *(hop for hop in walked if hop.name is not HopName.WISH))


async def _look_at_wish(tx: Transaction, port: Port, lease_s: float) -> Hop:
    if port.host_id is None:
        words = "no host is to carry the port"
        return Hop(name=HopName.WISH, outcome=Outcome.FAILED, words=words, mend=_PLUG)
    trouble = await find_trouble(tx, port, lease_s)
    if trouble:
        words = f"the port is {port.status} and waits for {trouble}"
        return Hop(name=HopName.WISH, outcome=Outcome.FAILED, words=words, mend=_WAIT)
    words = f"the port is {port.status} on its host"
    return Hop(name=HopName.WISH, outcome=Outcome.OK, words=words)


def _look_at_host(host: Host | None, lease_s: float) -> Hop:
    if host is None:
        words = "there is no host to look at"
        return Hop(name=HopName.HOST, outcome=Outcome.UNKNOWN, words=words)
    if not host.is_alive(now(), lease_s):
        seen = f" since {host.seen_at:%Y-%m-%dT%H:%M:%SZ}" if host.seen_at else ""
        words = f"{host.name} is not heard of{seen}"
        return Hop(name=HopName.HOST, outcome=Outcome.FAILED, words=words, mend=_START)
    if host.facts is None or TRACE_CAPABILITY not in host.facts.capabilities:
        words = f"{host.name} is alive, and its agent cannot walk along a port yet"
        return Hop(name=HopName.HOST, outcome=Outcome.FAILED, words=words, mend=_UPGRADE)
    return Hop(name=HopName.HOST, outcome=Outcome.OK, words=f"{host.name} is alive")


async def end_trace(tx: Transaction, port_id: str) -> None:
    """Ask nobody any more. A host that is down is not waited for. Repeatable."""
    for held in await list_held(tx, Kind.TRACE, [port_id]):
        if held.present:
            await abandon(tx, Kind.TRACE, port_id, HostId(held.host_id))


async def list_old(tx: Transaction) -> list[str]:
    """Ids of ports whose trace was asked for long ago, or in a future that a clock took back."""
    moment = now().timestamp()
    old = []
    for held in await list_held_of(tx, Kind.TRACE):
        asked_at = msgspec.json.decode(held.spec, type=TraceSpec).asked_at
        if held.present and not 0 <= moment - asked_at < KEPT_S:
            old.append(held.id)
    return old
