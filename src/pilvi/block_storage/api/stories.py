"""Volumes' stories: Pilvi's own addition to the API, which no OpenStack client knows.

Its path ends in `pilvi-story`, so that it is never taken for a part of OpenStack's API.
"""

from typing import Any

from pilvi.block_storage.api.volumes import get_own
from pilvi.block_storage.operations import stories
from pilvi.core.http import Call


async def explain_volume(call: Call[None]) -> dict[str, Any]:
    """What was asked of a volume, what came of it, what it waits for, and what helps."""
    volume = await get_own(call)
    story = await stories.explain_volume(call.tx, volume, call.settings.host_lease_s)
    return {"story": story}
