"""The API's cache of image bytes: there is none, since the API reads the store itself.

Hosts keep caches of their own, which they fill and prune by themselves. Source: Image API
reference, "Cache Manage".
"""

from typing import Any

from pilvi.core.http import Call


async def list_cache(call: Call[None]) -> dict[str, Any]:
    """What is cached and what is to be: nothing, ever."""
    return {"cached_images": [], "queued_images": []}


async def clear_cache(call: Call[None]) -> None:
    """Empty what is empty."""
