"""Servers' stories: Pilvi's own addition to the API, which no OpenStack client knows.

Its path ends in `pilvi-story`, so that it is never taken for a part of OpenStack's API.
"""

from typing import Any

from pilvi.compute.operations import stories
from pilvi.compute.store import servers
from pilvi.core.http import Call


async def explain_server(call: Call[None]) -> dict[str, Any]:
    """What was asked of a server, what came of it, what it waits for, and what helps."""
    id, project_id = call.path["server_id"], call.caller.visible_project_id
    server = await servers.get_server(call.tx, id, project_id, with_deleted=True)
    story = await stories.explain_server(call.tx, server, call.settings.host_lease_s)
    return {"story": story}
