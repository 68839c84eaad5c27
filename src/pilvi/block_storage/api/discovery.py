"""Which versions there are."""

from typing import Any

from pilvi.block_storage.api.versions import VERSIONS
from pilvi.core.http import Call, Reply
from pilvi.core.http.versions import print_version


def _version(call: Call[None]) -> dict[str, Any]:
    media = "application/vnd.openstack.volume+json;version=3"
    return {
        "id": "v3.0",
        "status": "CURRENT",
        "version": print_version(VERSIONS.maximum),
        "min_version": print_version(VERSIONS.minimum),
        "updated": "2023-08-31T00:00:00Z",
        "links": [{"rel": "self", "href": f"{call.base_url}/volume/v3/"}],
        "media-types": [{"base": "application/json", "type": media}],
    }


async def list_versions(call: Call[None]) -> Reply:
    """Every version, answered with 300 as Cinder does."""
    return Reply({"versions": [_version(call)]}, 300)


async def show_version(call: Call[None]) -> dict[str, Any]:
    """The one version."""
    return {"versions": [_version(call)]}
