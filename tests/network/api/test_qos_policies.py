"""Conversations about policies of quality of service and their rules."""

from typing import Any

import msgspec

from fake_host import FakeAgent
from network.neutron import ROOT, Neutron
from network.servers import launch
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import PortSpec


async def policy_of(neutron: Neutron, **fields: Any) -> dict[str, Any]:
    """A policy; only admins make them."""
    reply = await neutron.post_to("qos/policies", "policy", "admin", **{"name": "q", **fields})
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()["policy"]
    return made


async def rule(neutron: Neutron, policy: dict[str, Any], kind: str, **fields: Any) -> Any:
    """The reply to adding a rule."""
    path = f"qos/policies/{policy['id']}/{kind}_rules"
    return await neutron.post_to(path, f"{kind}_rule", "admin", **fields)


async def test_rules_are_added_changed_and_removed(neutron: Neutron) -> None:
    policy = await policy_of(neutron)
    limit = (await rule(neutron, policy, "bandwidth_limit", max_kbps=1000)).json()
    limit = limit["bandwidth_limit_rule"]
    assert (limit["direction"], limit["max_burst_kbps"]) == ("egress", 0)
    twice = await rule(neutron, policy, "bandwidth_limit", max_kbps=2000)
    assert twice.status_code == 409
    inward = await rule(neutron, policy, "bandwidth_limit", max_kbps=5, direction="ingress")
    assert inward.status_code == 201
    marked = (await rule(neutron, policy, "dscp_marking", dscp_mark=26)).json()
    shown = (await neutron.get(f"/qos/policies/{policy['id']}", "admin"))["policy"]
    assert sorted(one["type"] for one in shown["rules"]) == [
        *("bandwidth_limit", "bandwidth_limit", "dscp_marking")
    ]
    path = f"{ROOT}/qos/policies/{policy['id']}/bandwidth_limit_rules/{limit['id']}"
    body = {"bandwidth_limit_rule": {"max_kbps": 3000}}
    reply = await neutron.cloud.call("PUT", path, body, user="admin")
    assert reply.json()["bandwidth_limit_rule"]["max_kbps"] == 3000
    alias = f"{ROOT}/qos/alias-bandwidth-limit-rules/{limit['id']}"
    body = {"alias_bandwidth_limit_rule": {"max_kbps": 4000}}
    reply = await neutron.cloud.call("PUT", alias, body, user="admin")
    assert reply.json()["alias_bandwidth_limit_rule"]["max_kbps"] == 4000
    mark = marked["dscp_marking_rule"]["id"]
    wrong_kind = f"{ROOT}/qos/policies/{policy['id']}/bandwidth_limit_rules/{mark}"
    assert (await neutron.cloud.call("GET", wrong_kind, user="admin")).status_code == 404
    assert (await neutron.cloud.call("DELETE", alias, user="admin")).status_code == 204
    assert (await neutron.cloud.call("GET", path, user="admin")).status_code == 404


async def test_a_mark_is_shown_changed_and_removed_by_both_its_paths(neutron: Neutron) -> None:
    policy = await policy_of(neutron)
    for kind in ("dscp_marking_rule", "alias_dscp_marking_rule"):
        made = (await rule(neutron, policy, "dscp_marking", dscp_mark=26)).json()
        id = made["dscp_marking_rule"]["id"]
        path = f"/qos/policies/{policy['id']}/dscp_marking_rules/{id}"
        if kind.startswith("alias"):
            path = f"/qos/alias-dscp-marking-rules/{id}"
        body = {kind: {"dscp_mark": 8}}
        reply = await neutron.cloud.call("PUT", ROOT + path, body, user="admin")
        assert reply.json()[kind]["dscp_mark"] == 8
        assert (await neutron.get(path, "admin"))[kind]["dscp_mark"] == 8
        gone = await neutron.cloud.call("DELETE", ROOT + path, user="admin")
        assert gone.status_code == 204
        assert (await neutron.cloud.call("GET", ROOT + path, user="admin")).status_code == 404


async def test_a_rule_is_found_under_its_own_policy_only(neutron: Neutron) -> None:
    """OSSN-0102."""
    one, two = await policy_of(neutron), await policy_of(neutron)
    made = (await rule(neutron, one, "dscp_marking", dscp_mark=8)).json()["dscp_marking_rule"]
    path = f"{ROOT}/qos/policies/{two['id']}/dscp_marking_rules/{made['id']}"
    for method, body in (("GET", None), ("PUT", {"dscp_marking_rule": {"dscp_mark": 10}})):
        assert (await neutron.cloud.call(method, path, body, user="admin")).status_code == 404
    assert (await neutron.cloud.call("DELETE", path, user="admin")).status_code == 404


