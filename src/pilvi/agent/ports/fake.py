"""A driver without packets: it keeps what it was told, and forgets nothing but what it is told to.

Whole clouds run on it without root. It refuses what the real one would refuse, so that a plan
with its steps in the wrong order fails here too.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pilvi.agent.ports import steps
from pilvi.agent.ports.fake_holdings import list_holdings
from pilvi.agent.ports.names import bridge_name
from pilvi.errors import Unavailable
from pilvi.host_api.contract import Kind
from pilvi.host_api.holdings import Holding
from pilvi.host_api.networks import helper_capability


@dataclass(slots=True)
class FakeNetwork:
    """One network as the fake driver holds it."""

    bridge: str = ""
    seen: steps.BridgeSeen | None = None
    dhcp: steps.DhcpSeen | None = None
    leases: str = ""
    documents: dict[str, bytes] = field(default_factory=dict)
    has_folder: bool = False
    """Whether it has a folder of files, which outlives the host's power."""

    @property
    def dhcp_seen(self) -> steps.DhcpSeen | None:
        """What is there of its DHCP: a folder alone counts."""
        return self.dhcp or (_NO_DHCP if self.has_folder else None)


@dataclass(slots=True)
class FakePort:
    """One port as the fake driver holds it."""

    tap: steps.TapSeen
    filter_digest: str | None = None


