"""Conversations about users and groups."""

from typing import Any

import pytest

from identity.keystone import SECRET, Keystone, in_domain, in_project


async def test_a_user_has_options_and_fields_of_its_own(keystone: Keystone) -> None:
    options = {"lock_password": True, "multi_factor_auth_rules": [["password", "totp"]]}
    user = await keystone.new_user("ann", email="a@b", options=options, project_id="x")
    assert user["options"] == options and user["project_id"] == "x"
    assert "password" not in user
    path = f"/users/{user['id']}"
    changed = (await keystone.change(path, options={"lock_password": None}, email=None)).json()
    assert "lock_password" not in changed["user"]["options"]
    assert changed["user"]["email"] is None
    assert (await keystone.change(path, options={"colour": "red"})).status_code == 400
    assert (await keystone.change(path, domain_id="other")).status_code == 400
    assert (await keystone.change(path, name="demo")).status_code == 409


async def test_a_locked_password_is_not_changed_by_its_user(keystone: Keystone) -> None:
    user = await keystone.new_user("ann", options={"lock_password": True})
    body = {"user": {"original_password": SECRET, "password": "new"}}
    reply = await keystone.call("POST", f"/users/{user['id']}/password", body, user=None)
    assert reply.status_code == 400


async def test_filters_and_pages(keystone: Keystone) -> None:
    for name in ("ann", "bob", "cid"):
        await keystone.new_user(name, enabled=name != "bob")
    off = (await keystone.get("/users?enabled=false"))["users"]
    assert [user["name"] for user in off] == ["bob"]
    found = (await keystone.get("/users?name__startswith=a"))["users"]
    assert {user["name"] for user in found} == {"admin", "ann"}
    page = await keystone.get("/users?limit=2&sort_key=name&sort_dir=desc")
    assert [user["name"] for user in page["users"]] == ["demo", "cid"]


async def test_a_user_in_a_domain_that_is_not_there_is_404(keystone: Keystone) -> None:
    body = {"user": {"name": "ann", "domain_id": "nowhere"}}
    assert (await keystone.call("POST", "/users", body)).status_code == 404


async def test_one_sees_oneself(keystone: Keystone) -> None:
    me, admin = await keystone.user("demo"), await keystone.user("admin")
    assert (await keystone.get(f"/users/{me}", user="demo"))["user"]["name"] == "demo"
    mine = (await keystone.get(f"/users/{me}/projects", user="demo"))["projects"]
    assert [project["name"] for project in mine] == ["demo"]
    assert (await keystone.get(f"/users/{me}/groups", user="demo"))["groups"] == []
    for tail in ("", "/projects", "/groups"):
        reply = await keystone.call("GET", f"/users/{admin}{tail}", user="demo")
        assert reply.status_code == 404


async def test_groups_have_members(keystone: Keystone) -> None:
    group = await keystone.make("groups", name="staff", description="d")
    user = await keystone.new_user("ann")
    path = f"/groups/{group['id']}/users/{user['id']}"
    assert (await keystone.call("GET", path)).status_code == 404
    for _ in range(2):
        assert (await keystone.call("PUT", path)).status_code == 204
    assert (await keystone.call("HEAD", path)).status_code == 204
    members = (await keystone.get(f"/groups/{group['id']}/users"))["users"]
    assert members == [(await keystone.get(f"/users/{user['id']}"))["user"]]
    found = (await keystone.get(f"/users/{user['id']}/groups"))["groups"]
    assert [one["name"] for one in found] == ["staff"]
    assert (await keystone.call("DELETE", path)).status_code == 204
    assert (await keystone.call("DELETE", path)).status_code == 404
    assert (await keystone.change(f"/groups/{group['id']}", name="crew")).status_code == 200
    assert (await keystone.call("POST", "/groups", {"group": {"name": "crew"}})).status_code == 409
    assert (await keystone.call("DELETE", f"/groups/{group['id']}")).status_code == 204
    assert (await keystone.call("GET", f"/groups/{group['id']}")).status_code == 404


async def test_every_token_of_a_user_ends_at_once(keystone: Keystone) -> None:
    me = await keystone.user("demo")
    token = await keystone.cloud.token()
    other = await keystone.user("admin")
    reply = await keystone.call("DELETE", f"/users/{other}/tokens", user="demo")
    assert reply.status_code == 403
    assert (await keystone.call("DELETE", f"/users/{me}/tokens", user="demo")).status_code == 204
    assert (await keystone.with_token(token, "GET", "/auth/projects")).status_code == 401


@pytest.mark.parametrize("role", ["reader", "manager"])
async def test_a_domains_people_reach_their_domain_alone(keystone: Keystone, role: str) -> None:
    """The domain personas: readers see, managers change, both nothing outside."""
    domain = await keystone.make("domains", name="lab")
    inside = await keystone.new_user("in", domain_id=domain["id"])
    persona = await keystone.new_user("persona", domain_id=domain["id"])
    await keystone.grant(f"domains/{domain['id']}/users/{persona['id']}", role)
    token = await keystone.token(persona["id"], in_domain(domain["id"]))

    async def ask(method: str, path: str, json: Any = None) -> Any:
        return await keystone.with_token(token, method, path, json)

    listed = (await ask("GET", "/users")).json()["users"]
    assert {user["name"] for user in listed} == {"in", "persona"}
    assert (await ask("GET", "/users?domain_id=default")).json()["users"] == []
    assert (await ask("GET", "/projects")).json()["projects"] == []
    domains = (await ask("GET", "/domains")).json()["domains"]
    assert [one["name"] for one in domains] == ["lab"]
    found = (await ask("GET", "/role_assignments")).json()["role_assignments"]
    assert [one["user"]["id"] for one in found] == [persona["id"]]
    outside = await keystone.user("demo")
    assert (await ask("GET", f"/users/{outside}")).status_code == 404
    may = role == "manager"
    change = {"user": {"description": "x"}}
    for path, expected in (
        (f"/users/{inside['id']}", 200 if may else 403),
        (f"/users/{outside}", 404 if may else 403),
    ):
        assert (await ask("PATCH", path, change)).status_code == expected
    for domain_id, expected in ((domain["id"], 201 if may else 403), ("default", 403)):
        body = {"project": {"name": "p", "domain_id": domain_id}}
        assert (await ask("POST", "/projects", body)).status_code == expected
    for granted, expected in (("member", 204 if may else 403), ("admin", 403)):
        path = f"/domains/{domain['id']}/users/{inside['id']}/roles/{await keystone.role(granted)}"
        assert (await ask("PUT", path)).status_code == expected
    assert (await ask("POST", "/domains", {"domain": {"name": "more"}})).status_code == 403


