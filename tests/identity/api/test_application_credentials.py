"""Conversations about application credentials: what they open, and when they stop."""

import datetime
from typing import Any

import pytest

from identity.keystone import IN_SYSTEM, Keystone, in_domain, in_project


async def _make(keystone: Keystone, user: str = "demo", **fields: Any) -> dict[str, Any]:
    path = f"users/{await keystone.user(user)}/application_credentials"
    return await keystone.make(path, user, **{"name": "robot", **fields})


def _proof(made: dict[str, Any], secret: str | None = None) -> dict[str, Any]:
    named = {"id": made["id"], "secret": secret or made["secret"]}
    return {"identity": {"methods": ["application_credential"], "application_credential": named}}


async def _token(keystone: Keystone, made: dict[str, Any]) -> str:
    reply = await keystone.authenticate(_proof(made))
    assert reply.status_code == 201, reply.text
    text: str = reply.headers["x-subject-token"]
    return text


async def test_it_opens_its_project_with_its_roles(keystone: Keystone) -> None:
    made = await _make(keystone, roles=[{"name": "reader"}], description="d")
    assert made["project_id"] == keystone.cloud.project_ids["demo"]
    me = await keystone.user("demo")
    path = f"/users/{me}/application_credentials"
    shown = (await keystone.get(f"{path}/{made['id']}", user="demo"))["application_credential"]
    assert "secret" not in shown and shown["roles"][0]["name"] == "reader"
    assert len((await keystone.get(f"{path}?name=robot", user="demo"))["application_credentials"])
    reply = await keystone.authenticate(_proof(made))
    token = reply.json()["token"]
    assert {role["name"] for role in token["roles"]} == {"reader"}
    assert token["application_credential"]["restricted"] is True
    assert token["methods"] == ["application_credential"]
    headers = {"x-auth-token": reply.headers["x-subject-token"]}
    body = {"name": "i", "disk_format": "raw", "container_format": "bare"}
    image = await keystone.cloud.http.post("/image/v2/images", json=body, headers=headers)
    assert image.status_code == 403


async def test_by_name_with_its_user_and_by_nobody_else(keystone: Keystone) -> None:
    """OSSA-2026-015: another's credential does not become one's own by saying so."""
    made = await _make(keystone)
    me, admin = await keystone.user("demo"), await keystone.user("admin")
    secret = made["secret"]
    for named, status in (
        ({"name": "robot", "user": {"id": me}, "secret": secret}, 201),
        ({"name": "robot", "user": {"name": "demo"}, "secret": secret}, 201),
        ({"id": made["id"], "user": {"id": admin}, "secret": secret}, 401),
        ({"name": "robot", "user": {"id": admin}, "secret": secret}, 401),
        ({"id": made["id"], "secret": "wrong"}, 401),
        ({"id": made["id"], "secret": ""}, 401),
        ({"id": "nowhere", "secret": secret}, 401),
        ({"name": "robot", "secret": secret}, 400),
    ):
        part = {"methods": ["application_credential"], "application_credential": named}
        reply = await keystone.authenticate({"identity": part})
        assert reply.status_code == status, named
    body = {"application_credential": {"name": "mine"}}
    path = f"/users/{admin}/application_credentials"
    assert (await keystone.call("POST", path, body, user="demo")).status_code == 403
    assert (await keystone.call("GET", path, user="demo")).status_code == 404


