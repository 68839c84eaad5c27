"""Which versions, resources and extensions there are."""

from typing import Any

from pilvi.core.http import Call
from pilvi.errors import NotFound

_COLLECTIONS = {
    "network": "networks",
    "subnet": "subnets",
    "port": "ports",
    "router": "routers",
    "floatingip": "floatingips",
    "security_group": "security-groups",
    "security_group_rule": "security-group-rules",
    "quota": "quotas",
    "agent": "agents",
    "extension": "extensions",
}

_EXTENSIONS = {
    "agent": "The agents of the hosts.",
    "allowed-address-pairs": "More addresses that a port may use.",
    "availability_zone": "Availability zones of networks and routers.",
    "binding": "On which host a port is.",
    "ext-gw-mode": "Whether a router translates source addresses.",
    "external-net": "Networks that lead outside.",
    "extraroute": "Routes of a router.",
    "extraroute-atomic": "Routes of a router, added and removed one by one.",
    "filter-validation": "Unknown filters of lists are refused.",
    "fip-port-details": "A floating IP shows the port that it stands for.",
    "ip-substring-filtering": "Ports by a part of their address.",
    "net-mtu": "The MTU of a network.",
    "net-mtu-writable": "The MTU of a network can be chosen.",
    "network-ip-availability": "How many addresses are left.",
    "network_availability_zone": "The availability zone of a network.",
    "pagination": "Lists in pages.",
    "port-security": "Anti-spoofing and security groups, switched per port.",
    "port-security-groups-filtering": "Ports by their security groups.",
    "project-id": "project_id beside tenant_id.",
    "provider": "How a network's frames travel.",
    "quota_details": "Quotas with what is used of them.",
    "quotas": "Quotas of each project.",
    "router": "Routers and floating IPs.",
    "router_availability_zone": "The availability zone of a router.",
    "security-group": "Security groups and their rules.",
    "sorting": "Lists in an order.",
    "standard-attr-description": "Descriptions.",
    "standard-attr-revisions": "Revision numbers.",
    "standard-attr-tag": "Tags.",
    "standard-attr-timestamp": "Times of creation and change.",
}
"""Only what is truly served; clients switch behaviour by these names."""


async def list_versions(call: Call[None]) -> dict[str, Any]:
    """The one version."""
    links = [{"rel": "self", "href": f"{call.base_url}/network/v2.0/"}]
    return {"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]}


async def list_resources(call: Call[None]) -> dict[str, Any]:
    """The collections of the version."""
    resources = [
        {
            "name": name,
            "collection": path.replace("-", "_"),
            "links": [{"rel": "self", "href": f"{call.service_url}/{path}"}],
        }
        for name, path in _COLLECTIONS.items()
    ]
    return {"resources": resources}


def _extension(alias: str) -> dict[str, Any]:
    return {
        "alias": alias,
        "name": alias,
        "description": _EXTENSIONS[alias],
        "updated": "2026-01-01T00:00:00-00:00",
        "links": [],
    }


async def list_extensions(call: Call[None]) -> dict[str, Any]:
    """Every extension of Neutron's API that is served."""
    return {"extensions": [_extension(alias) for alias in sorted(_EXTENSIONS)]}


async def show_extension(call: Call[None]) -> dict[str, Any]:
    """One extension by its alias."""
    alias = call.path["alias"]
    if alias not in _EXTENSIONS:
        raise NotFound(f"cannot find the extension '{alias}'")
    return {"extension": _extension(alias)}
