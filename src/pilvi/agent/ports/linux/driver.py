"""The real driver, joined from its nouns.

All kernel work is done by one thread of its own, one thing at a time; only `is_ready` and
`open_tap` run in their caller, because they take microseconds.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from pilvi.agent.ports import steps
from pilvi.agent.ports.linux import taps
from pilvi.agent.ports.linux.dhcp_spaces import DhcpSpaces
from pilvi.agent.ports.linux.fabric import Fabric
from pilvi.agent.ports.linux.holdings import list_holdings
from pilvi.agent.ports.linux.machine import Machine
from pilvi.agent.ports.linux.packet_log import PacketLog
from pilvi.agent.ports.linux.purge import networks_dir, purge
from pilvi.agent.ports.linux.routers import Routers, list_helpers
from pilvi.agent.ports.names import CloudNames, bridge_name, tap_name
from pilvi.host_api.contract import Kind
from pilvi.host_api.holdings import Holding
from pilvi.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")


class LinuxPortDriver:
    """Networks, ports and routers in network namespaces of this machine."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        names = CloudNames(settings.name_prefix)
        self._names = names
        self._fabric = Fabric(names.fabric)
        self._routers = Routers(names, self._fabric, networks_dir(settings), settings.uid_services)
        self._machine = Machine(names, self._fabric)
        self._dhcp = DhcpSpaces(names, self._fabric, networks_dir(settings), settings.uid_services)
        self._helpers = list_helpers()
        self._packet_log = PacketLog(names.fabric, settings.agent_dir / "security-groups.log")
        self._is_closed = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ports")

    @property
    def capabilities(self) -> frozenset[str]:
        """Names of what this driver can do; they become traits."""
        always = ("network.bridge", "network.security_groups", "network.floating_ip")
        return self._helpers.union(always)

    async def see_network(self, network_id: str, segment: int | None) -> steps.NetworkSeen:
        """All that is there of a network; `segment` None means that it should be absent."""
        return await self._run(self._see_network, network_id, segment)

    async def see_bridge(self, segment: int) -> steps.BridgeSeen | None:
        """The bridge of a segment."""
        return await self._run(self._fabric.see_bridge, bridge_name(segment))

    async def see_port(self, port_id: str, segment: int | None) -> steps.PortSeen:
        """All that is there of a port; `segment` names the bridge that it belongs into."""
        return await self._run(self._see_port, port_id, segment)

    async def see_set(self, set_id: str) -> str | None:
        """Digest of the members that an address set has; None when there is none."""
        return await self._run(self._fabric.see_set, set_id)

    async def see_router(self, router_id: str) -> steps.RouterSeen:
        """All that is there of a router."""
        return await self._run(self._routers.see, router_id)

    async def apply(self, step: steps.Step) -> None:
        """Take one step. Repeatable."""
        await self._run(self._apply, step)

    async def write_documents(
        self, network_id: str, documents: Mapping[str, bytes], *, only: bool = False
    ) -> None:
        """Keep the metadata documents of these addresses; `only`: and of no others. Repeatable."""
        await self._run(self._dhcp.write_documents, network_id, documents, only=only)

    async def remove_documents(self, network_id: str, addresses: Sequence[str]) -> None:
        """Forget the metadata documents of these addresses. Repeatable."""
        await self._run(self._dhcp.remove_documents, network_id, addresses)

    async def list_broken(self) -> list[tuple[Kind, str]]:
        """Networks and routers of which a process ended unasked."""
        networks = await self._run(self._dhcp.list_broken)
        routers = await self._run(self._routers.list_broken)
        return [(Kind.NETWORK, id) for id in networks] + [(Kind.ROUTER, id) for id in routers]

    async def list_posted(self) -> list[steps.Posted]:
        """What guests posted to the metadata server and nobody has taken yet."""
        return await self._run(self._dhcp.list_posted)

    def is_ready(self, port_id: str) -> bool:
        """Whether the port's tap is there, with its anti-spoofing and rules loaded.

        A tap is brought up last, so one that is up has everything.
        """
        return self._fabric.is_up(tap_name(port_id))

    def open_tap(self, port_id: str) -> int:
        """Open the port's tap and return its file descriptor, which the caller closes."""
        return taps.open_tap(self._names.fabric, tap_name(port_id))

    async def holdings(self) -> list[Holding]:
        """Everything of this cloud that is really there, whoever made it."""
        folder = networks_dir(self._settings)
        return await self._run(list_holdings, self._names, self._fabric, folder)

    async def purge(self) -> None:
        """Remove everything of this cloud from the host's network. Repeatable."""
        await self._run(self._close)
        await self._run(purge, self._settings)

    async def close(self) -> None:
        """Let go of handles; what was made stays."""
        if not self._is_closed:
            self._is_closed = True
            await self._run(self._close)
            self._thread.shutdown()

    async def _run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(*args, **kwargs))

    def _close(self) -> None:
        self._packet_log.close()
        self._fabric.close()
        self._dhcp.close()
        self._routers.close()

    def _see_network(self, network_id: str, segment: int | None) -> steps.NetworkSeen:
        wanted = None if segment is None else bridge_name(segment)
        bridge = None if wanted is None else self._fabric.see_bridge(wanted)
        stray: list[str] = []
        if bridge is None:
            stray = [b for b in self._fabric.list_bridges(network_id) if b != wanted]
        bridges = [*stray] if wanted is None else [*stray, wanted]
        uplink = self._machine.see(bridges)
        return steps.NetworkSeen(bridge, self._dhcp.see(network_id), uplink, tuple(stray))

    def _see_port(self, port_id: str, segment: int | None) -> steps.PortSeen:
        bridge = None if segment is None else self._fabric.see_bridge(bridge_name(segment))
        tap = self._fabric.see_tap(port_id)
        self._packet_log.ensure()
        return steps.PortSeen(bridge, tap, self._fabric.see_filter(port_id, tap))

    def _apply(self, step: steps.Step) -> None:
        match step:
            case steps.LayBridge():
                self._fabric.lay_bridge(step)
            case steps.RemoveBridge():
                self._fabric.remove_bridge(step.bridge)
            case steps.LayUplink():
                self._machine.lay(step)
            case steps.RemoveUplink():
                self._machine.remove()
            case steps.LayDhcp():
                self._dhcp.lay(step)
            case steps.TellLeases():
                self._dhcp.tell(step)
            case steps.ServeDhcp():
                self._dhcp.serve_dhcp(step)
            case steps.ServeMetadata():
                self._dhcp.serve_metadata(step)
            case steps.ForgetPosted():
                self._dhcp.forget_posted(step.posted)
            case steps.RemoveDhcp():
                self._dhcp.remove(step.network_id)
            case steps.MakeTap():
                self._fabric.make_tap(step.port_id)
            case steps.LoadFilter():
                self._fabric.load_filter(step)
            case steps.UnloadFilter():
                self._fabric.unload_filter(step.port_id)
            case steps.LoadSet():
                self._fabric.load_set(step)
            case steps.RemoveSet():
                self._fabric.remove_set(step.set_id)
            case steps.PlugTap():
                self._fabric.plug_tap(step)
            case steps.RaiseTap():
                self._fabric.raise_tap(step.port_id)
            case steps.RemoveTap():
                self._fabric.remove_tap(step.port_id)
            case _:
                self._apply_to_router(step)

    def _apply_to_router(self, step: steps.RouterStep) -> None:
        match step:
            case steps.MakeRouter():
                self._routers.make(step.router_id)
            case steps.LoadRouterRules():
                self._routers.load_rules(step)
            case steps.LayLeg():
                self._routers.lay_leg(step)
            case steps.RemoveLeg():
                self._routers.remove_leg(step.name)
            case steps.SetRoutes():
                self._routers.set_routes(step)
            case steps.LoadMeters():
                self._routers.load_meters(step)
            case steps.SetProxies():
                self._routers.set_proxies(step)
            case steps.ServeAdverts():
                self._routers.serve_adverts(step)
            case steps.StopAdverts():
                self._routers.stop_adverts(step.router_id)
            case steps.RemoveRouter():
                self._routers.remove(step.router_id)
