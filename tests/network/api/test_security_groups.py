"""Conversations about security groups."""

from network.neutron import ROOT, Neutron, fault


async def test_every_project_has_a_default_group_from_its_first_look(neutron: Neutron) -> None:
    groups = (await neutron.get("/security-groups"))["security_groups"]
    assert [group["name"] for group in groups] == ["default"]
    rules = groups[0]["security_group_rules"]
    said = {(r["direction"], r["ethertype"], r["remote_group_id"]) for r in rules}
    assert said == {
        ("egress", "IPv4", None),
        ("egress", "IPv6", None),
        ("ingress", "IPv4", groups[0]["id"]),
        ("ingress", "IPv6", groups[0]["id"]),
    }
    again = (await neutron.get("/security-groups"))["security_groups"]
    assert [group["id"] for group in again] == [groups[0]["id"]]
    path = f"{ROOT}/security-groups/{groups[0]['id']}"
    kept = await neutron.cloud.call("DELETE", path)
    assert kept.status_code == 409
    assert "a project always has one" in fault(kept) and "wait" not in fault(kept)
    renamed = await neutron.put("security-groups", groups[0]["id"], name="x")
    assert renamed.status_code == 409
    assert (await neutron.post("security-groups", name="default")).status_code == 409


async def test_a_group_is_made_changed_and_deleted(neutron: Neutron) -> None:
    made = await neutron.make("security-groups", name="web", description="d")
    assert {rule["direction"] for rule in made["security_group_rules"]} == {"egress"}
    changed = await neutron.put("security-groups", made["id"], name="www", description="e")
    assert changed.json()["security_group"]["name"] == "www"
    assert await neutron.delete("security-groups", made["id"]) == 204
    assert await neutron.delete("security-groups", made["id"]) == 404
    assert (await neutron.post("security-groups")).status_code == 400
    assert not (await neutron.make("security-groups", name="x", stateful=False))["stateful"]
    assert (await neutron.post("security-groups", name="x" * 256)).status_code == 400


async def test_rules_that_name_a_deleted_group_go_with_it(neutron: Neutron) -> None:
    inner = await neutron.make("security-groups", name="inner")
    outer = await neutron.make("security-groups", name="outer")
    wish = {"security_group_id": outer["id"], "direction": "ingress"}
    rule = await neutron.make("security-group-rules", **wish, remote_group_id=inner["id"])
    assert await neutron.delete("security-groups", inner["id"]) == 204
    reply = await neutron.cloud.call("GET", f"{ROOT}/security-group-rules/{rule['id']}")
    assert reply.status_code == 404


async def test_anothers_group_does_not_exist(neutron: Neutron) -> None:
    theirs = await neutron.make("security-groups", "admin", name="theirs")
    path = f"{ROOT}/security-groups/{theirs['id']}"
    assert (await neutron.cloud.call("GET", path)).status_code == 404
    assert (await neutron.put("security-groups", theirs["id"], name="x")).status_code == 404
    assert await neutron.delete("security-groups", theirs["id"]) == 404
    wish = {"security_group_id": theirs["id"], "direction": "ingress"}
    assert (await neutron.post("security-group-rules", **wish)).status_code == 404
    mine = await neutron.named("security-groups", "default")
    wish = {"security_group_id": mine["id"], "direction": "ingress"}
    reply = await neutron.post("security-group-rules", **wish, remote_group_id=theirs["id"])
    assert reply.status_code == 404
    rule = theirs["security_group_rules"][0]
    assert await neutron.delete("security-group-rules", rule["id"]) == 404


async def test_the_quotas_of_groups_and_rules(neutron: Neutron) -> None:
    project = neutron.cloud.project_ids["demo"]
    await neutron.put("quotas", project, "admin", security_group=1, security_group_rule=4)
    assert (await neutron.post("security-groups", name="x")).status_code == 409
    group = await neutron.named("security-groups", "default")
    wish = {"security_group_id": group["id"], "direction": "ingress", "protocol": "tcp"}
    assert (await neutron.post("security-group-rules", **wish)).status_code == 409
