"""Conversations about tokens."""

import asyncio

from cloud import Cloud, login


async def test_password_gives_a_scoped_token_with_catalog(cloud: Cloud) -> None:
    reply = await cloud.http.post("/identity/v3/auth/tokens", json=login("demo", "demo"))
    assert reply.status_code == 201
    token = reply.json()["token"]
    assert token["project"]["name"] == "demo"
    assert {role["name"] for role in token["roles"]} == {"member", "reader"}
    assert {service["type"] for service in token["catalog"]} >= {"compute", "image", "network"}
    assert reply.headers["x-openstack-request-id"].startswith("req-")


async def test_wrong_password_and_unknown_user_are_401(cloud: Cloud) -> None:
    for body in (login("demo", "demo", "wrong"), login("nobody", "demo", "x")):
        reply = await cloud.http.post("/identity/v3/auth/tokens", json=body)
        assert reply.status_code == 401
        assert reply.json()["error"]["code"] == 401


async def test_a_long_password_is_refused_without_hashing(cloud: Cloud) -> None:
    body = login("demo", "demo", "x" * 900_000)
    async with asyncio.timeout(1):
        reply = await cloud.http.post("/identity/v3/auth/tokens", json=body)
    assert reply.status_code == 401


async def test_scope_without_a_role_is_401(cloud: Cloud) -> None:
    reply = await cloud.http.post("/identity/v3/auth/tokens", json=login("demo", "admin"))
    assert reply.status_code == 401


async def test_unknown_field_is_400_and_names_it(cloud: Cloud) -> None:
    body = login("demo", "demo")
    body["auth"]["scope"]["color"] = "red"
    reply = await cloud.http.post("/identity/v3/auth/tokens", json=body)
    assert reply.status_code == 400
    assert "color" in reply.json()["error"]["message"]


async def test_token_from_token_never_lives_longer(cloud: Cloud) -> None:
    first = await cloud.http.post("/identity/v3/auth/tokens", json=login("demo", "demo"))
    auth = {"identity": {"methods": ["token"], "token": {"id": first.headers["x-subject-token"]}}}
    again = await cloud.http.post("/identity/v3/auth/tokens", json={"auth": auth})
    assert again.status_code == 201
    assert again.json()["token"]["expires_at"] == first.json()["token"]["expires_at"]


async def test_revoked_token_is_401_at_once_and_ends_its_children(cloud: Cloud) -> None:
    token = await cloud.token()
    auth = {"identity": {"methods": ["token"], "token": {"id": token}}}
    child = await cloud.http.post("/identity/v3/auth/tokens", json={"auth": auth})
    headers = {"x-subject-token": token}
    gone = await cloud.call("DELETE", "/identity/v3/auth/tokens", headers=headers)
    assert gone.status_code == 204
    for ended in (token, child.headers["x-subject-token"]):
        reply = await cloud.http.get("/identity/v3/auth/catalog", headers={"x-auth-token": ended})
        assert reply.status_code == 401


async def test_revoked_role_counts_at_once(cloud: Cloud) -> None:
    assignments = (await cloud.call("GET", "/identity/v3/role_assignments", user="admin")).json()[
        "role_assignments"
    ]
    demo = cloud.project_ids["demo"]
    mine = next(
        a
        for a in assignments
        if a["role"]["name"] == "member" and a["scope"].get("project", {}).get("id") == demo
    )
    token = await cloud.token()
    path = f"/identity/v3/projects/{demo}/users/{mine['user']['id']}/roles/{mine['role']['id']}"
    assert (await cloud.call("DELETE", path, user="admin")).status_code == 204
    reply = await cloud.http.get(f"/identity/v3/projects/{demo}", headers={"x-auth-token": token})
    assert reply.status_code in (200, 401, 403)
    again = await cloud.http.post("/identity/v3/auth/tokens", json=login("demo", "demo"))
    assert again.status_code == 401


async def test_disabled_project_ends_its_tokens(cloud: Cloud) -> None:
    token = await cloud.token()
    path = f"/identity/v3/projects/{cloud.project_ids['demo']}"
    body = {"project": {"enabled": False}}
    assert (await cloud.call("PATCH", path, body, user="admin")).status_code == 200
    reply = await cloud.http.get(path, headers={"x-auth-token": token})
    assert reply.status_code == 401


async def test_member_may_not_create_projects_and_headers_give_nobody_rights(cloud: Cloud) -> None:
    body = {"project": {"name": "mine"}}
    forged = {"x-roles": "admin", "x-user-id": "admin", "x-is-admin-project": "true"}
    reply = await cloud.call("POST", "/identity/v3/projects", body, headers=forged)
    assert reply.status_code == 403


async def test_no_token_and_garbage_token_are_401(cloud: Cloud) -> None:
    assert (await cloud.call("GET", "/identity/v3/users", user=None)).status_code == 401
    reply = await cloud.http.get("/identity/v3/users", headers={"x-auth-token": "garbage"})
    assert reply.status_code == 401


async def test_unknown_path_has_the_service_fault(cloud: Cloud) -> None:
    reply = await cloud.http.get("/identity/v3/nothing")
    assert reply.status_code == 404
    assert reply.json()["error"]["title"] == "Not Found"
