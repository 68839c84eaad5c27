"""Conversations about whether new security groups keep connections in mind."""

from typing import Any

from network.neutron import ROOT, Neutron

PATH, NAME = "security-groups-default-statefulness", "security_groups_default_statefulness"


async def make(neutron: Neutron, user: str = "admin", **fields: Any) -> Any:
    """The reply to setting a default."""
    return await neutron.post_to(PATH, NAME, user, **fields)


async def stateful(neutron: Neutron, name: str, **fields: Any) -> bool:
    """Whether a new group of project demo is stateful."""
    group = await neutron.make("security-groups", name=name, **fields)
    answer: bool = group["stateful"]
    return answer


async def test_a_projects_default_comes_before_everybodys(neutron: Neutron) -> None:
    assert await stateful(neutron, "before")
    everybody = (await make(neutron, stateful=False, project_id=None)).json()[NAME]
    assert (everybody["project_id"], everybody["stateful"]) == (None, False)
    assert not await stateful(neutron, "a")
    assert await stateful(neutron, "said", stateful=True)
    demo = neutron.cloud.project_ids["demo"]
    mine = (await make(neutron, stateful=True, project_id=demo)).json()[NAME]
    assert await stateful(neutron, "b")
    path = f"{ROOT}/{PATH}/{mine['id']}"
    reply = await neutron.cloud.call("PUT", path, {NAME: {"stateful": False}}, user="admin")
    assert reply.json()[NAME]["stateful"] is False
    assert not await stateful(neutron, "c")
    before = await neutron.named("security-groups", "before")
    assert before["stateful"], "groups that are there stay as they are"
    assert (await neutron.cloud.call("DELETE", path, user="admin")).status_code == 204
    again = f"{ROOT}/{PATH}/{everybody['id']}"
    assert (await neutron.cloud.call("DELETE", again, user="admin")).status_code == 204
    assert await stateful(neutron, "d")


async def test_one_sees_ones_own_and_everybodys_and_admins_set_them(neutron: Neutron) -> None:
    ids = neutron.cloud.project_ids
    made = {
        owner: (await make(neutron, stateful=True, project_id=ids.get(owner))).json()[NAME]["id"]
        for owner in ("demo", "admin", "everybody")
    }
    assert (await make(neutron, stateful=False)).status_code == 409
    assert (await make(neutron, project_id=ids["service"])).status_code == 400
    assert (await make(neutron, "demo", stateful=True)).status_code == 403
    seen = {one["id"] for one in (await neutron.get(f"/{PATH}"))[NAME]}
    assert seen == {made["demo"], made["everybody"]}
    assert len((await neutron.get(f"/{PATH}", "admin"))[NAME]) == 3
    strange = await neutron.cloud.call("GET", f"{ROOT}/{PATH}/{made['admin']}")
    assert strange.status_code == 404
