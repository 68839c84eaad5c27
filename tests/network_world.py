"""What the first project of the world of every route has of networks, and bodies for it."""

from typing import Any

from cloud import Cloud
from network.neutron import Neutron
from traffic_world import fill_traffic, traffic_bodies


def network_bodies(ids: dict[str, str]) -> dict[str, Any]:
    """A body that each operation on what can be shared accepts, by its name."""
    addresses = {"address_group": {"addresses": ["10.9.9.9"]}}
    pairs = {"port": {"allowed_address_pairs": [{"ip_address": "10.1.1.88"}]}}
    forwarding = {"protocol": "udp", "external_port": 53, "internal_port": 53}
    target = {"target_tenant": ids["stranger_project_id"]}
    shared = {"object_type": "network", "object_id": ids["network_id"]}
    limit, mark = {"max_kbps": 7, "direction": "ingress"}, {"dscp_mark": 8}
    return {
        "create_subnetpool": {"subnetpool": {"name": "p", "prefixes": ["10.60.0.0/16"]}},
        "update_subnetpool": {"subnetpool": {"name": "changed"}},
        "add_prefixes": {"prefixes": ["10.61.0.0/16"]},
        "remove_prefixes": {"prefixes": ["10.62.0.0/17"]},
        "onboard_network_subnets": {"network_id": ids["network_id"]},
        "create_address_scope": {"address_scope": {"name": "s", "ip_version": 4}},
        "update_address_scope": {"address_scope": {"name": "changed"}},
        "create_address_group": {"address_group": {"name": "g", "addresses": ["10.9.9.8"]}},
        "update_address_group": {"address_group": {"name": "changed"}},
        "add_addresses": addresses,
        "remove_addresses": addresses,
        "create_rbac_policy": {"rbac_policy": {**shared, **target, "action": "access_as_shared"}},
        "update_rbac_policy": {"rbac_policy": target},
        "create_qos_policy": {"policy": {"name": "q"}},
        "update_qos_policy": {"policy": {"name": "changed"}},
        "create_bandwidth_limit_rule": {"bandwidth_limit_rule": limit},
        "update_bandwidth_limit_rule": {"bandwidth_limit_rule": limit},
        "update_alias_bandwidth_limit_rule": {"alias_bandwidth_limit_rule": limit},
        "create_dscp_marking_rule": {"dscp_marking_rule": mark},
        "update_dscp_marking_rule": {"dscp_marking_rule": mark},
        "update_alias_dscp_marking_rule": {"alias_dscp_marking_rule": mark},
        **_rate_bodies(),
        **traffic_bodies(ids),
        "create_port_forwarding": {
            "port_forwarding": {**forwarding, "internal_port_id": ids["port_id"]}
        },
        "update_port_forwarding": {"port_forwarding": {"description": "changed"}},
        "create_default_security_group_rule": {
            "default_security_group_rule": {"direction": "ingress", "protocol": "tcp"}
        },
        **_admin_bodies(ids),
        "add_allowed_address_pairs": pairs,
        "remove_allowed_address_pairs": pairs,
    }


def _admin_bodies(ids: dict[str, str]) -> dict[str, Any]:
    """Of what admins decide."""
    numbers = {"network_type": "vxlan", "minimum": 7_000_000, "maximum": 7_000_009}
    gateways = {"router": {"external_gateways": [{"network_id": ids["external_id"]}]}}
    return {
        "create_port_binding": {"binding": {"host": "host1"}},
        "update_port_binding": {"binding": {"vnic_type": "normal"}},
        "add_external_gateways": gateways,
        "update_external_gateways": gateways,
        "remove_external_gateways": gateways,
        "update_agent": {"agent": {"description": "changed"}},
        "add_network_to_dhcp_agent": {"network_id": ids["network_id"]},
        "add_router_to_l3_agent": {"router_id": ids["router_id"]},
        "create_segment": {"segment": {"network_id": ids["network_id"], "network_type": "vxlan"}},
        "update_segment": {"segment": {"name": "changed"}},
        "create_network_segment_range": {"network_segment_range": {"name": "n", **numbers}},
        "update_network_segment_range": {"network_segment_range": {"name": "changed"}},
        "create_network_flavor": {"flavor": {"name": "f", "service_type": "L3_ROUTER_NAT"}},
        "update_network_flavor": {"flavor": {"name": "changed"}},
        "bind_service_profile": {"service_profile": {"id": ids["service_profile_id"]}},
        "create_service_profile": {"service_profile": {"metainfo": "x"}},
        "update_service_profile": {"service_profile": {"description": "changed"}},
    }