async def test_it_never_leaves_its_project(keystone: Keystone) -> None:
    """OSSA-2026-037: neither at login nor by rescoping its token."""
    user, demo = await keystone.new_user("ann"), keystone.cloud.project_ids["demo"]
    admin = keystone.cloud.project_ids["admin"]
    places = f"projects/{demo}", f"projects/{admin}", "domains/default", "system"
    for place in places:
        await keystone.grant(f"{place}/users/{user['id']}", "member")
    own = await keystone.token(user["id"], in_project(demo))
    path = f"/users/{user['id']}/application_credentials"
    body = {"application_credential": {"name": "robot", "unrestricted": True}}
    made = (await keystone.with_token(own, "POST", path, body)).json()["application_credential"]
    token = await _token(keystone, made)
    scopes = (in_project(admin), in_domain("default"), IN_SYSTEM, "unscoped", {"unscoped": {}})
    for scope in scopes:
        assert (await keystone.authenticate(_proof(made), scope)).status_code == 401
        assert (await keystone.rescope(token, scope)).status_code == 401
    for scope in (None, in_project(demo)):
        again = await keystone.rescope(token, scope)
        assert again.status_code == 201
        assert again.json()["token"]["project"]["id"] == demo
        assert again.json()["token"]["application_credential"]["id"] == made["id"]


@pytest.mark.parametrize("unrestricted", [False, True])
async def test_what_a_robot_may_make(keystone: Keystone, unrestricted: bool) -> None:
    """OSSA-2026-005 and -037: no credential, no trust, and no longer-lived credential."""
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    made = await _make(keystone, unrestricted=unrestricted, expires_at=soon.isoformat())
    token, me = await _token(keystone, made), await keystone.user("demo")
    demo = keystone.cloud.project_ids["demo"]
    trust = {"trustor_user_id": me, "trustee_user_id": me, "impersonation": True}
    trust |= {"project_id": demo, "roles": [{"name": "reader"}]}
    for path, body in (
        (f"/users/{me}/credentials/OS-EC2", {"tenant_id": demo}),
        ("/credentials", {"credential": {"type": "t", "blob": "b", "user_id": me}}),
        ("/OS-TRUST/trusts", {"trust": trust}),
    ):
        assert (await keystone.with_token(token, "POST", path, body)).status_code == 403, path
    path = f"/users/{me}/application_credentials"
    later = (soon + datetime.timedelta(hours=1)).isoformat()
    for fields, allowed in (
        ({"name": "same", "expires_at": soon.isoformat()}, unrestricted),
        ({"name": "longer", "expires_at": later}, False),
        ({"name": "forever"}, False),
    ):
        reply = await keystone.with_token(token, "POST", path, {"application_credential": fields})
        assert reply.status_code == (201 if allowed else 403), fields
    gone = await keystone.with_token(token, "DELETE", f"{path}/{made['id']}")
    assert gone.status_code == (204 if unrestricted else 403)


async def test_it_stops_with_what_it_came_from(keystone: Keystone) -> None:
    """OSSA-2012-018 and 2013-005: role, user, project or credential gone: refused at once."""
    user, project = await keystone.new_user("ann"), await keystone.make("projects", name="p")
    place = f"/projects/{project['id']}/users/{user['id']}/roles/{await keystone.role('member')}"
    path = f"/users/{user['id']}/application_credentials"

    async def fresh(name: str) -> tuple[dict[str, Any], str]:
        assert (await keystone.call("PUT", place)).status_code == 204
        own = await keystone.token(user["id"], in_project(project["id"]))
        body = {"application_credential": {"name": name}}
        reply = await keystone.with_token(own, "POST", path, body)
        assert reply.status_code == 201, reply.text
        made = reply.json()["application_credential"]
        return made, await _token(keystone, made)

    async def is_refused(made: dict[str, Any], token: str) -> bool:
        used = await keystone.with_token(token, "GET", "/auth/projects")
        return {used.status_code, (await keystone.authenticate(_proof(made))).status_code} == {401}

    made, token = await fresh("role")
    assert (await keystone.call("DELETE", place)).status_code == 204
    assert await is_refused(made, token)
    assert (await keystone.call("PUT", place)).status_code == 204
    assert await is_refused(made, token)
    made, token = await fresh("deleted")
    assert (await keystone.call("DELETE", f"{path}/{made['id']}")).status_code == 204
    assert await is_refused(made, token)
    made, token = await fresh("project")
    assert (await keystone.change(f"/projects/{project['id']}", enabled=False)).status_code == 200
    assert await is_refused(made, token)
    assert (await keystone.change(f"/projects/{project['id']}", enabled=True)).status_code == 200
    made, token = await fresh("user")
    assert (await keystone.change(f"/users/{user['id']}", enabled=False)).status_code == 200
    assert await is_refused(made, token)


