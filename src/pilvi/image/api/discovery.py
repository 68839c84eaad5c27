"""Which versions there are."""

from typing import Any

from pilvi.core.http import Call, Reply

# 2.14 and 2.16 are the cache of a service whose images lie elsewhere, as Glance leaves them out
# where it has none; 2.17 lets users name locations.
_MINORS = (15, *range(13, -1, -1))


def _versions(call: Call[None]) -> list[dict[str, Any]]:
    return [
        {
            "id": f"v2.{minor}",
            "status": "CURRENT" if minor == _MINORS[0] else "SUPPORTED",
            "links": [{"rel": "self", "href": f"{call.base_url}/image/v2/"}],
        }
        for minor in _MINORS
    ]


async def list_versions(call: Call[None]) -> Reply:
    """Every version, answered with 300 as Glance does."""
    return Reply({"versions": _versions(call)}, 300)
