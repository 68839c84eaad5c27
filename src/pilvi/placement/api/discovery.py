"""Which versions there are."""

from typing import Any

from pilvi.core.http import Call
from pilvi.core.http.versions import print_version
from pilvi.placement.api.versions import VERSIONS


async def list_versions(call: Call[None]) -> dict[str, Any]:
    """The one version with its range of microversions."""
    return {
        "versions": [
            {
                "id": "v1.0",
                "status": "CURRENT",
                "min_version": print_version(VERSIONS.minimum),
                "max_version": print_version(VERSIONS.maximum),
                "links": [{"rel": "self", "href": ""}],
            }
        ]
    }
