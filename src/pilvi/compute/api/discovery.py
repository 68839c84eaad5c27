"""Which versions there are."""

from typing import Any

from pilvi.compute.api.versions import VERSIONS
from pilvi.core.http import Call
from pilvi.core.http.versions import print_version
from pilvi.errors import NotFound


def _version(call: Call[Any]) -> dict[str, Any]:
    return {
        "id": "v2.1",
        "status": "CURRENT",
        "version": print_version(VERSIONS.maximum),
        "min_version": print_version(VERSIONS.minimum),
        "updated": "2013-07-23T11:33:21Z",
        "links": [{"rel": "self", "href": f"{call.base_url}/compute/v2.1/"}],
    }


def _plain_version(call: Call[Any]) -> dict[str, Any]:
    """The same API without microversions, under the name that old clients know."""
    return {
        "id": "v2.0",
        "status": "SUPPORTED",
        "version": "",
        "min_version": "",
        "updated": "2011-01-21T11:33:21Z",
        "links": [{"rel": "self", "href": f"{call.base_url}/compute/v2/"}],
    }


async def list_versions(call: Call[None]) -> dict[str, Any]:
    """Every version."""
    return {"versions": [_plain_version(call), _version(call)]}


def _media_types(number: str) -> dict[str, Any]:
    media = f"application/vnd.openstack.compute+json;version={number}"
    return {"media-types": [{"base": "application/json", "type": media}]}


async def show_version(call: Call[None]) -> dict[str, Any]:
    """The version with microversions."""
    return {"version": {**_version(call), **_media_types("2.1")}}


async def show_plain_version(call: Call[None]) -> dict[str, Any]:
    """The version without microversions."""
    return {"version": {**_plain_version(call), **_media_types("2")}}


async def show_version_by_id(call: Call[None]) -> dict[str, Any]:
    """The one version, by its id."""
    if call.path["id"] != "v2.1":
        raise NotFound(f"cannot find the version '{call.path['id'][:80]}'")
    return await show_version(call)
