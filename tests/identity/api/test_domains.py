"""Conversations about domains and the settings kept for them."""

from typing import Any

import pytest

from identity.keystone import Keystone, in_domain, in_project

LDAP: dict[str, Any] = {
    "identity": {"driver": "ldap"},
    "ldap": {"url": "ldap://directory.example", "user_tree_dn": "ou=Users"},
}


async def test_a_domain_is_deleted_with_everything_but_only_when_disabled(
    keystone: Keystone,
) -> None:
    domain = await keystone.make("domains", name="lab")
    assert (domain["enabled"], domain["description"]) == (True, "")
    id = domain["id"]
    user = await keystone.new_user("ann", domain_id=id)
    group = await keystone.make("groups", name="staff", domain_id=id)
    project = await keystone.make("projects", name="p", domain_id=id)
    role = await keystone.make("roles", name="own", domain_id=id)
    assert (await keystone.call("DELETE", f"/domains/{id}")).status_code == 403
    assert (await keystone.change(f"/domains/{id}", enabled=False)).status_code == 200
    assert (await keystone.call("DELETE", f"/domains/{id}")).status_code == 204
    for path in (f"users/{user['id']}", f"groups/{group['id']}", f"projects/{project['id']}"):
        assert (await keystone.call("GET", f"/{path}")).status_code == 404, path
    assert (await keystone.call("GET", f"/roles/{role['id']}")).status_code == 404
    assert (await keystone.call("GET", f"/domains/{id}")).status_code == 404


async def test_the_default_domain_stays(keystone: Keystone) -> None:
    await keystone.make("domains", name="other")
    reply = await keystone.call("DELETE", "/domains/default")
    assert reply.status_code == 403


async def test_names_filters_and_pages(keystone: Keystone) -> None:
    for name in ("one", "two", "three"):
        await keystone.make("domains", name=name, enabled=name != "two")
    assert (await keystone.call("POST", "/domains", {"domain": {"name": "one"}})).status_code == 409
    off = (await keystone.get("/domains?enabled=False"))["domains"]
    assert [one["name"] for one in off] == ["two"]
    found = (await keystone.get("/domains?name__icontains=T"))["domains"]
    assert {one["name"] for one in found} == {"Default", "three", "two"}
    first = await keystone.get("/domains?limit=2")
    assert len(first["domains"]) == 2
    rest = await keystone.get(first["links"]["next"].partition("/v3")[2])
    names = [one["name"] for one in [*first["domains"], *rest["domains"]]]
    assert names == ["Default", "one", "three", "two"]
    assert rest["links"]["next"] is None


async def test_disabling_a_domain_ends_tokens_and_logins(keystone: Keystone) -> None:
    """OSSA-2014-026: a disabled domain shuts out its users and everybody in its projects."""
    domain = await keystone.make("domains", name="lab")
    inside = await keystone.new_user("ann", domain_id=domain["id"])
    outside = await keystone.new_user("bob")
    project = await keystone.make("projects", name="p", domain_id=domain["id"])
    tokens = []
    for user in (inside, outside):
        await keystone.grant(f"projects/{project['id']}/users/{user['id']}", "member")
        tokens.append(await keystone.token(user["id"], in_project(project["id"])))
    await keystone.grant(f"domains/{domain['id']}/users/{outside['id']}", "reader")
    tokens.append(await keystone.token(outside["id"], in_domain(domain["id"])))
    assert (await keystone.change(f"/domains/{domain['id']}", enabled=False)).status_code == 200
    for token in tokens:
        assert (await keystone.with_token(token, "GET", "/auth/projects")).status_code == 401
    assert (await keystone.log_in(inside["id"])).status_code == 401
    for scope in (in_project(project["id"]), in_domain(domain["id"])):
        assert (await keystone.log_in(outside["id"], scope)).status_code == 401
    assert (await keystone.log_in(outside["id"])).status_code == 201


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": ""},
        {"name": "x" * 65},
        {"name": "d", "enabled": "True"},
        {"name": None},
        {"name": "d", "a": 1},
    ],
)
async def test_bad_domains_are_400(keystone: Keystone, fields: dict[str, Any]) -> None:
    reply = await keystone.call("POST", "/domains", {"domain": fields})
    assert reply.status_code == 400


async def test_a_domain_has_the_id_that_it_is_given(keystone: Keystone) -> None:
    id = "0123456789abcdef0123456789abcdef"
    assert (await keystone.make("domains", name="d", explicit_domain_id=id))["id"] == id
    for wrong, status in ((id, 409), ("short", 400)):
        fields = {"name": wrong, "explicit_domain_id": wrong}
        reply = await keystone.call("POST", "/domains", {"domain": fields})
        assert reply.status_code == status


async def test_a_config_is_kept_by_group_and_option(keystone: Keystone) -> None:
    id = (await keystone.make("domains", name="lab"))["id"]
    root = f"/domains/{id}/config"
    assert (await keystone.call("GET", root)).status_code == 404
    made = await keystone.call("PUT", root, {"config": LDAP})
    assert (made.status_code, made.json()["config"]) == (201, LDAP)
    assert (await keystone.get(f"{root}/ldap"))["config"] == {"ldap": LDAP["ldap"]}
    assert (await keystone.get(f"{root}/identity/driver"))["config"] == {"driver": "ldap"}
    changed = await keystone.call("PATCH", f"{root}/ldap/url", {"config": {"url": "ldap://two"}})
    assert changed.json()["config"] == {"ldap": {**LDAP["ldap"], "url": "ldap://two"}}
    assert (await keystone.call("DELETE", f"{root}/ldap/url")).status_code == 204
    assert (await keystone.call("GET", f"{root}/ldap/url")).status_code == 404
    assert (await keystone.call("DELETE", f"{root}/ldap")).status_code == 204
    assert (await keystone.get(root))["config"] == {"identity": {"driver": "ldap"}}
    assert (await keystone.call("DELETE", root)).status_code == 204
    assert (await keystone.call("GET", root)).status_code == 404


@pytest.mark.parametrize(
    ("config", "status"),
    [
        ({}, 400),
        ({"ldap": {}}, 400),
        ({"ldap": "x"}, 400),
        ({"other": {"a": "b"}}, 403),
        ({"ldap": {"password": "secret"}}, 403),
    ],
)
async def test_bad_configs(keystone: Keystone, config: Any, status: int) -> None:
    reply = await keystone.call("PUT", "/domains/default/config", {"config": config})
    assert reply.status_code == status


async def test_defaults_of_a_config(keystone: Keystone) -> None:
    assert set((await keystone.get("/domains/config/default"))["config"]) == {"identity", "ldap"}
    group = (await keystone.get("/domains/config/identity/default"))["config"]["identity"]
    assert group["driver"] == "sql"
    for option in group:
        found = (await keystone.get(f"/domains/config/identity/{option}/default"))["config"]
        assert found == {option: group[option]}
