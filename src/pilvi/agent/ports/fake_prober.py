"""Measures the hops of a fake host: what its driver holds, and what a test says is broken."""

from pilvi.agent.ports.fake import FakePortDriver
from pilvi.agent.ports.probes import (
    BridgeProbe,
    DhcpProbe,
    Finding,
    MetadataProbe,
    Probe,
    RouterProbe,
    RulesProbe,
    TapProbe,
)
from pilvi.host_api.traces import HopName


class FakeProber:
    """Keeps `Prober`."""

    def __init__(self, driver: FakePortDriver) -> None:
        self._driver = driver
        self.broken: dict[HopName, str] = {}
        """Hops that a test breaks, each with what is then found."""

    async def measure(self, probe: Probe) -> Finding:
        """See `Prober`."""
        if probe.hop in self.broken:
            return Finding(False, self.broken[probe.hop])
        trouble = self._find_trouble(probe)
        return Finding(not trouble, trouble or "the fake host has it")

    def _find_trouble(self, probe: Probe) -> str:
        driver = self._driver
        match probe:
            case TapProbe():
                port = driver.ports.get(probe.port_id)
                return "" if port is not None and port.tap.is_up else "its tap is missing or down"
            case RulesProbe():
                port = driver.ports.get(probe.port.port_id)
                has = port is not None and port.filter_digest is not None
                return "" if has else "its rules are not loaded"
            case BridgeProbe():
                there = any(one.bridge == probe.bridge for one in driver.networks.values())
                return "" if there else "the bridge is missing"
            case DhcpProbe() | MetadataProbe():
                network = driver.networks.get(probe.network_id)
                has = network is not None and network.dhcp is not None
                return "" if has else "nothing serves the network"
            case RouterProbe():
                return "" if probe.router_id in driver.routers else "the router is missing"
            case _:
                return ""
