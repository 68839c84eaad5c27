"""What the guests of this host use, measured once in a heartbeat for all of them.

Reports never wait for it: a round that takes long, since a guest's process is silent, only makes
the next figures later.
"""

import asyncio
from collections.abc import Mapping

import msgspec
import structlog

from pilvi.agent.context import AgentContext
from pilvi.agent.ports.names import tap_name
from pilvi.agent.ports.traffic import Traffic, TrafficCounter
from pilvi.agent.reporter import heartbeat_s
from pilvi.agent.vms.driver import VmHost
from pilvi.host_api.contract import GuestCounts, Kind

log = structlog.get_logger()


class _Nic(msgspec.Struct):
    port_id: str


class _Wish(msgspec.Struct):
    """The part of a vm's spec that says what its network cards are."""

    nics: list[_Nic]


class GuestCounter:
    """Measures, and keeps the newest figures until they are told."""

    def __init__(self, context: AgentContext, vms: VmHost, traffic: TrafficCounter) -> None:
        self._context = context
        self._vms = vms
        self._traffic = traffic
        self._untold: list[GuestCounts] | None = None

    def take(self) -> list[GuestCounts] | None:
        """What was measured and not told yet, or None. Never waits."""
        found, self._untold = self._untold, None
        return found

    async def watch(self) -> None:
        """Measure until cancelled."""
        while True:
            try:
                self._untold = await self.measure()
            except Exception:
                log.exception("cannot measure what guests use")
            await asyncio.sleep(heartbeat_s(self._context.settings))

    async def measure(self) -> list[GuestCounts]:
        """The figures of every guest that has a process."""
        traffic = await self._traffic.read()
        found = []
        for assignment in self._context.desired.list(Kind.VM):
            counted = await self._vms.count(assignment.id)
            if counted is None:
                continue
            wish = self._context.desired.find_spec(Kind.VM, assignment.id, _Wish)
            received, sent = _add_up(wish, traffic)
            found.append(
                GuestCounts(
                    server_id=assignment.id,
                    cpu_s=counted.cpu_s,
                    read_bytes=counted.read_bytes,
                    written_bytes=counted.written_bytes,
                    received_bytes=received,
                    sent_bytes=sent,
                )
            )
        return found


def _add_up(
    wish: _Wish | None, traffic: Mapping[str, Traffic]
) -> tuple[int, int] | tuple[None, None]:
    """What all ports of a guest received and sent; None while a tap is missing. Pure."""
    names = [tap_name(nic.port_id) for nic in wish.nics] if wish is not None else []
    if wish is None or not traffic.keys() >= set(names):
        return None, None
    mine = [traffic[name] for name in names]
    return sum(one.received for one in mine), sum(one.sent for one in mine)
