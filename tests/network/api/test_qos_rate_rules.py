"""Conversations about limits of packets, and about minimums, which are kept and not obeyed."""

from typing import Any

import msgspec

from fake_host import FakeAgent
from network.api.test_qos_policies import policy_of, rule
from network.neutron import ROOT, Neutron, fault
from network.servers import launch
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import PortSpec

KINDS: dict[str, dict[str, Any]] = {
    "packet_rate_limit": {"max_kpps": 5, "max_burst_kpps": 1},
    "minimum_bandwidth": {"min_kbps": 500},
    "minimum_packet_rate": {"min_kpps": 5},
}


async def test_each_kind_is_made_shown_changed_and_removed(neutron: Neutron) -> None:
    policy = await policy_of(neutron)
    for kind, fields in KINDS.items():
        made = (await rule(neutron, policy, kind, **fields)).json()[f"{kind}_rule"]
        assert made == {"id": made["id"], "direction": "egress", **fields}
        twice = await rule(neutron, policy, kind, **fields)
        assert twice.status_code == 409
        path = f"/qos/policies/{policy['id']}/{kind}_rules"
        assert (await neutron.get(path, "admin"))[f"{kind}_rules"] == [made]
        (first, *_) = fields
        changed = {f"{kind}_rule": {first: 6}}
        one = f"{ROOT}{path}/{made['id']}"
        reply = await neutron.cloud.call("PUT", one, changed, user="admin")
        assert reply.json()[f"{kind}_rule"] == {**made, first: 6}
        assert (await neutron.cloud.call("DELETE", one, user="admin")).status_code == 204
        assert (await neutron.cloud.call("GET", one, user="admin")).status_code == 404


async def test_the_paths_of_the_document_lead_to_the_same_rules(neutron: Neutron) -> None:
    policy = await policy_of(neutron)
    for kind, path in (
        ("packet_rate_limit", f"/policies/{policy['id']}/packet_rate_limit_rules"),
        ("minimum_packet_rate", f"/qos/policies/{policy['id']}/minimum-packet-rate-rules"),
    ):
        name, (first, *_) = f"{kind}_rule", KINDS[kind]
        reply = await neutron.post_to(path[1:], name, "admin", **KINDS[kind])
        assert reply.status_code == 201, reply.text
        made = reply.json()[name]
        assert (await neutron.get(path, "admin"))[f"{name}s"] == [made]
        one = f"{path}/{made['id']}"
        body = {name: {first: 4}}
        changed = await neutron.cloud.call("PUT", ROOT + one, body, user="admin")
        assert changed.json()[name][first] == 4
        own = f"/qos/policies/{policy['id']}/{kind}_rules/{made['id']}"
        assert (await neutron.get(own, "admin"))[name] == (await neutron.get(one, "admin"))[name]
        assert (await neutron.cloud.call("DELETE", ROOT + one, user="admin")).status_code == 204
        assert (await neutron.cloud.call("GET", ROOT + own, user="admin")).status_code == 404


async def test_rules_are_listed_and_changed_by_their_own_ids(neutron: Neutron) -> None:
    mine = await policy_of(neutron, project_id=neutron.cloud.project_ids["demo"])
    hidden = await policy_of(neutron)
    for kind in ("bandwidth_limit", "dscp_marking", "minimum_bandwidth", "minimum_packet_rate"):
        fields = KINDS.get(
            kind, {"max_kbps": 9000} if kind == "bandwidth_limit" else {"dscp_mark": 8}
        )
        ids = [
            (await rule(neutron, policy, kind, **fields)).json()[f"{kind}_rule"]["id"]
            for policy in (mine, hidden)
        ]
        path = f"/qos/alias-{kind.replace('_', '-')}-rules"
        name = f"alias_{kind}_rule"
        everything = (await neutron.get(path, "admin"))[f"{name}s"]
        assert {one["id"] for one in everything} == set(ids)
        assert [one["id"] for one in (await neutron.get(path))[f"{name}s"]] == ids[:1]
        assert (await neutron.get(f"{path}/{ids[0]}"))[name]["id"] == ids[0]
        strange = await neutron.cloud.call("GET", f"{ROOT}{path}/{ids[1]}")
        assert strange.status_code == 404
        (first, *_) = fields
        body = {name: {first: 10}}
        reply = await neutron.cloud.call("PUT", f"{ROOT}{path}/{ids[0]}", body, user="admin")
        assert reply.json()[name][first] == 10
        gone = await neutron.cloud.call("DELETE", f"{ROOT}{path}/{ids[0]}", user="admin")
        assert gone.status_code == 204


