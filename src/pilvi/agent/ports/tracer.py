"""Walks every trace that this host is asked for, once each, and tells what it found."""

from collections.abc import Sequence

import msgspec
import structlog

from pilvi.agent.context import AgentContext
from pilvi.agent.ports.prober import Prober
from pilvi.agent.ports.probes import MENDS, Probe, Surroundings, hop_of, plan_trace
from pilvi.core.reconcile import Done, Result
from pilvi.errors import PilviError
from pilvi.host_api.contract import Kind, Observation
from pilvi.host_api.networks import NetworkSpec, PortSpec, RouterSpec
from pilvi.host_api.traces import Hop, Outcome, TraceSeen, TraceSpec

log = structlog.get_logger()


class TraceReconciler:
    """Makes the traces of this host so."""

    def __init__(self, context: AgentContext, prober: Prober) -> None:
        self._context = context
        self._prober = prober

    @property
    def kind(self) -> str:
        """The kind that wake-ups name."""
        return Kind.TRACE

    async def reconcile(self, id: str) -> Result:
        """Walk once for each wish. Repeatable: a walk changes nothing."""
        assignment = self._context.desired.find(Kind.TRACE, id)
        if assignment is None:
            return Done()
        told = self._context.outbox.find(Kind.TRACE, id)
        if told is not None and told.generation == assignment.generation:
            return Done()
        spec = self._context.desired.find_spec(Kind.TRACE, id, TraceSpec)
        seen = None
        if spec is not None:
            seen = TraceSeen(trace_id=spec.trace_id, hops=await self.walk(spec))
        self._context.outbox.publish(
            Observation(
                kind=Kind.TRACE,
                id=id,
                generation=assignment.generation,
                present=spec is not None,
                settled=True,
                seen=msgspec.Raw(msgspec.json.encode(seen)),
            )
        )
        return Done()

    async def walk(self, spec: TraceSpec) -> list[Hop]:
        """Every hop of one port's way, as it is found now."""
        planned = plan_trace(spec, self._look_around(spec.port_id))
        return [one if isinstance(one, Hop) else await self._measure(one) for one in planned]

    async def _measure(self, probe: Probe) -> Hop:
        try:
            return hop_of(probe, await self._prober.measure(probe))
        except PilviError as error:
            words, detail = error.message, error.detail
        except OSError as error:
            words, detail = f"cannot look at it: {error.strerror}", repr(error)
        log.info("a hop cannot be measured", hop=probe.hop, error=words, detail=detail)
        return Hop(name=probe.hop, outcome=Outcome.FAILED, words=words, mend=MENDS[probe.hop])

    def _look_around(self, port_id: str) -> Surroundings:
        """The wishes around a port."""
        desired = self._context.desired
        port = desired.find_spec(Kind.PORT, port_id, PortSpec)
        if port is None:
            return Surroundings(None, None)
        network = desired.find_spec(Kind.NETWORK, port.network_id, NetworkSpec)
        routers = [
            spec
            for one in desired.list(Kind.ROUTER)
            if (spec := desired.find_spec(Kind.ROUTER, one.id, RouterSpec)) is not None
            and any(leg.network_id == port.network_id for leg in spec.interfaces)
        ]
        outside = {router.gateway.network_id for router in routers if router.gateway is not None}
        externals = [
            external
            for id in sorted(outside)
            if (external := desired.find_spec(Kind.NETWORK, id, NetworkSpec)) is not None
        ]
        return Surroundings(port, network, routers, externals)

    async def list_unsettled(self) -> Sequence[str]:
        """Ids of all traces that were not walked as they are wished now."""
        unsettled = []
        for assignment in self._context.desired.list(Kind.TRACE):
            told = self._context.outbox.find(Kind.TRACE, assignment.id)
            if told is None or told.generation != assignment.generation:
                unsettled.append(assignment.id)
        return unsettled

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Whoever asked is told by the silence; the log has the rest."""
