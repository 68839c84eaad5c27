"""Conversations about metering labels, their rules and what was counted."""

from typing import Any

import msgspec

from fake_host import FakeAgent
from network.neutron import ROOT, Neutron, fault
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import MeterSeen, RouterSeen, RouterSpec

LABELS, RULES = "metering/metering-labels", "metering/metering-label-rules"


async def label(neutron: Neutron, **fields: Any) -> dict[str, Any]:
    """A new label; only admins make them."""
    reply = await neutron.post_to(LABELS, "metering_label", "admin", **{"name": "l", **fields})
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()["metering_label"]
    return made


async def rule(neutron: Neutron, owner: dict[str, Any], **fields: Any) -> Any:
    """The reply to adding a rule to a label."""
    wish = {"metering_label_id": owner["id"], **fields}
    return await neutron.post_to(RULES, "metering_label_rule", "admin", **wish)


def held(agent: FakeAgent, router_id: str) -> RouterSpec:
    """What the host was told of a router."""
    return msgspec.json.decode(agent.held[Kind.ROUTER, router_id].spec, type=RouterSpec)


async def test_labels_reach_their_projects_routers_and_shared_ones_all(
    neutron: Neutron, agent: FakeAgent
) -> None:
    router = await neutron.named("routers", "router1")
    demo = neutron.cloud.project_ids["demo"]
    mine = await label(neutron, project_id=demo)
    await label(neutron, name="strange")
    shared = await label(neutron, name="shared", shared=True)
    reply = await rule(neutron, mine, direction="egress", source_ip_prefix="10.0.0.9/26")
    made = reply.json()["metering_label_rule"]
    assert (made["source_ip_prefix"], made["excluded"]) == ("10.0.0.0/26", False)
    old = await rule(neutron, shared, direction="ingress", remote_ip_prefix="10.0.0.0/8")
    assert old.status_code == 201
    await neutron.cloud.settle()
    meters = {one.label_id: one.rules for one in held(agent, router["id"]).meters}
    assert meters.keys() == {mine["id"], shared["id"]}
    (one,) = meters[mine["id"]]
    assert (one.direction, one.source, one.destination) == ("egress", "10.0.0.0/26", None)
    # Neutron's remote_ip_prefix is the inner side.
    (other,) = meters[shared["id"]]
    assert (other.source, other.destination) == (None, "10.0.0.0/8")
    path = f"{ROOT}/{LABELS}/{mine['id']}"
    assert (await neutron.cloud.call("DELETE", path, user="admin")).status_code == 204
    await neutron.cloud.settle()
    assert [meter.label_id for meter in held(agent, router["id"]).meters] == [shared["id"]]
    listed = (await neutron.get(f"/{RULES}", "admin"))["metering_label_rules"]
    assert [one["metering_label_id"] for one in listed] == [shared["id"]]


async def test_a_label_shows_what_the_routers_host_counts(
    neutron: Neutron, agent: FakeAgent
) -> None:
    router = await neutron.named("routers", "router1")
    mine = await label(neutron, project_id=neutron.cloud.project_ids["demo"])
    strange = await label(neutron, name="strange")
    assert mine["counters"] == []
    await neutron.cloud.settle()

    async def count(packets: int) -> Any:
        wish = agent.held[Kind.ROUTER, router["id"]]
        both = (mine["id"], strange["id"])
        meters = [MeterSeen(label_id=id, packets=packets, octets=packets * 100) for id in both]
        await agent.host.answer(wish, RouterSeen(meters=meters))
        await neutron.cloud.settle()
        return (await neutron.get(f"/{LABELS}/{mine['id']}", "admin"))["metering_label"]

    (counter,) = (await count(7))["counters"]
    assert (counter["router_id"], counter["packets"]) == (router["id"], 7)
    assert (await count(9))["counters"][0]["bytes"] == 900
    assert (await count(2**63))["counters"][0]["packets"] == 2**63 - 1
    path = f"/{LABELS}/{strange['id']}"
    other = (await neutron.get(path, "admin"))["metering_label"]
    assert other["counters"] == [], "a host counts for no label of another project's routers"


async def test_what_is_no_rule_is_400_and_what_overlaps_409(neutron: Neutron) -> None:
    mine = await label(neutron)
    for fields in (
        {},
        {"remote_ip_prefix": "10.0.0.0/8", "source_ip_prefix": "10.0.0.0/8"},
        {"source_ip_prefix": "10.0.0.0/8", "destination_ip_prefix": "fd00::/8"},
        {"source_ip_prefix": "fe80::1%x"},
        {"source_ip_prefix": "x", "direction": "egress"},
        {"source_ip_prefix": "10.0.0.0/8", "direction": "sideways"},
    ):
        assert (await rule(neutron, mine, **fields)).status_code == 400, fields
    first = (await rule(neutron, mine, source_ip_prefix="10.0.0.0/8")).json()
    again = await rule(neutron, mine, source_ip_prefix="10.1.0.0/16")
    assert again.status_code == 409 and "overlaps" in fault(again)
    excluded = await rule(neutron, mine, source_ip_prefix="10.1.0.0/16", excluded=True)
    assert excluded.status_code == 201
    path = f"{ROOT}/{RULES}/{first['metering_label_rule']['id']}"
    body = {"metering_label_rule": {"source_ip_prefix": "10.2.0.0/16"}}
    changed = await neutron.cloud.call("PUT", path, body, user="admin")
    assert changed.json()["metering_label_rule"]["source_ip_prefix"] == "10.2.0.0/16"
    assert (await rule(neutron, mine, source_ip_prefix="10.3.0.0/16")).status_code == 201
    assert (await neutron.cloud.call("DELETE", path, user="admin")).status_code == 204
    assert (await neutron.cloud.call("GET", path, user="admin")).status_code == 404
    nowhere = await rule(neutron, {"id": "x"}, source_ip_prefix="10.0.0.0/8")
    assert nowhere.status_code == 404


async def test_metering_is_for_admins(neutron: Neutron) -> None:
    mine = await label(neutron, project_id=neutron.cloud.project_ids["demo"])
    assert (await neutron.post_to(LABELS, "metering_label", name="l")).status_code == 403
    for path in (f"{ROOT}/{LABELS}", f"{ROOT}/{LABELS}/{mine['id']}", f"{ROOT}/{RULES}"):
        assert (await neutron.cloud.call("GET", path)).status_code == 403
    body = {"metering_label": {"name": "changed"}}
    path = f"{ROOT}/{LABELS}/{mine['id']}"
    changed = await neutron.cloud.call("PUT", path, body, user="admin")
    assert changed.json()["metering_label"]["name"] == "changed"