async def _manager_token(keystone: Keystone, domain_id: str) -> str:
    manager = await keystone.new_user("manager", domain_id=domain_id)
    await keystone.grant(f"domains/{domain_id}/users/{manager['id']}", "manager")
    return await keystone.token(manager["id"], in_domain(domain_id))


@pytest.mark.parametrize("way", ["projects", "group", "system"])
async def test_a_domains_manager_changes_nobody_who_is_more(keystone: Keystone, way: str) -> None:
    """Who sets the password of an admin is one: also of one by a group, or in the system."""
    domain = await keystone.make("domains", name="lab")
    project = await keystone.make("projects", name="p", domain_id=domain["id"])
    group = await keystone.make("groups", name="staff", domain_id=domain["id"])
    boss = await keystone.new_user("boss", domain_id=domain["id"])
    if way == "projects":
        await keystone.grant(f"projects/{project['id']}/users/{boss['id']}", "admin")
    elif way == "group":
        member = f"/groups/{group['id']}/users/{boss['id']}"
        assert (await keystone.call("PUT", member)).status_code == 204
        await keystone.grant(f"OS-INHERIT/domains/{domain['id']}/groups/{group['id']}", "admin")
    else:
        await keystone.grant(f"system/users/{boss['id']}", "reader")
    token = await _manager_token(keystone, domain["id"])
    path = f"/users/{boss['id']}"
    for change in ({"password": "owned"}, {"enabled": False}, {"name": "b"}):
        refused = await keystone.with_token(token, "PATCH", path, {"user": change})
        assert (refused.status_code, "admin" in refused.text) == (403, True)
    assert (await keystone.with_token(token, "DELETE", path)).status_code == 403
    assert (await keystone.log_in(boss["id"])).status_code == 201
    assert (await keystone.change(path, password="new")).status_code == 200
    assert (await keystone.call("DELETE", path)).status_code == 204


async def test_a_domains_manager_leaves_groups_that_are_more(keystone: Keystone) -> None:
    """Who may join a group of admins is one."""
    domain = await keystone.make("domains", name="lab")
    staff, boss = [
        await keystone.make("groups", name=name, domain_id=domain["id"])
        for name in ("staff", "boss")
    ]
    await keystone.grant(f"domains/{domain['id']}/groups/{staff['id']}", "member")
    await keystone.grant(f"domains/{domain['id']}/groups/{boss['id']}", "admin")
    user = await keystone.new_user("ann", domain_id=domain["id"])
    token = await _manager_token(keystone, domain["id"])
    change = {"group": {"name": "crew"}}
    for group, may in ((staff, True), (boss, False)):
        path, member = f"/groups/{group['id']}", f"/groups/{group['id']}/users/{user['id']}"
        if not may:
            assert (await keystone.call("PUT", member)).status_code == 204
        for method, asked, json in (
            ("PUT", member, None),
            ("DELETE", member, None),
            ("PATCH", path, change),
            ("DELETE", path, None),
        ):
            reply = await keystone.with_token(token, method, asked, json)
            assert (reply.status_code < 300) if may else (reply.status_code == 403), reply.text


async def test_a_domains_manager_gives_no_role_that_brings_more(keystone: Keystone) -> None:
    domain = await keystone.make("domains", name="lab")
    user = await keystone.new_user("ann", domain_id=domain["id"])
    token = await _manager_token(keystone, domain["id"])
    for name, brings, status in (("hand", "member", 204), ("head", "service", 403)):
        own = await keystone.make("roles", name=name, domain_id=domain["id"])
        path = f"/roles/{own['id']}/implies/{await keystone.role(brings)}"
        assert (await keystone.call("PUT", path)).status_code == 201
        grant = f"/domains/{domain['id']}/users/{user['id']}/roles/{own['id']}"
        assert (await keystone.with_token(token, "PUT", grant)).status_code == status


async def test_the_systems_reader_sees_all_and_changes_nothing(keystone: Keystone) -> None:
    user = await keystone.new_user("auditor")
    await keystone.grant(f"system/users/{user['id']}", "reader")
    token = await keystone.token(user["id"], {"system": {"all": True}})
    for path in ("users", "projects", "roles", "services", "role_assignments", "domains"):
        assert (await keystone.with_token(token, "GET", f"/{path}")).status_code == 200, path
    body = {"user": {"name": "x"}}
    assert (await keystone.with_token(token, "POST", "/users", body)).status_code == 403
    reply = await keystone.log_in(user["id"], in_project(keystone.cloud.project_ids["demo"]))
    assert reply.status_code == 401
