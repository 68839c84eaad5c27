"""`pilvi agent`: this host's agent."""

import asyncio

from pilvi.agent.process import run_agent
from pilvi.commands.logs import configure_logs
from pilvi.commands.processes import require_real
from pilvi.commands.telemetry import open_tracing
from pilvi.settings import Settings


def run_agent_process(settings: Settings) -> None:
    """Run until told to stop; guests, networks and volumes run on.

    Raises `InvalidRequest` for a fake cloud.
    """
    require_real(settings, "run an agent")
    configure_logs(settings.log_format)
    tracing = open_tracing("pilvi-agent")
    asyncio.run(run_agent(settings))
    if tracing is not None:
        tracing.close()
