"""Conversations about quotas."""

from network.neutron import ROOT, Neutron


async def test_quotas_are_shown_set_and_reset(neutron: Neutron) -> None:
    project = neutron.cloud.project_ids["demo"]
    quota = (await neutron.get(f"/quotas/{project}"))["quota"]
    assert quota["network"] == 100 and quota["port"] == 500 and quota["floatingip"] == 50
    assert (await neutron.put("quotas", project, network=5)).status_code == 403
    changed = await neutron.put("quotas", project, "admin", network=5, project_id=project)
    assert changed.json()["quota"]["network"] == 5
    listed = (await neutron.get("/quotas", "admin"))["quotas"]
    assert [row["project_id"] for row in listed] == [project]
    default = (await neutron.get(f"/quotas/{project}/default"))["quota"]
    assert default["network"] == 100
    assert await neutron.delete("quotas", project, "admin") == 204
    assert (await neutron.get(f"/quotas/{project}"))["quota"]["network"] == 100


async def test_details_say_what_is_used(neutron: Neutron) -> None:
    project = neutron.cloud.project_ids["demo"]
    details = (await neutron.get(f"/quotas/{project}/details"))["quota"]
    assert details["network"] == {"limit": 100, "used": 1, "reserved": 0}
    assert details["security_group_rule"]["used"] == 4


async def test_others_quotas_and_bad_values_are_refused(neutron: Neutron) -> None:
    other = neutron.cloud.project_ids["admin"]
    reply = await neutron.cloud.call("GET", f"{ROOT}/quotas/{other}")
    assert reply.status_code == 403
    for wrong in ({"network": -2}, {"network": "many"}, {"color": 1}, {"network": True}):
        assert (await neutron.put("quotas", other, "admin", **wrong)).status_code == 400, wrong