class FakePortDriver:
    """Networks, ports and routers in memory; `world` fields may be read and broken by tests."""

    def __init__(self) -> None:
        self.networks: dict[str, FakeNetwork] = {}
        self.ports: dict[str, FakePort] = {}
        self.routers: dict[str, steps.RouterSeen] = {}
        self.sets: dict[str, steps.LoadSet] = {}
        self.uplink: steps.UplinkSeen | None = None
        self.posted: list[steps.Posted] = []
        self._numbers = 0

    @property
    def capabilities(self) -> frozenset[str]:
        """What the real driver can do on most kernels, so that the same can be asked for."""
        helpers = (helper_capability("ftp", "tcp"), helper_capability("tftp", "udp"))
        return frozenset(
            {"network.bridge", "network.security_groups", "network.floating_ip", *helpers}
        )

    async def see_network(self, network_id: str, segment: int | None) -> steps.NetworkSeen:
        """All that is there of a network; `segment` None means that it should be absent."""
        network = self.networks.get(network_id, FakeNetwork())
        uplink = self.uplink
        if uplink is not None and uplink.plugged_into != network.bridge:
            uplink = None
        wanted = None if segment is None else bridge_name(segment)
        if network.seen is None or network.bridge != wanted:
            stray = (network.bridge,) if network.seen is not None else ()
            return steps.NetworkSeen(None, network.dhcp_seen, uplink, stray)
        return steps.NetworkSeen(network.seen, network.dhcp_seen, uplink)

    async def see_bridge(self, segment: int) -> steps.BridgeSeen | None:
        """The bridge of a segment."""
        for network in self.networks.values():
            if network.bridge == bridge_name(segment):
                return network.seen
        return None

    async def see_port(self, port_id: str, segment: int | None) -> steps.PortSeen:
        """All that is there of a port; `segment` names the bridge that it belongs into."""
        bridge = None if segment is None else await self.see_bridge(segment)
        port = self.ports.get(port_id)
        if port is None:
            return steps.PortSeen(bridge)
        return steps.PortSeen(bridge, port.tap, port.filter_digest)

    async def see_set(self, set_id: str) -> str | None:
        """Digest of the members that an address set has; None when there is none."""
        there = self.sets.get(set_id)
        return None if there is None else there.digest

    async def see_router(self, router_id: str) -> steps.RouterSeen:
        """All that is there of a router."""
        return self.routers.get(router_id, steps.RouterSeen())

    async def apply(self, step: steps.Step) -> None:
        """Take one step. Repeatable."""
        match step:
            case steps.MakeTap() | steps.LoadFilter() | steps.UnloadFilter():
                self._apply_to_port(step)
            case steps.PlugTap() | steps.RaiseTap() | steps.RemoveTap():
                self._apply_to_port(step)
            case steps.MakeRouter() | steps.LoadRouterRules() | steps.LayLeg():
                self._apply_to_router(step)
            case steps.RemoveLeg() | steps.SetRoutes() | steps.RemoveRouter():
                self._apply_to_router(step)
            case steps.ServeAdverts() | steps.StopAdverts():
                self._apply_to_router(step)
            case steps.LoadMeters() | steps.SetProxies():
                self._apply_to_router(step)
            case steps.LoadSet():
                self.sets[step.set_id] = step
            case steps.RemoveSet():
                self.sets.pop(step.set_id, None)
            case _:
                self._apply_to_network(step)

    async def write_documents(
        self, network_id: str, documents: Mapping[str, bytes], *, only: bool = False
    ) -> None:
        """Keep the metadata documents of these addresses; `only`: and of no others. Repeatable."""
        network = self.networks.setdefault(network_id, FakeNetwork())
        network.has_folder = True
        network.documents = dict(documents) if only else {**network.documents, **documents}

    async def remove_documents(self, network_id: str, addresses: Sequence[str]) -> None:
        """Forget the metadata documents of these addresses. Repeatable."""
        network = self.networks.get(network_id, FakeNetwork())
        for address in addresses:
            network.documents.pop(address, None)

    async def list_broken(self) -> list[tuple[Kind, str]]:
        """Networks and routers of which a process ended unasked: routers have none here."""
        return [
            (Kind.NETWORK, network_id)
            for network_id, network in self.networks.items()
            if network.dhcp is not None
            and (network.dhcp.config_digest is None or not network.dhcp.metadata_runs)
        ]

    async def list_posted(self) -> list[steps.Posted]:
        """What guests posted: here what a test puts into `posted`."""
        return list(self.posted)

    def is_ready(self, port_id: str) -> bool:
        """Whether the port's tap is there, with its anti-spoofing and rules loaded."""
        port = self.ports.get(port_id)
        return port is not None and port.tap.is_up

    def open_tap(self, port_id: str) -> int:
        """A descriptor that swallows everything; the caller closes it."""
        if port_id not in self.ports:
            raise Unavailable(f"cannot open the tap of port {port_id}: there is no such tap")
        return os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)

    async def holdings(self) -> list[Holding]:
        """Everything that is kept."""
        return list(list_holdings(self))

    def lose_power(self) -> None:
        """The host loses its power: only files are left."""
        for network in self.networks.values():
            network.bridge, network.seen, network.dhcp = "", None, None
        self.networks = {id: one for id, one in self.networks.items() if one.has_folder}
        self.ports.clear()
        self.routers.clear()
        self.sets.clear()
        self.uplink = None

    async def purge(self) -> None:
        """Remove everything of this cloud. Repeatable."""
        self.networks.clear()
        self.ports.clear()
        self.routers.clear()
        self.sets.clear()
        self.uplink = None

    async def close(self) -> None:
        """Let go of handles; what was made stays."""

    def _bridge(self, name: str) -> steps.BridgeSeen:
        for network in self.networks.values():
            if network.bridge == name and network.seen is not None:
                return network.seen
        raise Unavailable(f"cannot plug into {name}: there is no such bridge")

    def _apply_to_network(self, step: steps.Step) -> None:
        match step:
            case steps.LayBridge():
                network = self.networks.setdefault(step.network_id, FakeNetwork())
                network.bridge = step.bridge
                network.seen = steps.BridgeSeen(step.mtu, is_ready=True)
            case steps.RemoveBridge():
                self._remove_bridge(step.bridge)
            case steps.LayUplink():
                self._bridge(step.bridge)
                self.uplink = steps.UplinkSeen(
                    step.bridge, step.mtu, frozenset({step.address}), step.masquerade
                )
            case steps.RemoveUplink():
                self.uplink = None
            case steps.LayDhcp():
                self._bridge(step.bridge)
                there = self.networks[step.network_id].dhcp or _NO_DHCP
                self.networks[step.network_id].has_folder = True
                self.networks[step.network_id].dhcp = replace(
                    there, plugged_into=step.bridge, mtu=step.mtu, addresses=step.addresses
                )
            case steps.TellLeases():
                self._change_dhcp(step.network_id, leases_digest=step.digest)
                self.networks[step.network_id].leases = step.text
            case steps.ServeDhcp():
                self._change_dhcp(step.network_id, config_digest=step.digest)
            case steps.ServeMetadata():
                self._change_dhcp(step.network_id, metadata_runs=True)
            case steps.ForgetPosted():
                self.posted = [one for one in self.posted if one != step.posted]
            case steps.RemoveDhcp():
                self._remove_dhcp(step.network_id)

    def _change_dhcp(self, network_id: str, **changes: str | bool) -> None:
        there = self.networks[network_id].dhcp
        if there is None:
            raise Unavailable(f"cannot serve network {network_id}: its DHCP namespace is missing")
        self.networks[network_id].dhcp = replace(there, **changes)  # type: ignore[arg-type]

    def _remove_dhcp(self, network_id: str) -> None:
        network = self.networks.get(network_id)
        if network is None:
            return
        network.dhcp = None
        network.has_folder = False
        network.leases = ""
        network.documents.clear()
        if network.seen is None:
            del self.networks[network_id]

    def _remove_bridge(self, bridge: str) -> None:
        for network_id, network in list(self.networks.items()):
            if network.bridge == bridge:
                network.bridge, network.seen = "", None
                if network.dhcp_seen is None:
                    del self.networks[network_id]
        for port in self.ports.values():
            if port.tap.plugged_into == bridge:
                port.tap = replace(port.tap, plugged_into=None)

    def _apply_to_port(self, step: steps.PortStep) -> None:
        if isinstance(step, steps.MakeTap):
            if step.port_id not in self.ports:
                self._numbers += 1
                self.ports[step.port_id] = FakePort(
                    steps.TapSeen(self._numbers, None, 1500, is_up=False)
                )
            return
        port = self.ports.get(step.port_id)
        if port is None:
            if isinstance(step, steps.RemoveTap | steps.UnloadFilter):
                return
            raise Unavailable(f"cannot change port {step.port_id}: its tap is gone")
        match step:
            case steps.LoadFilter():
                port.filter_digest = step.filter.digest
            case steps.UnloadFilter():
                port.filter_digest = None
            case steps.PlugTap():
                if step.bridge is not None:
                    self._bridge(step.bridge)
                port.tap = replace(port.tap, plugged_into=step.bridge, mtu=step.mtu)
            case steps.RaiseTap():
                port.tap = replace(port.tap, is_up=True)
            case steps.RemoveTap():
                del self.ports[step.port_id]

    def _apply_to_router(self, step: steps.RouterStep) -> None:
        if isinstance(step, steps.RemoveRouter):
            self.routers.pop(step.router_id, None)
            return
        if isinstance(step, steps.MakeRouter):
            self.routers.setdefault(step.router_id, steps.RouterSeen(exists=True))
            return
        router = self.routers.get(step.router_id)
        if router is None:
            raise Unavailable(f"cannot change router {step.router_id}: it is not there")
        match step:
            case steps.LoadRouterRules():
                router = replace(router, rules_digest=step.rules.digest)
            case steps.LayLeg():
                self._bridge(step.bridge)
                leg = steps.LegSeen(step.bridge, step.mac, step.mtu, step.addresses, is_up=True)
                router = replace(router, legs={**router.legs, step.name: leg})
            case steps.RemoveLeg():
                legs = {name: leg for name, leg in router.legs.items() if name != step.name}
                proxies = frozenset(one for one in router.proxies if one[0] != step.name)
                router = replace(router, legs=legs, proxies=proxies)
            case steps.SetRoutes():
                router = replace(router, routes=step.routes)
            case steps.ServeAdverts():
                router = replace(router, adverts_digest=step.digest)
            case steps.StopAdverts():
                router = replace(router, adverts_digest=None)
            case steps.LoadMeters():
                router = replace(router, meters_digest=step.rules.digest)
            case steps.SetProxies():
                proxies = frozenset((step.leg, address) for address in step.addresses)
                router = replace(router, proxies=proxies)
        self.routers[step.router_id] = router


_NO_DHCP = steps.DhcpSeen(None, 0, frozenset(), None, None, metadata_runs=False)
