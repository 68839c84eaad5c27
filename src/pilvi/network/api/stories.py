"""Ports' stories: Pilvi's own addition to the API, which no OpenStack client knows.

Its path ends in `pilvi-story`, so that it is never taken for a part of OpenStack's API.
"""

from typing import Any

from pilvi.core.http import Call
from pilvi.network.operations import stories
from pilvi.network.store import ports


async def explain_port(call: Call[None]) -> dict[str, Any]:
    """What was asked of a port, what came of it, what it waits for, and what helps."""
    id, project_id = call.path["port_id"], call.caller.visible_project_id
    port = await ports.get_port(call.tx, id, project_id)
    story = await stories.explain_port(call.tx, port, call.settings.host_lease_s)
    return {"story": story}
