"""Images' stories: Pilvi's own addition to the API, which no OpenStack client knows.

Its path ends in `pilvi-story`, so that it is never taken for a part of OpenStack's API.
"""

from typing import Any

from pilvi.core.http import Call
from pilvi.image.api.images import viewer
from pilvi.image.operations import images, stories


async def explain_image(call: Call[None]) -> dict[str, Any]:
    """What was asked of an image, what came of it, what it waits for, and what helps."""
    who = viewer(call)
    image = await images.show_image(call.tx, who, call.path["image_id"])
    story = await stories.explain_image(call.tx, who, image)
    return {"story": story}
