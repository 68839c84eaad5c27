"""Which versions there are, and the catalog's own lists."""

from typing import Any

from pilvi.core.http import Call, Reply
from pilvi.errors import NotFound
from pilvi.identity.api.projects import page
from pilvi.identity.model.catalog import SERVICES, catalog


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


async def list_services(call: Call[None]) -> dict[str, Any]:
    """The services of the catalog."""
    wanted = call.query.get("type"), call.query.get("name")
    rows = [
        {
            "id": service.id,
            "type": service.type,
            "name": service.name,
            "enabled": True,
            "description": "",
            "links": {"self": f"{call.service_url}/services/{service.id}"},
        }
        for service in SERVICES
        if wanted[0] in (None, service.type) and wanted[1] in (None, service.name)
    ]
    return page(call, "services", rows)


async def list_endpoints(call: Call[None]) -> dict[str, Any]:
    """The endpoints of the catalog."""
    rows = [
        {**endpoint, "service_id": service["id"], "enabled": True, "links": {}}
        for service in catalog(call.base_url, call.settings.region)
        for endpoint in service["endpoints"]
        if call.query.get("service_id") in (None, service["id"])
        and call.query.get("interface") in (None, endpoint["interface"])
    ]
    return page(call, "endpoints", rows)


def _region(call: Call[None]) -> dict[str, Any]:
    region = call.settings.region
    return {"id": region, "description": "", "parent_region_id": None, "links": {}}


async def list_regions(call: Call[None]) -> dict[str, Any]:
    """The one region."""
    return page(call, "regions", [_region(call)])


async def show_region(call: Call[None]) -> dict[str, Any]:
    """The one region, by its name."""
    if call.path["region_id"] != call.settings.region:
        raise NotFound(f"cannot find the region '{call.path['region_id']}'")
    return {"region": _region(call)}
