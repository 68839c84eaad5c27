"""Security groups under compute's old names."""

import uuid
from typing import Any

from cloud import Cloud

ROOT = "/compute/v2.1"
GROUPS, RULES = f"{ROOT}/os-security-groups", f"{ROOT}/os-security-group-rules"


async def make(cloud: Cloud, name: str = "web") -> dict[str, Any]:
    body = {"security_group": {"name": name, "description": "d"}}
    reply = await cloud.call("POST", GROUPS, body)
    assert reply.status_code == 200, reply.text
    made: dict[str, Any] = reply.json()["security_group"]
    return made


async def add_rule(cloud: Cloud, group: str, status: int = 200, **fields: Any) -> dict[str, Any]:
    rule = {"parent_group_id": group, "ip_protocol": "tcp", "from_port": 22, "to_port": 22}
    body = {"security_group_rule": {**rule, **fields}}
    reply = await cloud.call("POST", RULES, body)
    assert reply.status_code == status, reply.text
    made: dict[str, Any] = reply.json().get("security_group_rule", {})
    return made


async def test_a_group_is_made_listed_changed_and_deleted(seeded: Cloud) -> None:
    group = await make(seeded)
    assert group["name"] == "web" and group["rules"] == []
    listed = (await seeded.call("GET", GROUPS)).json()["security_groups"]
    assert {one["name"] for one in listed} == {"default", "web"}
    body = {"security_group": {"name": "www", "description": ""}}
    changed = await seeded.call("PUT", f"{GROUPS}/{group['id']}", body)
    assert changed.json()["security_group"]["name"] == "www"
    assert (await seeded.call("DELETE", f"{GROUPS}/{group['id']}")).status_code == 202
    assert (await seeded.call("GET", f"{GROUPS}/{group['id']}")).status_code == 404


async def test_rules_show_where_from_and_go(seeded: Cloud) -> None:
    group, other = await make(seeded), await make(seeded, "other")
    rule = await add_rule(seeded, group["id"])
    assert rule["ip_range"] == {"cidr": "0.0.0.0/0"} and rule["group"] == {}
    named = await add_rule(seeded, group["id"], group_id=other["id"])
    assert named["group"]["name"] == "other" and named["ip_range"] == {}
    ping = await add_rule(seeded, group["id"], ip_protocol="icmp", from_port=-1, to_port=-1)
    assert (ping["from_port"], ping["to_port"]) == (-1, -1)
    shown = (await seeded.call("GET", f"{GROUPS}/{group['id']}")).json()["security_group"]
    assert {one["id"] for one in shown["rules"]} == {rule["id"], named["id"], ping["id"]}
    assert (await seeded.call("DELETE", f"{RULES}/{rule['id']}")).status_code == 202
    assert (await seeded.call("DELETE", f"{RULES}/{rule['id']}")).status_code == 404


async def test_conflicts_and_strange_ids_are_bad_requests(seeded: Cloud) -> None:
    group = await make(seeded)
    await add_rule(seeded, group["id"])
    await add_rule(seeded, group["id"], status=400)
    await add_rule(seeded, "no-uuid", status=400)
    await add_rule(seeded, str(uuid.uuid4()), status=404)
    await add_rule(seeded, group["id"], status=400, from_port=-16)
    assert (await seeded.call("GET", f"{GROUPS}/no-uuid")).status_code == 400
    listed = (await seeded.call("GET", GROUPS)).json()["security_groups"]
    (default,) = (one["id"] for one in listed if one["name"] == "default")
    assert (await seeded.call("DELETE", f"{GROUPS}/{default}")).status_code == 400


async def test_anothers_group_is_not_there(seeded: Cloud) -> None:
    body = {"security_group": {"name": "theirs", "description": ""}}
    reply = await seeded.call("POST", GROUPS, body, user="admin")
    id = reply.json()["security_group"]["id"]
    assert (await seeded.call("GET", f"{GROUPS}/{id}")).status_code == 404
    assert (await seeded.call("DELETE", f"{GROUPS}/{id}")).status_code == 404
    await add_rule(seeded, id, status=404)


async def test_the_names_end_with_their_last_version(seeded: Cloud) -> None:
    headers = {"openstack-api-version": "compute 2.36"}
    assert (await seeded.call("GET", GROUPS, headers=headers)).status_code == 404
