"""What measures the hops of a trace; kept by `linux/prober.py` and `fake_prober.py`."""

from typing import Protocol

from pilvi.agent.ports.probes import Finding, Probe


class Prober(Protocol):
    """Looks with its own eyes, and changes nothing."""

    async def measure(self, probe: Probe) -> Finding:
        """What is found of one hop now. Raises our errors when it cannot be looked at."""
        ...