async def test_rules_that_contradict_each_other_are_409_and_what_is_none_is_400(
    neutron: Neutron,
) -> None:
    policy = await policy_of(neutron)
    assert (await rule(neutron, policy, "packet_rate_limit", max_kpps=3)).status_code == 201
    over = await rule(neutron, policy, "minimum_packet_rate", min_kpps=4)
    assert over.status_code == 409 and "more than max_kpps 3" in fault(over)
    other_way = await rule(neutron, policy, "minimum_packet_rate", min_kpps=4, direction="ingress")
    assert other_way.status_code == 201
    both = await rule(neutron, policy, "minimum_packet_rate", min_kpps=1, direction="any")
    assert both.status_code == 409 and "not both" in fault(both)
    least = await rule(neutron, policy, "minimum_bandwidth", min_kbps=10)
    assert least.status_code == 201
    under = await rule(neutron, policy, "bandwidth_limit", max_kbps=9)
    assert under.status_code == 409 and "more than max_kbps 9" in fault(under)
    for kind, fields in (
        ("packet_rate_limit", {"max_kpps": 0}),
        ("packet_rate_limit", {"max_kpps": 1, "direction": "any"}),
        ("minimum_bandwidth", {"min_kbps": -1}),
        ("minimum_bandwidth", {}),
        ("minimum_packet_rate", {"min_kpps": 2**31, "direction": "egress"}),
    ):
        assert (await rule(neutron, policy, kind, **fields)).status_code == 400, kind
    for kind, drivers in (("packet_rate_limit", 1), ("minimum_bandwidth", 0)):
        shown = (await neutron.get(f"/qos/rule-types/{kind}", "admin"))["rule_type"]
        assert len(shown["drivers"]) == drivers
    types = (await neutron.get("/qos/rule-types?all_rules=true"))["rule_types"]
    assert len(types) == 5


async def test_a_limit_reaches_the_host_and_a_minimum_only_what_the_port_asks_for(
    neutron: Neutron, agent: FakeAgent
) -> None:
    policy = await policy_of(neutron, shared=True)
    _, (port,) = await launch(neutron, agent.host.id)
    await neutron.put("networks", port.network_id, "admin", qos_policy_id=policy["id"])
    assert (await neutron.get(f"/ports/{port.id}", "admin"))["port"]["resource_request"] is None
    await rule(neutron, policy, "packet_rate_limit", max_kpps=7, direction="ingress")
    await rule(neutron, policy, "minimum_bandwidth", min_kbps=100)
    await rule(neutron, policy, "minimum_packet_rate", min_kpps=2, direction="any")
    await neutron.cloud.settle()
    held = msgspec.json.decode(agent.held[Kind.PORT, port.id].spec, type=PortSpec)
    (limit,) = held.packet_limits
    assert (limit.direction, limit.max_kpps, limit.burst_kpps) == ("ingress", 7, 0)
    assert held.limits == []
    shown = (await neutron.get(f"/ports/{port.id}", "admin"))["port"]["resource_request"]
    asked = [group["resources"] for group in shown["request_groups"]]
    assert asked == [
        {"NET_BW_EGR_KILOBIT_PER_SEC": 100},
        {"NET_PACKET_RATE_KILOPACKET_PER_SEC": 2},
    ]
    assert shown["same_subtree"] == [group["id"] for group in shown["request_groups"]]
    assert "resource_request" not in (await neutron.get(f"/ports/{port.id}"))["port"]
    other = await policy_of(neutron, shared=True)
    await neutron.put("ports", port.id, qos_policy_id=other["id"])
    assert (await neutron.get(f"/ports/{port.id}", "admin"))["port"]["resource_request"] is None
