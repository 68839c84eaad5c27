"""Conversations about roles, what they bring, and who has them where."""

from typing import Any

import pytest

from identity.keystone import IN_SYSTEM, Keystone, in_domain, in_project


async def _roles_in(keystone: Keystone, user_id: str, scope: Any) -> set[str]:
    """The names of the roles of a fresh token, or none when there is no token."""
    reply = await keystone.log_in(user_id, scope)
    if reply.status_code == 401:
        return set()
    assert reply.status_code == 201, reply.text
    return {role["name"] for role in reply.json()["token"]["roles"]}


async def test_a_role_lives(keystone: Keystone) -> None:
    made = await keystone.make("roles", name="dev", description="d")
    assert made["domain_id"] is None
    body = {"role": {"name": "dev"}}
    assert (await keystone.call("POST", "/roles", body)).status_code == 409
    changed = (await keystone.change(f"/roles/{made['id']}", name="developer")).json()["role"]
    assert changed["name"] == "developer"
    assert changed in (await keystone.get("/roles"))["roles"]
    user = await keystone.new_user("ann")
    project = keystone.cloud.project_ids["demo"]
    await keystone.grant(f"projects/{project}/users/{user['id']}", "developer")
    assert await _roles_in(keystone, user["id"], in_project(project)) == {"developer"}
    assert (await keystone.call("DELETE", f"/roles/{made['id']}")).status_code == 204
    assert await _roles_in(keystone, user["id"], in_project(project)) == set()


async def test_a_domains_own_role_only_brings_others(keystone: Keystone) -> None:
    domain = await keystone.make("domains", name="lab")
    own = await keystone.make("roles", name="own", domain_id=domain["id"])
    assert own not in (await keystone.get("/roles"))["roles"]
    assert (await keystone.get(f"/roles?domain_id={domain['id']}"))["roles"] == [own]
    reader = await keystone.role("reader")
    path = f"/roles/{own['id']}/implies/{reader}"
    assert (await keystone.call("PUT", path)).status_code == 201
    project = await keystone.make("projects", name="p", domain_id=domain["id"])
    user = await keystone.new_user("ann")
    grant = f"/projects/{project['id']}/users/{user['id']}/roles/{own['id']}"
    assert (await keystone.call("PUT", grant)).status_code == 204
    assert await _roles_in(keystone, user["id"], in_project(project["id"])) == {"reader"}
    demo = keystone.cloud.project_ids["demo"]
    elsewhere = f"/projects/{demo}/users/{user['id']}/roles/{own['id']}"
    assert (await keystone.call("PUT", elsewhere)).status_code == 403
    assert (await keystone.call("PUT", f"/roles/{reader}/implies/{own['id']}")).status_code == 403


async def test_roles_bring_roles(keystone: Keystone) -> None:
    names = ("a", "b", "c")
    a, b, c = [(await keystone.make("roles", name=name))["id"] for name in names]
    for path in (f"/roles/{a}/implies/{b}", f"/roles/{b}/implies/{c}"):
        made = await keystone.call("PUT", path)
        assert made.status_code == 201
        assert (await keystone.call("HEAD", path)).status_code == 204
    assert (await keystone.call("PUT", f"/roles/{c}/implies/{a}")).status_code == 403
    admin = await keystone.role("admin")
    assert (await keystone.call("PUT", f"/roles/{a}/implies/{admin}")).status_code == 403
    shown = (await keystone.get(f"/roles/{a}/implies"))["role_inference"]
    assert [role["name"] for role in shown["implies"]] == ["b"]
    assert (await keystone.get(f"/roles/{c}/implies"))["role_inference"]["implies"] == []
    pairs = {
        (one["prior_role"]["name"], implied["name"])
        for one in (await keystone.get("/role_inferences"))["role_inferences"]
        for implied in one["implies"]
    }
    chain = {("admin", "manager"), ("manager", "member"), ("member", "reader")}
    assert pairs == {("a", "b"), ("b", "c")} | chain
    user, project = await keystone.new_user("ann"), keystone.cloud.project_ids["demo"]
    await keystone.grant(f"projects/{project}/users/{user['id']}", "a")
    assert await _roles_in(keystone, user["id"], in_project(project)) == {"a", "b", "c"}
    assert (await keystone.call("DELETE", f"/roles/{b}/implies/{c}")).status_code == 204
    assert await _roles_in(keystone, user["id"], in_project(project)) == {"a", "b"}
    assert (await keystone.call("DELETE", f"/roles/{b}/implies/{c}")).status_code == 404


async def _actor(keystone: Keystone, kind: str, user_id: str) -> str:
    """The user itself, or a group that it is in, as a path has it."""
    if kind == "users":
        return f"users/{user_id}"
    group = await keystone.make("groups", name="staff")
    path = f"/groups/{group['id']}/users/{user_id}"
    assert (await keystone.call("PUT", path)).status_code == 204
    return f"groups/{group['id']}"


