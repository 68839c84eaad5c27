"""Which versions there are."""

from typing import Any

from pilvi.core.http import Call, Reply


def _version(call: Call[None]) -> dict[str, Any]:
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": f"{call.base_url}/identity/v3/"}],
        "media-types": [
            {"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}
        ],
    }


async def list_versions(call: Call[None]) -> Reply:
    """Every version, answered with 300 as Keystone does."""
    return Reply({"versions": {"values": [_version(call)]}}, 300)


async def show_version(call: Call[None]) -> dict[str, Any]:
    """The one version."""
    return {"version": _version(call)}
