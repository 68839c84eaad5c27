"""A host that is asked to walk walks once for each wish, and tells what it found."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from agent.ports.small_host import SmallHost, fresh_settings, network, port, uuid
from pilvi.agent.context import AgentContext
from pilvi.agent.ports.fake import FakePortDriver
from pilvi.agent.ports.fake_prober import FakeProber
from pilvi.agent.ports.probes import Finding, Probe
from pilvi.agent.ports.tracer import TraceReconciler
from pilvi.errors import Unavailable
from pilvi.host_api.contract import Kind
from pilvi.host_api.traces import HopName, Outcome, TraceSeen, TraceSpec


class Walked:
    """A fake host with one port, and its tracer."""

    def __init__(self, tmp_path: Path) -> None:
        self.driver = FakePortDriver()
        self.host = SmallHost(fresh_settings(tmp_path), self.driver)
        host = self.host
        self.prober = FakeProber(self.driver)
        context = AgentContext(host.settings, host.desired, host.outbox, host.wake)
        self.tracer = TraceReconciler(context, self.prober)

    async def ask(self, trace_id: str) -> TraceSeen:
        """Wish for a walk, and what the host then tells."""
        spec = TraceSpec(port_id=uuid(11), trace_id=trace_id, asked_at=0.0)
        self.host.assign(Kind.TRACE, uuid(11), spec)
        assert await self.tracer.list_unsettled() == [uuid(11)]
        await self.tracer.reconcile(uuid(11))
        assert await self.tracer.list_unsettled() == []
        told = self.host.seen(Kind.TRACE, uuid(11))
        assert told.settled and told.present
        return msgspec.json.decode(told.seen, type=TraceSeen)


@pytest.fixture
async def walked(tmp_path: Path) -> Walked:
    made = Walked(tmp_path)
    await made.host.start()
    made.host.assign(Kind.NETWORK, uuid(1), network(ports=[11]))
    made.host.assign(Kind.PORT, uuid(11), port(11))
    await made.host.settle()
    await made.host.rest()
    return made


async def test_each_wish_is_walked_once(walked: Walked) -> None:
    first = await walked.ask("one")
    assert first.trace_id == "one"
    assert {hop.outcome for hop in first.hops} == {Outcome.OK, Outcome.ABSENT}
    walked.prober.broken[HopName.DHCP] = "dnsmasq is gone"
    await walked.tracer.reconcile(uuid(11))
    told = walked.host.seen(Kind.TRACE, uuid(11))
    assert msgspec.json.decode(told.seen, type=TraceSeen) == first
    second = await walked.ask("two")
    (failed,) = [hop for hop in second.hops if hop.outcome is Outcome.FAILED]
    assert (failed.name, failed.words) == (HopName.DHCP, "dnsmasq is gone")


async def test_a_withdrawn_walk_is_forgotten(walked: Walked) -> None:
    await walked.ask("one")
    walked.host.assign(Kind.TRACE, uuid(11), None)
    await walked.tracer.reconcile(uuid(11))
    told = walked.host.seen(Kind.TRACE, uuid(11))
    assert told.settled and not told.present


@pytest.mark.parametrize("error", [Unavailable("cannot look"), OSError(1, "no right to")])
async def test_what_cannot_be_looked_at_has_failed(
    walked: Walked, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def refuse(probe: Probe) -> Finding:
        await asyncio.sleep(0)
        raise error

    monkeypatch.setattr(walked.prober, "measure", refuse)
    seen = await walked.ask("one")
    failed = [hop for hop in seen.hops if hop.outcome is Outcome.FAILED]
    assert failed[0].name is HopName.TAP and failed[0].mend
    assert "cannot look" in failed[0].words