@pytest.mark.parametrize("kind", ["users", "groups"])
@pytest.mark.parametrize("where", ["projects", "domains", "system"])
async def test_a_role_is_given_and_taken(keystone: Keystone, kind: str, where: str) -> None:
    user = await keystone.new_user("ann")
    demo = keystone.cloud.project_ids["demo"]
    actor = await _actor(keystone, kind, user["id"])
    place, scope = {
        "projects": (f"projects/{demo}", in_project(demo)),
        "domains": ("domains/default", in_domain("default")),
        "system": ("system", IN_SYSTEM),
    }[where]
    path = f"/{place}/{actor}/roles"
    one = f"{path}/{await keystone.role('reader')}"
    assert (await keystone.call("GET", one)).status_code == 404
    for _ in range(2):
        assert (await keystone.call("PUT", one)).status_code == 204
    assert (await keystone.call("HEAD", one)).status_code == 204
    assert [role["name"] for role in (await keystone.get(path))["roles"]] == ["reader"]
    token = await keystone.token(user["id"], scope)
    assert (await keystone.with_token(token, "GET", "/auth/catalog")).status_code == 200
    assert (await keystone.call("DELETE", one)).status_code == 204
    assert await _roles_in(keystone, user["id"], scope) == set()
    assert (await keystone.call("DELETE", one)).status_code == 404


@pytest.mark.parametrize("kind", ["users", "groups"])
async def test_a_role_is_inherited_by_what_is_below(keystone: Keystone, kind: str) -> None:
    user = await keystone.new_user("ann")
    actor = await _actor(keystone, kind, user["id"])
    domain = await keystone.make("domains", name="lab")
    top = await keystone.make("projects", name="top", domain_id=domain["id"])
    child = await keystone.make("projects", name="child", parent_id=top["id"])
    await keystone.grant(f"OS-INHERIT/projects/{top['id']}/{actor}", "member")
    assert await _roles_in(keystone, user["id"], in_project(child["id"])) == {"member", "reader"}
    assert await _roles_in(keystone, user["id"], in_project(top["id"])) == set()
    await keystone.grant(f"OS-INHERIT/domains/{domain['id']}/{actor}", "reader")
    assert await _roles_in(keystone, user["id"], in_project(top["id"])) == {"reader"}
    assert await _roles_in(keystone, user["id"], in_domain(domain["id"])) == set()
    late = await keystone.make("projects", name="late", domain_id=domain["id"])
    assert await _roles_in(keystone, user["id"], in_project(late["id"])) == {"reader"}
    path = f"/OS-INHERIT/domains/{domain['id']}/{actor}/roles/inherited_to_projects"
    assert [role["name"] for role in (await keystone.get(path))["roles"]] == ["reader"]
    token = await keystone.token(user["id"])
    mine = (await keystone.with_token(token, "GET", "/auth/projects")).json()["projects"]
    assert {project["name"] for project in mine} == {"top", "child", "late"}
    one = f"{path.removesuffix('/inherited_to_projects')}/{await keystone.role('reader')}"
    path = f"{one}/inherited_to_projects"
    assert (await keystone.call("HEAD", path)).status_code == 204
    assert (await keystone.call("DELETE", path)).status_code == 204
    assert await _roles_in(keystone, user["id"], in_project(late["id"])) == set()


async def test_the_list_of_assignments(keystone: Keystone) -> None:
    user, demo = await keystone.new_user("ann"), keystone.cloud.project_ids["demo"]
    child = await keystone.make("projects", name="child", parent_id=demo)
    actor = await _actor(keystone, "groups", user["id"])
    await keystone.grant(f"projects/{demo}/{actor}", "member")
    await keystone.grant(f"OS-INHERIT/projects/{demo}/users/{user['id']}", "reader")

    async def listed(query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]]
        found = (await keystone.get(f"/role_assignments?{query}"))["role_assignments"]
        return found

    (direct,) = await listed(f"user.id={user['id']}")
    assert direct["scope"]["OS-INHERIT:inherited_to"] == "projects"
    assert direct["links"]["assignment"].endswith("/inherited_to_projects")
    (grouped,) = await listed(f"group.id={actor.partition('/')[2]}&include_names")
    assert (grouped["group"]["name"], grouped["role"]["name"]) == ("staff", "member")
    assert grouped["scope"]["project"]["domain"] == {"id": "default", "name": "Default"}
    effective = await listed(f"user.id={user['id']}&effective&include_names")
    found = {(one["scope"]["project"]["name"], one["role"]["name"]) for one in effective}
    assert found == {("demo", "member"), ("demo", "reader"), ("child", "reader")}
    brought = next(one for one in effective if one["scope"]["project"]["name"] == "child")
    assert "membership" not in brought["links"]
    tree = await listed(f"scope.project.id={demo}&include_subtree&effective&user.id={user['id']}")
    assert len(tree) == 3
    only = await listed(f"scope.project.id={child['id']}&effective")
    assert {one["user"]["id"] for one in only} == {user["id"]}
    system = await listed("scope.system=all")
    assert [one["scope"] for one in system] == [{"system": {"all": True}}]
    assert len(await listed("scope.domain.id=default")) == 1
    assert await listed("scope.OS-INHERIT:inherited_to=projects") == [direct]
    reader = await keystone.role("reader")
    assert len(await listed(f"role.id={reader}&user.id={user['id']}&effective")) == 2
    for query in (f"effective&group.id={actor}", "include_subtree", "scope.system=some"):
        assert (await keystone.call("GET", f"/role_assignments?{query}")).status_code == 400


async def test_a_granted_role_is_shown_without_fields_of_its_makers_own(keystone: Keystone) -> None:
    role = await keystone.make("roles", name="cook", colour="red")
    me = await keystone.user("demo")
    assert (await keystone.get(f"/roles/{role['id']}"))["role"]["colour"] == "red"
    for place in ("system", f"projects/{keystone.cloud.project_ids['demo']}"):
        await keystone.grant(f"{place}/users/{me}", "cook")
        found = (await keystone.get(f"/{place}/users/{me}/roles"))["roles"]
        (shown,) = (one for one in found if one["name"] == "cook")
        assert set(shown) == {"id", "name", "domain_id", "description", "options", "links"}
