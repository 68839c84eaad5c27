"""Which versions there are."""

from typing import Any

from pilvi.core.http import Call, Reply

# 2.9 is the newest version that needs neither several stores, nor a cache, nor locations.
_MINOR_MAX = 9


def _versions(call: Call[None]) -> list[dict[str, Any]]:
    return [
        {
            "id": f"v2.{minor}",
            "status": "CURRENT" if minor == _MINOR_MAX else "SUPPORTED",
            "links": [{"rel": "self", "href": f"{call.base_url}/image/v2/"}],
        }
        for minor in range(_MINOR_MAX, -1, -1)
        if minor != 8
    ]


async def list_versions(call: Call[None]) -> Reply:
    """Every version, answered with 300 as Glance does."""
    return Reply({"versions": _versions(call)}, 300)