async def test_what_is_no_rule_is_400(neutron: Neutron) -> None:
    policy = await policy_of(neutron)
    for kind, fields in (
        ("bandwidth_limit", {}),
        ("bandwidth_limit", {"max_kbps": 0}),
        ("bandwidth_limit", {"max_kbps": 2**31}),
        ("bandwidth_limit", {"max_kbps": 1, "direction": "sideways"}),
        ("dscp_marking", {"dscp_mark": 1}),
        ("dscp_marking", {}),
    ):
        assert (await rule(neutron, policy, kind, **fields)).status_code == 400
    types = (await neutron.get("/qos/rule-types"))["rule_types"]
    obeyed = {"bandwidth_limit", "packet_rate_limit", "dscp_marking"}
    assert {one["type"] for one in types} == obeyed
    shown = (await neutron.get("/qos/rule-types/bandwidth_limit", "admin"))["rule_type"]
    assert shown["drivers"]


async def test_a_policy_reaches_the_ports_that_name_it(neutron: Neutron, agent: FakeAgent) -> None:
    policy = await policy_of(neutron, shared=True)
    _, (port,) = await launch(neutron, agent.host.id)
    await neutron.cloud.settle()

    def held() -> PortSpec:
        return msgspec.json.decode(agent.held[Kind.PORT, port.id].spec, type=PortSpec)

    assert held().limits == [] and held().dscp_mark is None
    reply = await neutron.put("ports", port.id, qos_policy_id=policy["id"])
    assert reply.json()["port"]["qos_policy_id"] == policy["id"]
    await rule(neutron, policy, "bandwidth_limit", max_kbps=1000, max_burst_kbps=100)
    await rule(neutron, policy, "dscp_marking", dscp_mark=46)
    await neutron.cloud.settle()
    (limit,) = held().limits
    assert (limit.direction, limit.max_kbps, limit.burst_kbit) == ("egress", 1000, 100)
    assert held().dscp_mark == 46
    path = f"{ROOT}/qos/policies/{policy['id']}"
    assert (await neutron.cloud.call("DELETE", path, user="admin")).status_code == 409
    await neutron.put("ports", port.id, qos_policy_id=None)
    await neutron.cloud.settle()
    assert held().limits == []
    await neutron.put("networks", port.network_id, qos_policy_id=policy["id"])
    await neutron.cloud.settle()
    assert len(held().limits) == 1
    await neutron.put("networks", port.network_id, qos_policy_id=None)
    assert (await neutron.cloud.call("DELETE", path, user="admin")).status_code == 204


async def test_policies_are_made_by_admins_and_used_by_those_who_see_them(
    neutron: Neutron,
) -> None:
    reply = await neutron.post_to("qos/policies", "policy", name="q")
    assert reply.status_code == 403
    hidden = await policy_of(neutron)
    network = await neutron.named("networks", "private")
    wish = {"network_id": network["id"], "qos_policy_id": hidden["id"]}
    assert (await neutron.post("ports", **wish)).status_code == 404
    assert (await neutron.post("networks", qos_policy_id=hidden["id"])).status_code == 404
    demo = neutron.cloud.project_ids["demo"]
    default = await policy_of(neutron, project_id=demo, is_default=True)
    assert (await neutron.make("networks"))["qos_policy_id"] == default["id"]
    assert (await neutron.make("networks", qos_policy_id=None))["qos_policy_id"] is None


async def test_what_an_admin_limits_stays_limited(neutron: Neutron) -> None:
    """A policy that its project does not see is taken from a port or network by admins alone."""
    hidden = await policy_of(neutron)
    network = await neutron.make("networks")
    port = await neutron.make("ports", network_id=network["id"])
    for collection, thing in (("ports", port), ("networks", network)):
        id = thing["id"]
        limited = await neutron.put(collection, id, "admin", qos_policy_id=hidden["id"])
        assert limited.status_code == 200
        refused = await neutron.put(collection, id, qos_policy_id=None)
        assert refused.status_code == 403, collection
        named = await neutron.put(collection, id, name="n", qos_policy_id=hidden["id"])
        assert named.status_code == 200
        freed = await neutron.put(collection, id, "admin", qos_policy_id=None)
        assert freed.status_code == 200