async def _fill_admins(neutron: Neutron, ids: dict[str, str]) -> None:
    """What admins decided."""
    numbers = {"network_type": "vxlan", "minimum": 8_000_000, "maximum": 8_000_009}
    made = await neutron.make("network-segment-ranges", "admin", name="secret-range", **numbers)
    ids["network_segment_range_id"] = made["id"]
    profile = await neutron.make("service_profiles", "admin", driver="single_node")
    flavor = await neutron.make("flavors", "admin", name="f", service_type="L3_ROUTER_NAT")
    ids |= {"service_profile_id": profile["id"], "network_flavor_id": flavor["id"]}


_RULES: dict[str, dict[str, Any]] = {
    "bandwidth_limit": {"max_kbps": 9},
    "dscp_marking": {"dscp_mark": 10},
    "packet_rate_limit": {"max_kpps": 9},
    "minimum_bandwidth": {"min_kbps": 2},
    "minimum_packet_rate": {"min_kpps": 2},
}


def _rate_bodies() -> dict[str, Any]:
    """Of rules of policies that are rates."""
    bodies: dict[str, Any] = {}
    for kind in ("packet_rate_limit", "minimum_bandwidth", "minimum_packet_rate"):
        fields = dict.fromkeys(_RULES[kind], 1) | {"direction": "ingress"}
        bodies |= {f"{verb}_{kind}_rule": {f"{kind}_rule": fields} for verb in ("create", "update")}
        bodies[f"update_alias_{kind}_rule"] = {f"alias_{kind}_rule": fields}
    return bodies


async def fill_network(cloud: Cloud, ids: dict[str, str]) -> None:
    """Give project demo one of everything that can be shared, and a port forwarding."""
    neutron = Neutron(cloud)
    prefixes = ["10.62.0.0/16"]
    pool = await neutron.make("subnetpools", name="secret-pool", prefixes=prefixes)
    scope = await neutron.make("address-scopes", name="secret-scope", ip_version=4)
    group = await neutron.make("address-groups", name="secret-addresses", addresses=["10.8.8.8"])
    ids |= {"subnetpool_id": pool["id"], "address_scope_id": scope["id"]}
    ids |= {"address_group_id": group["id"], "segment_id": ids["network_id"]}
    shared = {"object_type": "address_group", "object_id": group["id"]}
    shared |= {"action": "access_as_shared", "target_tenant": "somebody"}
    reply = await neutron.post_to("rbac-policies", "rbac_policy", **shared)
    ids["rbac_policy_id"] = reply.json()["rbac_policy"]["id"]
    words = {"name": "secret-policy", "project_id": ids["project_id"]}
    reply = await neutron.post_to("qos/policies", "policy", "admin", **words)
    ids["policy_id"] = reply.json()["policy"]["id"]
    for kind, fields in _RULES.items():
        path = f"qos/policies/{ids['policy_id']}/{kind}_rules"
        reply = await neutron.post_to(path, f"{kind}_rule", "admin", **fields)
        ids[f"{kind}_rule_id"] = reply.json()[f"{kind}_rule"]["id"]
    path = f"floatingips/{ids['floatingip_id']}/port_forwardings"
    wish = {"protocol": "tcp", "external_port": 22, "internal_port": 22}
    reply = await neutron.post_to(path, "port_forwarding", **wish, internal_port_id=ids["port_id"])
    assert reply.status_code == 201, reply.text
    ids["port_forwarding_id"] = reply.json()["port_forwarding"]["id"]
    await _fill_admins(neutron, ids)
    rules = (await neutron.get("/default-security-group-rules"))["default_security_group_rules"]
    ids["default_rule_id"] = rules[0]["id"]
    await fill_traffic(neutron, ids)
    ids |= {"topology_project_id": ids["project_id"], "rule_type": "bandwidth_limit"}
