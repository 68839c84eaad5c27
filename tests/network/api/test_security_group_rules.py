"""Conversations about rules of security groups."""

from typing import Any

from network.neutron import ROOT, Neutron, fault


async def rule(neutron: Neutron, **fields: Any) -> Any:
    """The reply to a wish for a rule of the default group."""
    group = await neutron.named("security-groups", "default")
    fields = {"security_group_id": group["id"], "direction": "ingress", **fields}
    return await neutron.post("security-group-rules", **fields)


async def test_a_rule_is_made_shown_and_deleted(neutron: Neutron) -> None:
    wish = {"protocol": "TCP", "port_range_min": 22, "port_range_max": "22"}
    reply = await rule(neutron, **wish, remote_ip_prefix="10.0.0.1/24", description="ssh")
    made = reply.json()["security_group_rule"]
    assert (made["protocol"], made["port_range_min"], made["port_range_max"]) == ("tcp", 22, 22)
    assert made["remote_ip_prefix"] == "10.0.0.1/24" and made["ethertype"] == "IPv4"
    listed = await neutron.get("/security-group-rules?protocol=6&direction=ingress")
    assert [row["id"] for row in listed["security_group_rules"]] == [made["id"]]
    assert await neutron.delete("security-group-rules", made["id"]) == 204
    assert await neutron.delete("security-group-rules", made["id"]) == 404


async def test_the_same_rule_again_is_409_and_names_it(neutron: Neutron) -> None:
    wish = {"protocol": "tcp", "port_range_min": 80, "port_range_max": 80}
    first = (await rule(neutron, **wish)).json()["security_group_rule"]
    for twin in (wish, {**wish, "protocol": 6}, {**wish, "protocol": "6", "ethertype": "ipv4"}):
        again = await rule(neutron, **twin)
        assert again.status_code == 409 and first["id"] in fault(again)


async def test_a_list_makes_all_or_none(neutron: Neutron) -> None:
    group = await neutron.named("security-groups", "default")
    common = {"security_group_id": group["id"], "direction": "ingress", "protocol": "udp"}
    wishes = [{**common, "port_range_min": n, "port_range_max": n} for n in (1, 2)]
    path = f"{ROOT}/security-group-rules"
    reply = await neutron.cloud.call("POST", path, {"security_group_rules": wishes})
    assert len(reply.json()["security_group_rules"]) == 2
    wishes = [{**common, "protocol": "sctp"}, {**common, "protocol": "nonsense"}]
    reply = await neutron.cloud.call("POST", path, {"security_group_rules": wishes})
    assert reply.status_code == 400
    assert (await neutron.get("/security-group-rules?protocol=sctp"))["security_group_rules"] == []


async def test_what_is_no_rule_is_400(neutron: Neutron) -> None:
    tcp = {"protocol": "tcp"}
    for wrong in (
        {"direction": "sideways"},
        {"ethertype": "IPv5"},
        {"protocol": "nonsense"},
        {"protocol": 256},
        {**tcp, "port_range_min": 80, "port_range_max": 79},
        {**tcp, "port_range_min": 80, "port_range_max": 65536},
        {**tcp, "port_range_min": -16, "port_range_max": 80},
        {**tcp, "port_range_max": 6},
        {"port_range_min": 1, "port_range_max": 2},
        {"protocol": "vrrp", "port_range_min": 1, "port_range_max": 2},
        {"protocol": "icmp", "port_range_min": 1, "port_range_max": 256},
        {"protocol": "icmp", "port_range_max": 6},
        {"protocol": "ipv6-icmp"},
        {"remote_ip_prefix": "10.0.0.1/99"},
        {"remote_ip_prefix": "0/0 ; drop"},
        {"remote_ip_prefix": "fe80::%x }\nflush ruleset #/64", "ethertype": "IPv6"},
        {"remote_ip_prefix": "2001:db8::/64"},
        {"remote_ip_prefix": "10.0.0.0/8", "remote_group_id": "g"},
        {"remote_address_group_id": "g", "remote_group_id": "g"},
        {"security_group_id": None},
        {"color": "red"},
    ):
        assert (await rule(neutron, **wrong)).status_code == 400, wrong
    assert (await rule(neutron, remote_group_id="nobody")).status_code == 404
    # The group still takes good rules after all of that.
    assert (await rule(neutron, protocol="icmp", port_range_min=8)).status_code == 201
