"""Conversations about what new security groups begin with."""

from typing import Any

from network.neutron import Neutron

PATH, NAME = "default-security-group-rules", "default_security_group_rule"


async def test_the_first_rules_are_neutrons(neutron: Neutron) -> None:
    found = (await neutron.get(f"/{PATH}"))["default_security_group_rules"]
    said = {(r["direction"], r["ethertype"], r["remote_group_id"]) for r in found}
    assert said == {
        *(("egress", version, None) for version in ("IPv4", "IPv6")),
        *(("ingress", version, "PARENT") for version in ("IPv4", "IPv6")),
    }


async def test_new_groups_have_the_rules_of_their_time(neutron: Neutron) -> None:
    async def make(**fields: Any) -> Any:
        values = {"direction": "ingress", "protocol": "tcp", **fields}
        return await neutron.post_to(PATH, NAME, "admin", **values)

    before = await neutron.make("security-groups", name="before")
    reply = await make(port_range_min=22, port_range_max=22, remote_group_id="PARENT")
    assert reply.status_code == 201, reply.text
    rule = reply.json()[NAME]
    again = await make(port_range_min=22, port_range_max=22, remote_group_id="PARENT")
    assert again.status_code == 409
    group = await neutron.make("security-groups", name="g")
    inward = [r for r in group["security_group_rules"] if r["direction"] == "ingress"]
    assert [(r["port_range_min"], r["remote_group_id"]) for r in inward] == [(22, group["id"])]
    shown = (await neutron.get(f"/security-groups/{before['id']}"))["security_group"]
    assert all(r["direction"] == "egress" for r in shown["security_group_rules"])
    assert await neutron.delete(PATH, rule["id"], "admin") == 204
    found = (await neutron.get(f"/{PATH}?direction=egress"))["default_security_group_rules"]
    for one in found:
        assert await neutron.delete(PATH, one["id"], "admin") == 204
    bare = await neutron.make("security-groups", name="bare")
    assert bare["security_group_rules"] == []
    assert len((await neutron.get(f"/{PATH}"))["default_security_group_rules"]) == 2


async def test_only_admins_change_them(neutron: Neutron) -> None:
    reply = await neutron.post_to(PATH, NAME, direction="ingress")
    assert reply.status_code == 403
    for wrong in ({"direction": "sideways"}, {"direction": "ingress", "protocol": "nonsense"}):
        assert (await neutron.post_to(PATH, NAME, "admin", **wrong)).status_code == 400
