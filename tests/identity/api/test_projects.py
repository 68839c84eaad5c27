"""Conversations about projects, users and roles."""

import pytest

from cloud import Cloud, login

P = "/identity/v3"


async def test_an_admin_makes_a_project_with_a_member(cloud: Cloud) -> None:
    made = await cloud.call("POST", f"{P}/projects", {"project": {"name": "lab"}}, user="admin")
    assert made.status_code == 201
    project = made.json()["project"]
    body = {"user": {"name": "ann", "password": "s3cret", "email": "a@example.org"}}
    user = (await cloud.call("POST", f"{P}/users", body, user="admin")).json()["user"]
    assert "password" not in user
    roles = (await cloud.call("GET", f"{P}/roles?name=member", user="admin")).json()["roles"]
    grant = f"{P}/projects/{project['id']}/users/{user['id']}/roles/{roles[0]['id']}"
    assert (await cloud.call("PUT", grant, user="admin")).status_code == 204
    assert (await cloud.call("PUT", grant, user="admin")).status_code == 204
    reply = await cloud.http.post(f"{P}/auth/tokens", json=login("ann", "lab", "s3cret"))
    assert reply.status_code == 201
    assert (await cloud.call("DELETE", grant, user="admin")).status_code == 204
    assert (await cloud.call("DELETE", grant, user="admin")).status_code == 404


async def test_names_are_unique_and_bounded(cloud: Cloud) -> None:
    for body, status in (
        ({"project": {"name": "demo"}}, 409),
        ({"project": {"name": "x" * 300}}, 400),
        ({"project": {"name": ""}}, 400),
        ({"project": {}}, 400),
        ({"project": {"name": "a", "enabled": "yes"}}, 400),
        ({"project": {"name": "a"}, "colour": "red"}, 400),
    ):
        reply = await cloud.call("POST", f"{P}/projects", body, user="admin")
        assert reply.status_code == status, body


async def test_another_user_and_project_are_404(cloud: Cloud) -> None:
    admin_id = (await cloud.call("GET", f"{P}/users", user="admin")).json()["users"][0]["id"]
    assert (await cloud.call("GET", f"{P}/users/{admin_id}")).status_code == 404
    path = f"{P}/projects/{cloud.project_ids['admin']}"
    assert (await cloud.call("GET", path)).status_code == 404
    mine = (await cloud.call("GET", f"{P}/auth/projects")).json()["projects"]
    assert [project["name"] for project in mine] == ["demo"]


async def test_lists_are_not_for_everybody(cloud: Cloud) -> None:
    for path in ("projects", "users", "groups", "roles", "domains", "role_assignments"):
        assert (await cloud.call("GET", f"{P}/{path}")).status_code == 403, path


async def test_a_new_password_ends_tokens(cloud: Cloud) -> None:
    token = await cloud.token()
    found = await cloud.call("GET", f"{P}/users?name=demo", user="admin")
    me = found.json()["users"][0]["id"]
    change = {"user": {"original_password": "wrong", "password": "new"}}
    path = f"{P}/users/{me}/password"
    assert (await cloud.call("POST", path, change)).status_code == 401
    change["user"]["original_password"] = "demo-secret"
    assert (await cloud.call("POST", path, change)).status_code == 204
    reply = await cloud.http.get(f"{P}/auth/catalog", headers={"x-auth-token": token})
    assert reply.status_code == 401


async def test_a_deleted_user_is_401_at_once_and_nobody_deletes_themselves(cloud: Cloud) -> None:
    token = await cloud.token()
    users = (await cloud.call("GET", f"{P}/users", user="admin")).json()["users"]
    ids = {user["name"]: user["id"] for user in users}
    own = await cloud.call("DELETE", f"{P}/users/{ids['admin']}", user="admin")
    assert own.status_code == 403
    other = await cloud.call("DELETE", f"{P}/users/{ids['demo']}", user="admin")
    assert other.status_code == 204
    reply = await cloud.http.get(f"{P}/auth/catalog", headers={"x-auth-token": token})
    assert reply.status_code == 401


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("services", "services"),
        ("endpoints", "endpoints"),
        ("regions", "regions"),
        ("domains", "domains"),
        ("role_assignments", "role_assignments"),
    ],
)
async def test_lists_of_admins(cloud: Cloud, path: str, name: str) -> None:
    reply = await cloud.call("GET", f"{P}/{path}", user="admin")
    assert reply.status_code == 200
    assert reply.json()[name]


async def test_discovery(cloud: Cloud) -> None:
    for path in ("/identity", "/identity/"):
        reply = await cloud.http.get(path)
        assert reply.status_code == 300
        assert reply.json()["versions"]["values"][0]["id"] == "v3.14"
    for path in ("/identity/v3", "/identity/v3/"):
        assert (await cloud.http.get(path)).json()["version"]["status"] == "stable"
