"""What the first project of the world of every route has of networks, and bodies for it."""

from typing import Any

from cloud import Cloud
from network.neutron import Neutron


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
        "create_port_forwarding": {
            "port_forwarding": {**forwarding, "internal_port_id": ids["port_id"]}
        },
        "update_port_forwarding": {"port_forwarding": {"description": "changed"}},
        "create_default_security_group_rule": {
            "default_security_group_rule": {"direction": "ingress", "protocol": "tcp"}
        },
        "add_allowed_address_pairs": pairs,
        "remove_allowed_address_pairs": pairs,
    }


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
    path = f"qos/policies/{ids['policy_id']}/bandwidth_limit_rules"
    reply = await neutron.post_to(path, "bandwidth_limit_rule", "admin", max_kbps=9)
    ids["qos_rule_id"] = reply.json()["bandwidth_limit_rule"]["id"]
    path = f"floatingips/{ids['floatingip_id']}/port_forwardings"
    wish = {"protocol": "tcp", "external_port": 22, "internal_port": 22}
    reply = await neutron.post_to(path, "port_forwarding", **wish, internal_port_id=ids["port_id"])
    assert reply.status_code == 201, reply.text
    ids["port_forwarding_id"] = reply.json()["port_forwarding"]["id"]
    rules = (await neutron.get("/default-security-group-rules"))["default_security_group_rules"]
    ids["default_rule_id"] = rules[0]["id"]
    ids |= {"topology_project_id": ids["project_id"], "rule_type": "bandwidth_limit"}
