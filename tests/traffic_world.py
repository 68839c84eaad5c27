"""What the first project of the world of every route does with traffic, and bodies for it."""

from typing import Any

from network.neutron import Neutron
from network.proxied import make_proxied

STATEFULNESS = "security_groups_default_statefulness"


def traffic_bodies(ids: dict[str, str]) -> dict[str, Any]:
    """A body that each operation on traffic accepts, by its name."""
    return {
        "create_default_statefulness": {
            STATEFULNESS: {"stateful": True, "project_id": ids["stranger_project_id"]}
        },
        "update_default_statefulness": {STATEFULNESS: {"stateful": True}},
        "create_metering_label": {"metering_label": {"name": "l", "shared": True}},
        "update_metering_label": {"metering_label": {"name": "changed"}},
        "create_metering_rule": {
            "metering_label_rule": {
                "metering_label_id": ids["metering_label_id"],
                "direction": "egress",
                "source_ip_prefix": "10.1.1.0/24",
            }
        },
        "update_metering_rule": {"metering_label_rule": {"source_ip_prefix": "10.1.2.0/24"}},
        "create_conntrack_helper": {
            "conntrack_helper": {"helper": "ftp", "protocol": "tcp", "port": 2100}
        },
        "update_conntrack_helper": {"conntrack_helper": {"port": 2101}},
        "create_ndp_proxy": {
            "ndp_proxy": {
                "router_id": ids["proxying_router_id"],
                "port_id": ids["unproxied_port_id"],
            }
        },
        "update_ndp_proxy": {"ndp_proxy": {"name": "changed"}},
        "create_log": {
            "log": {"resource_type": "security_group", "target_id": ids["port_id"], "event": "DROP"}
        },
        "update_log": {"log": {"enabled": False}},
    }


async def fill_traffic(neutron: Neutron, ids: dict[str, str]) -> None:
    """Give project demo one of everything that is done with traffic."""
    wish = {"stateful": True, "project_id": ids["project_id"]}
    reply = await neutron.post_to(STATEFULNESS.replace("_", "-"), STATEFULNESS, "admin", **wish)
    assert reply.status_code == 201, reply.text
    ids["default_statefulness_id"] = reply.json()[STATEFULNESS]["id"]
    words = {"name": "secret-label", "project_id": ids["project_id"]}
    reply = await neutron.post_to("metering/metering-labels", "metering_label", "admin", **words)
    ids["metering_label_id"] = reply.json()["metering_label"]["id"]
    wish = {"metering_label_id": ids["metering_label_id"], "source_ip_prefix": "10.1.1.0/24"}
    path = "metering/metering-label-rules"
    reply = await neutron.post_to(path, "metering_label_rule", "admin", **wish)
    ids["metering_rule_id"] = reply.json()["metering_label_rule"]["id"]
    path = f"routers/{ids['router_id']}/conntrack_helpers"
    ftp = {"helper": "ftp", "protocol": "tcp", "port": 21}
    reply = await neutron.post_to(path, "conntrack_helper", **ftp)
    assert reply.status_code == 201, reply.text
    ids["conntrack_helper_id"] = reply.json()["conntrack_helper"]["id"]
    there = await make_proxied(neutron)
    ports = [await neutron.make("ports", network_id=there.network_id) for _ in range(2)]
    ids |= {"proxying_router_id": there.router_id, "unproxied_port_id": ports[1]["id"]}
    wish = {"router_id": there.router_id, "port_id": ports[0]["id"]}
    ids["ndp_proxy_id"] = (await neutron.make("ndp-proxies", name="secret-proxy", **wish))["id"]
    wish = {"name": "secret-log", "project_id": ids["project_id"]}
    wish |= {"resource_type": "security_group", "resource_id": ids["security_group_id"]}
    reply = await neutron.post_to("log/logs", "log", "admin", **wish)
    ids["log_id"] = reply.json()["log"]["id"]
