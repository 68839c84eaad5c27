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
    "subnetpool": "subnetpools",
    "address_scope": "address-scopes",
    "address_group": "address-groups",
    "rbac_policy": "rbac-policies",
    "policy": "qos/policies",
    "segment": "segments",
    "log": "log/logs",
    "loggable_resource": "log/loggable-resources",
    "metering_label": "metering/metering-labels",
    "metering_label_rule": "metering/metering-label-rules",
    "ndp_proxy": "ndp-proxies",
    "availability_zone": "availability_zones",
    "service_provider": "service-providers",
    "network_segment_range": "network-segment-ranges",
    "flavor": "flavors",
    "service_profile": "service_profiles",
}

_EXTENSIONS = {
    "address-group": ("Address group", "Ranges that rules of security groups name."),
    "address-scope": ("Address scope", "Subnet pools in which no ranges overlap."),
    "agent": ("agent", "The agents of the hosts."),
    "dhcp_agent_scheduler": ("DHCP Agent Scheduler", "Which hosts serve a network."),
    "l3_agent_scheduler": ("L3 Agent Scheduler", "Which host carries a router."),
    "allowed-address-pairs-atomic": (
        "Atomically add/remove allowed address pairs",
        "Allowed address pairs, added and removed one by one.",
    ),
    "auto-allocated-topology": (
        "Auto Allocated Topology Services",
        "A network with a router for a project that asks for one.",
    ),
    "default-subnetpools": ("Default Subnetpools", "Subnet pools for those who name none."),
    "allowed-address-pairs": ("Allowed Address Pairs", "More addresses that a port may use."),
    "availability_zone": ("Availability Zone", "Availability zones of networks and routers."),
    "binding": ("Port Binding", "On which host a port is."),
    "binding-extended": ("Port Bindings Extended", "Ports that are bound to several hosts."),
    "ext-gw-mode": (
        "Neutron L3 Configurable external gateway mode",
        "Whether a router translates source addresses.",
    ),
    "external-net": ("Neutron external network", "Networks that lead outside."),
    "extraroute": ("Neutron Extra Route", "Routes of a router."),
    "extraroute-atomic": (
        "Atomically add/remove extra routes",
        "Routes of a router, added and removed one by one.",
    ),
    "extra_dhcp_opt": ("Neutron Extra DHCP options", "More DHCP options of a port."),
    "flavors": ("Neutron Service Flavors", "What routers may be asked to be."),
    "l3-flavors": ("Router Flavor Extension", "Routers of a flavor."),
    "network-segment-range": (
        "Neutron Network Segment Range",
        "Which projects' networks get which numbers.",
    ),
    "floating-ip-port-forwarding": (
        "Floating IP Port Forwarding",
        "Ports of a floating IP that lead to several guests.",
    ),
    "floating-ip-port-forwarding-description": (
        "Floating IP Port Forwarding support description",
        "Descriptions of port forwardings.",
    ),
    "floating-ip-port-forwarding-port-ranges": (
        "Floating IP Port Forwarding support for port ranges",
        "Port forwardings of several ports at once.",
    ),
    "expose-port-forwarding-in-fip": (
        "Expose Port Forwarding in FIP",
        "A floating IP shows its port forwardings.",
    ),
    "floatingip-pools": ("Floating IP Pools Extension", "Where floating IPs come from."),
    "filter-validation": ("Filter parameters validation", "Unknown filters of lists are refused."),
    "fip-port-details": (
        "Floating IP Port Details Extension",
        "A floating IP shows the port that it stands for.",
    ),
    "ip-substring-filtering": (
        "IP address substring filtering",
        "Ports by a part of their address.",
    ),
    "l3-conntrack-helper": (
        "Router conntrack helper",
        "Protocols whose further connections a router knows.",
    ),
    "l3-ndp-proxy": ("L3 NDP Proxy", "IPv6 addresses that routers answer for."),
    "logging": ("Logging API Extension", "What security groups do, written down by hosts."),
    "metering": ("Neutron Metering", "Traffic of routers, counted."),
    "metering_source_and_destination_filters": (
        "Source and destination of metering rules",
        "Where counted traffic comes from and goes to.",
    ),
    "net-mtu": ("Network MTU", "The MTU of a network."),
    "net-mtu-writable": ("Network MTU (writable)", "The MTU of a network can be chosen."),
    "network-ip-availability": ("Network IP Availability", "How many addresses are left."),
    "network_availability_zone": (
        "Network Availability Zone",
        "The availability zone of a network.",
    ),
    "pagination": ("Pagination support", "Lists in pages."),
    "port-security": ("Port Security", "Anti-spoofing and security groups, switched per port."),
    "port-security-groups-filtering": (
        "Port filtering on security groups",
        "Ports by their security groups.",
    ),
    "project-id": ("project_id field enabled", "project_id beside tenant_id."),
    "provider": ("Provider Network", "How a network's frames travel."),
    "qos": ("Quality of Service", "Limits of bandwidth and markings of packets."),
    "qos-bw-limit-direction": (
        "Direction for QoS bandwidth limit rule",
        "Limits of bandwidth in either direction.",
    ),
    "qos-default": ("QoS default policy", "A project's default policy."),
    "qos-rule-type-details": (
        "Details of QoS rule types",
        "What rules of policies take as values.",
    ),
    "qos-bw-minimum-ingress": (
        "Ingress direction for QoS minimum bandwidth rule",
        "Minimums of bandwidth in either direction: kept, not obeyed.",
    ),
    "qos-pps": ("Packet rate limit for QoS", "Limits of packets in either direction."),
    "qos-pps-minimum": ("QoS minimum packet rate rule", "Minimums of packets: kept, not obeyed."),
    "qos-pps-minimum-rule-alias": (
        "Ability to call minimum packet rate rules by their own id",
        "Minimums of packets without their policy.",
    ),
    "qos-rule-type-filter": ("QoS rule type filter", "Kinds of rules that are only kept, too."),
    "port-resource-request": ("Port Resource Request", "What a port asks of its host."),
    "port-resource-request-groups": (
        "Port Resource Request Groups",
        "What a port asks of its host, in groups.",
    ),
    "qos-rules-alias": ("Ability to call QoS rules by their own id", "Rules without their policy."),
    "quota_details": ("Quota details management support", "Quotas with what is used of them."),
    "quotas": ("Quota management support", "Quotas of each project."),
    "router": ("Neutron L3 Router", "Routers and floating IPs."),
    "router_availability_zone": ("Router Availability Zone", "The availability zone of a router."),
    "rbac-policies": ("RBAC Policies", "What is shared with whom."),
    "rbac-address-group": ("Add address group type to RBAC", "Sharing address groups."),
    "rbac-address-scope": ("Add address scope type to RBAC", "Sharing address scopes."),
    "rbac-security-groups": ("Add security group type to RBAC", "Sharing security groups."),
    "rbac-subnetpool": ("Add subnet pool type to RBAC", "Sharing subnet pools."),
    "security-groups-default-rules": (
        "Default rules for security groups",
        "What new security groups hold.",
    ),
    "security-groups-default-statefulness": (
        "Default statefulness of security groups",
        "Whether new security groups keep connections in mind.",
    ),
    "security-groups-remote-address-group": (
        "Remote address group id field for security group rules",
        "Rules that name an address group.",
    ),
    "security-groups-shared-filtering": (
        "Security group filtering on the shared field",
        "Security groups by whether they are shared.",
    ),
    "segment": ("Segment", "The segment of each network."),
    "service-type": ("Neutron Service Type Management", "Services with a choice of providers."),
    "stateful-security-group": ("Stateful security group", "Security groups without memory."),
    "subnet_allocation": ("Subnet Allocation", "Subnets that are cut from pools."),
    "subnet_onboard": ("Subnet Onboard", "Subnets that become a pool's."),
    "subnetpool-prefix-ops": ("Subnet Pool Prefix Operations", "Prefixes added and removed."),
    "security-group": ("security-group", "Security groups and their rules."),
    "sorting": ("Sorting support", "Lists in an order."),
    "standard-attr-description": ("standard-attr-description", "Descriptions."),
    "standard-attr-revisions": ("Resource revision numbers", "Revision numbers."),
    "standard-attr-tag": ("Tag support for resources with standard attribute", "Tags."),
    "tag": ("Tag support", "Tags of networks."),
    "tag-ext": ("Tag support for resources: subnet, subnetpool, port, router", "Tags of others."),
    "standard-attr-timestamp": ("Resource timestamps", "Times of creation and change."),
}
"""Only what is truly served, by alias, with Neutron's name: clients look for either."""


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
    name, description = _EXTENSIONS[alias]
    return {
        "alias": alias,
        "name": name,
        "description": description,
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