async def test_it_is_over_in_time(keystone: Keystone) -> None:
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5)
    made = await _make(keystone, expires_at=soon.replace(tzinfo=None).isoformat())
    assert made["expires_at"] == soon.strftime("%Y-%m-%dT%H:%M:%S.%f")
    token = (await keystone.authenticate(_proof(made))).json()["token"]
    assert token["expires_at"] == soon.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    past = (soon - datetime.timedelta(hours=1)).isoformat()
    path = f"/users/{await keystone.user('demo')}/application_credentials"
    for expires_at in (past, "bad.123Z", "9999999"):
        body = {"application_credential": {"name": "late", "expires_at": expires_at}}
        assert (await keystone.call("POST", path, body, user="demo")).status_code == 400


async def test_roles_that_one_does_not_have_are_not_delegated(keystone: Keystone) -> None:
    path = f"/users/{await keystone.user('demo')}/application_credentials"
    for roles in ([{"name": "admin"}], [{"id": await keystone.role("admin")}], [{}]):
        body = {"application_credential": {"name": "x", "roles": roles}}
        assert (await keystone.call("POST", path, body, user="demo")).status_code == 400
    await _make(keystone)
    body = {"application_credential": {"name": "robot"}}
    assert (await keystone.call("POST", path, body, user="demo")).status_code == 409


async def test_access_rules_are_the_only_doors(keystone: Keystone) -> None:
    rules = [
        {"service": "image", "method": "GET", "path": "/v2/images"},
        {"service": "identity", "method": "GET", "path": "/v3/users/*"},
    ]
    made = await _make(keystone, access_rules=rules)
    assert [{k: v for k, v in rule.items() if k != "id"} for rule in made["access_rules"]] == rules
    headers = {"x-auth-token": await _token(keystone, made)}
    me, http = await keystone.user("demo"), keystone.cloud.http
    for method, path, expected in (
        ("GET", "/image/v2/images", 200),
        ("GET", f"/identity/v3/users/{me}", 200),
        ("GET", "/network/v2.0/ports", 403),
        ("POST", "/image/v2/images", 403),
        ("GET", f"/identity/v3/users/{me}/projects", 403),
    ):
        reply = await http.request(method, path, headers=headers)
        assert reply.status_code == expected, path
    root = f"/users/{me}/access_rules"
    listed = (await keystone.get(root, user="demo"))["access_rules"]
    assert {rule["service"] for rule in listed} == {"image", "identity"}
    rule = f"{root}/{made['access_rules'][0]['id']}"
    assert (await keystone.get(rule, user="demo"))["access_rule"]["method"] == "GET"
    assert (await keystone.call("DELETE", rule, user="demo")).status_code == 403
    path = f"/users/{me}/application_credentials/{made['id']}"
    assert (await keystone.call("DELETE", path, user="demo")).status_code == 204
    assert (await keystone.call("DELETE", rule, user="demo")).status_code == 204
    assert (await keystone.call("GET", rule, user="demo")).status_code == 404


async def test_a_rule_is_kept_once_and_used_by_its_id(keystone: Keystone) -> None:
    rule = {"service": "image", "method": "GET", "path": "/v2/**"}
    first = await _make(keystone, access_rules=[rule])
    id = first["access_rules"][0]["id"]
    for name, rules in (("two", [rule]), ("three", [{"id": id}])):
        made = await _make(keystone, name=name, access_rules=rules)
        assert made["access_rules"][0]["id"] == id
    body = {"application_credential": {"name": "x", "access_rules": [{"id": id}]}}
    path = f"/users/{await keystone.user('admin')}/application_credentials"
    assert (await keystone.call("POST", path, body)).status_code == 404
