"""Which versions there are."""

from typing import Any

from pilvi.compute.api.versions import VERSIONS
from pilvi.core.http import Call
from pilvi.core.http.versions import print_version


def _version(call: Call[Any]) -> dict[str, Any]:
    return {
        "id": "v2.1",
        "status": "CURRENT",
        "version": print_version(VERSIONS.maximum),
        "min_version": print_version(VERSIONS.minimum),
        "updated": "2013-07-23T11:33:21Z",
        "links": [{"rel": "self", "href": f"{call.base_url}/compute/v2.1/"}],
    }


async def list_versions(call: Call[None]) -> dict[str, Any]:
    """Every version."""
    return {"versions": [_version(call)]}


async def show_version(call: Call[None]) -> dict[str, Any]:
    """The one version."""
    media = "application/vnd.openstack.compute+json;version=2.1"
    types = [{"base": "application/json", "type": media}]
    return {"version": {**_version(call), "media-types": types}}


async def list_extensions(call: Call[None]) -> dict[str, Any]:
    """No extensions: everything is part of the API."""
    return {"extensions": []}
